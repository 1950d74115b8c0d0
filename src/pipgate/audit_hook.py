"""Lock 2, the PEP 578 hook: in this process no process starts without a permit."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

from pipgate import permit

if TYPE_CHECKING:
    from collections.abc import Callable

# Every audit event of CPython 3.10 to 3.15 that starts a process or replaces this one.
# ``os.spawn*`` and ``multiprocessing`` with fork raise os.fork, ``os.popen`` raises subprocess.Popen.
PROCESS_EVENTS = frozenset(
    {
        "_winapi.CreateProcess",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.startfile/2",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)


class ProcessRules(Protocol):
    """Says whether a process that has no permit is one of pip's own."""

    def allows(self, event: str, arguments: tuple[object, ...]) -> bool:
        """Return whether the process may start; whoever refuses records it first."""

    def refusal(self) -> BaseException:
        """Return the error to raise for a refused process, one that pip reports without a traceback."""


def arm(rules: ProcessRules) -> None:
    """Install the hook; it holds until the interpreter ends, because CPython has no way to remove one."""
    guarded = _guard(rules)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in PROCESS_EVENTS:
            guarded(event, arguments)

    sys.addaudithook(hook)
    _cover_fork_exec(guarded)


def _guard(rules: ProcessRules) -> Callable[[str, tuple[object, ...]], None]:
    def guarded(event: str, arguments: tuple[object, ...]) -> None:
        held = permit.current()
        if held is not None:
            held.used()
        elif not rules.allows(event, arguments):
            raise rules.refusal()

    return guarded


def _cover_fork_exec(guarded: Callable[[str, tuple[object, ...]], None]) -> None:
    """Guard ``_posixsubprocess.fork_exec``: multiprocessing calls it to spawn, with no audit event.

    ``subprocess`` has an event. Since Python 3.11 it has taken the function under a name of its own by now;
    in 3.10 it comes through here, and has been decided on.
    """
    try:
        import _posixsubprocess  # noqa: PLC0415 -- not on every platform
    except ImportError:  # pragma: no cover -- Windows, where CreateProcess has an event
        return
    original = _posixsubprocess.fork_exec

    audited = subprocess.Popen._execute_child.__code__  # type: ignore[attr-defined]  # noqa: SLF001 -- see above

    def fork_exec(*arguments: object) -> int:
        if sys._getframe(1).f_code is not audited:  # noqa: SLF001 -- documented, and the way to see the caller
            guarded("_posixsubprocess.fork_exec", arguments)
        return int(original(*arguments))  # type: ignore[arg-type]  # whatever it is, it is passed through

    _posixsubprocess.fork_exec = fork_exec
