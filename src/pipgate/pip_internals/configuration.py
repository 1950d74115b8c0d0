"""What pip.conf says to a pip that is not gated yet, left out where the gate is up."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pipgate.pip_conf_words import BACKSTOP, STAND_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipgate.pip_internals.run_state import Run


def ordered_items(
    original: Callable[..., Iterator[tuple[str, Any]]], _run: Run
) -> Callable[..., Iterator[tuple[str, Any]]]:
    """Leave out the Python that starts the gate, which is up, and the backstop, in whose place it decides.

    A user's own ``only-binary``, also one with the same meaning, is another text and stays.
    """

    @functools.wraps(original)
    def items(self: Any) -> Iterator[tuple[str, Any]]:
        for key, value in original(self):
            if not _is_for_ungated(key, value):
                yield key, value

    return items


def _is_for_ungated(key: str, value: object) -> bool:
    if key == "python":
        return str(value).rpartition("/")[2] == STAND_IN
    return key == "only-binary" and value == BACKSTOP
