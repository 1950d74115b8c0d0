"""What pip's HTTP cache keeps: it may have been written by anybody, and only data is read from it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.pip_internals.run_state import Run

_AS_DATA = b"cc=4,"  # msgpack, the one form that these pips write


def loads(original: Callable[..., Any], _run: Run) -> Callable[..., Any]:
    """Take an entry in any other form for one that is not there, as the later pips do.

    An entry says itself how it is read. ``cc=1`` is a pickle, so that reading it runs what it says
    (CacheControl 0.13, in pip 23.3, has taken that away).
    """

    @functools.wraps(original)
    def load(self: Any, request: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        if not data or not data.startswith(_AS_DATA):  # conditional requests ask with None too
            return None
        return original(self, request, data, *args, **kwargs)

    return load
