"""A limit on the time that Python code may take, with no thread, signal or process."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class TookTooLongError(BaseException):
    """The time is over; no ``except Exception`` on the way out holds it up."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLongError from the code in the block once ``seconds`` of wall time have passed.

    Python reports every call to a profile function, and that is where the clock is read: parsers that take
    time growing with the square of hostile input are pure Python, and call a lot. What one call into C takes
    is not bounded; the size of what is parsed has to be.
    """
    until = time.monotonic() + seconds

    def look(_frame: FrameType, _event: str, _argument: object) -> None:
        if time.monotonic() > until:
            raise TookTooLongError

    if sys.getprofile() is not None:  # somebody is measuring, and one place is all there is
        yield
        return
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)
