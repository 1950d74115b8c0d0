"""The token "this approved code is running now"; without one no process may start."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Permit(NamedTuple):
    """One allowed activity, for as long as it lasts; ``used`` is called when it starts a process."""

    used: Callable[[], None]


def unrecorded() -> None:
    """Be the ``used`` of a permit for what is no project code."""


# A context variable: a thread that is started inside a permit does not inherit it, so it is refused.
_current: ContextVar[Permit | None] = ContextVar("pipgate_permit", default=None)


def current() -> Permit | None:
    """Return the permit that is in force, if any."""
    return _current.get()


_withheld: list[object] = []  # in no context variable: it holds in every thread


@contextmanager
def withheld() -> Iterator[None]:
    """Let nobody have a permit until the block ends, whatever is allowed."""
    _withheld.append(None)
    try:
        yield
    finally:
        _withheld.pop()


@contextmanager
def granted(permit: Permit) -> Iterator[Permit]:
    """Hold ``permit`` until the block ends; raises RuntimeError in a run in which nothing may run."""
    if _withheld:
        raise RuntimeError("nothing runs in a run that only makes a plan")
    token = _current.set(permit)
    try:
        yield permit
    finally:
        _current.reset(token)


@contextmanager
def suspended() -> Iterator[None]:
    """Hold no permit until the block ends: what happens inside needs decisions of its own."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
