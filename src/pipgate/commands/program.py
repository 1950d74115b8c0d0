"""The program that uses pip as a library: how it is started again, and how it ends where a block ends it."""

from __future__ import annotations

import os
import shutil
import sys
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

from pipgate.errors import EXIT_BLOCKED, EXIT_NOT_ARMED, EXIT_POLICY, PipgateError
from pipgate.pip_internals.presented_errors import is_refusal
from pipgate.terminal import held, say, show

if TYPE_CHECKING:
    from types import TracebackType

_OURS = frozenset({EXIT_BLOCKED, EXIT_NOT_ARMED, EXIT_POLICY})


def end_in_our_words() -> None:
    """Have this process end with our status, and no traceback, where its program lets an error of ours pass.

    What we raise there is an InstallationError of pip's, so that a program that copes with one goes on. An
    excepthook that raises SystemExit ends the process with its status.
    """
    before = sys.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        status = _status(error)
        if status is None:
            before(kind, error, traceback)
        else:
            raise SystemExit(held(status))

    sys.excepthook = excepthook


def _status(error: BaseException) -> int | None:
    """Return the status that an error of ours ends the process with; its cause has been shown by now."""
    if isinstance(error, PipgateError):
        show(error)
        return error.exit_status
    if isinstance(error.__cause__, PipgateError):
        return error.__cause__.exit_status
    if is_refusal(error.__cause__):
        return EXIT_BLOCKED
    if isinstance(error, CalledProcessError) and error.returncode in _OURS and _is_pip(error.cmd):
        if error.returncode == EXIT_BLOCKED and words():
            from pipgate.ways_on import going_on  # noqa: PLC0415 -- where pip was blocked

            say(f"hint: {going_on(words())}")
        return error.returncode
    return None


def _is_pip(command: object) -> bool:
    """Return whether a program has started a pip that is gated as this one, which has told the user why."""
    return isinstance(command, list) and command[:3] == [sys.executable, "-m", "pip"]


def words() -> tuple[str, ...]:
    """Return the words that start this program again; none where it is no file and no module."""
    given = sys.orig_argv[len(sys.orig_argv) - len(sys.argv) :]
    if given[1:] != sys.argv[1:] or len(given) == len(sys.orig_argv):
        return ()
    if sys.orig_argv[-len(given) - 1] == "-m":
        return (sys.executable, *sys.orig_argv[1:])
    if not os.path.isfile(given[0]):  # noqa: PTH113 -- strings
        return ()
    name = os.path.basename(given[0])  # noqa: PTH119 -- same
    found = shutil.which(name)
    if found and os.path.samefile(found, given[0]):  # noqa: PTH121 -- same
        return (name, *given[1:])
    if "/" in given[0] and os.access(given[0], os.X_OK):
        return tuple(given)
    return (sys.executable, *sys.orig_argv[1:])  # a script that no shell finds, or may start


def index_words_of(again: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that may say where it looks: pip-tools spells its options as pip does.

    What those of another program mean, nobody knows.
    """
    names = {os.path.basename(word) for word in again[:3]}  # noqa: PTH119 -- same
    return again if names & {"pip-compile", "pip-sync", "piptools"} else ()
