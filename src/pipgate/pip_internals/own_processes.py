"""The processes that pip starts for itself: granted, or refused quietly, by the place that starts them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from pipgate.pip_internals.presented_errors import process_refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from pipgate.pip_internals.run_state import Run

# What one subprocess.Popen can come through: since Python 3.13 posix_spawn is its usual way, with an event of
# its own behind the first. Both have the command as their second argument.
_LAUNCHES = frozenset({"subprocess.Popen", "os.posix_spawn"})
_REFUSAL = "pipgate: no process may start here without a permit"


def _always(arguments: tuple[Any, ...]) -> bool:  # noqa: ARG001 -- the table's form
    return True


def _never(arguments: tuple[Any, ...]) -> bool:  # noqa: ARG001 -- the table's form
    return False


def _outside_environment(arguments: tuple[Any, ...]) -> bool:
    """Return whether the program lies outside the environment that pip installs into."""
    return not lies_in_environment(_program(arguments))


def lies_in_environment(place: str) -> bool:
    """Return whether a program, or a directory of programs, really lies in the virtual environment.

    The system's own Python, and one of conda, has no other place for its programs: they are the user's.
    """
    if sys.prefix == sys.base_prefix:
        return False
    prefix = os.path.realpath(sys.prefix)
    return os.path.commonpath([os.path.realpath(place), prefix]) == prefix


def _this_interpreter(arguments: tuple[Any, ...]) -> bool:
    return _program(arguments) == sys.executable


class CallSite(NamedTuple):
    """A function of pip that starts a process, and when that is granted; a refusal here is expected.

    A pip has one of the ``functions``.
    """

    module: str
    functions: tuple[str, ...]
    granted: Callable[[tuple[Any, ...]], bool]
    why: str


_KEYRING_MODULE = ("KeyRingPythonProvider.get_auth_info", "KeyRingPythonProvider.save_auth_info")
_KEYRING_READS = ("KeyRingCliProvider._get_password", "KeyRingCliProvider._get_creds")  # the latter in 26.3

CALL_SITES = (
    CallSite(
        "pip._internal.network.session",
        ("user_agent",),
        _never,
        "lsb_release, uname, rustc for the User-Agent",
    ),
    CallSite(
        "pip._vendor.packaging._musllinux", ("_get_musl_version",), _always, "the loader of a musl system"
    ),
    CallSite("pip._vendor.packaging.tags", ("mac_platforms",), _this_interpreter, "the version of macOS"),
    CallSite("pip._internal.network.auth", _KEYRING_MODULE, _always, "what a backend of keyring starts"),
    CallSite("pip._internal.network.auth", _KEYRING_READS, _outside_environment, "keyring"),
    CallSite(
        "pip._internal.network.auth", ("KeyRingCliProvider._set_password",), _outside_environment, "keyring"
    ),
    CallSite(
        "pip._internal.commands.configuration",
        ("ConfigurationCommand.open_in_editor",),
        _always,
        "the editor",
    ),
)


class OwnProcesses:
    """The rules that lock 2 asks when there is no permit."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def allows(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Return whether this is one of pip's own processes; a refusal that nobody expects is recorded."""
        if self._run.ended:  # a program that had called pip's command line goes on
            return True
        if event in _LAUNCHES and self._is_child_pip(arguments):
            self._run.child.started = True
            return True
        site = _call_site()
        if site is not None and event in _LAUNCHES:
            return site.granted(arguments)
        self._record(event, _program(arguments))
        return False

    def _record(self, event: str, program: str) -> None:
        if self._run.opened is None:  # without one, and perhaps with imports closed by now
            self._run.refused_late.append((event, program))
            return
        from pipgate.outcomes import RefusedProcess  # loaded with the gate

        self._run.opened.record.refused_processes.append(RefusedProcess(event, program))

    def refusal(self) -> BaseException:
        """Return the error for a refused process."""
        return process_refused(_REFUSAL)

    def _is_child_pip(self, arguments: tuple[Any, ...]) -> bool:
        command = arguments[1] if len(arguments) > 1 else None
        return (
            self._run.child.runner is not None
            and isinstance(command, list | tuple)
            and len(command) > 1
            and os.fsdecode(command[1]) == self._run.child.runner
        )


def _call_site() -> CallSite | None:
    """Return the call site that the current call comes from: compared by code object, not by name."""
    known = {code: site for site in CALL_SITES for code in codes_of(site)}
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        site = known.get(frame.f_code)
        if site is not None:
            return site
        frame = frame.f_back
    return None


def codes_of(site: CallSite) -> list[CodeType]:
    """Return the code objects of a call site, of those of its modules that have been imported."""
    codes = []
    for function in site.functions:
        found: Any = sys.modules.get(site.module)
        for name in function.split("."):
            found = getattr(found, name, None)
        code = getattr(getattr(found, "__wrapped__", found), "__code__", None)
        codes += [] if code is None else [code]
    return codes


def _program(arguments: tuple[Any, ...]) -> str:
    program = arguments[0] if arguments else ""
    if isinstance(program, list | tuple):
        program = program[0] if program else ""
    return os.fsdecode(program) if isinstance(program, str | bytes | os.PathLike) else repr(program)
