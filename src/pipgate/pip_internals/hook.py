"""The gate in an environment that was enabled: armed when pip is imported, whoever imports it."""

from __future__ import annotations

# Where pip's command line is called, the run is a gated command as any other. Where another program uses pip
# as a library, the choke points hold, and lock 2 does not: it is somebody else's process.
import gc
import json
import os
import subprocess
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any, NamedTuple

from pipgate.errors import GateNotArmedError
from pipgate.pip_internals import arming, environment_imports, presented_errors
from pipgate.pip_internals.run_state import Command, Run
from pipgate.pip_internals.versions import require_known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from pipgate.errors import PipgateError
    from pipgate.gate import BuildRefusedError, Gate

    Finder = Callable[[str, Sequence[str] | None, ModuleType | None], ModuleSpec | None]

CLI = "pip._internal.cli.main"
THROUGH = "the hook"
_ENTRIES = ("main", "cli")
# What another program wants of pip is a plan, as a dry run does: what it then builds is decided once more.
_AS_A_LIBRARY = Command("install", builds=False)


class Telling(NamedTuple):
    """Speaks to the user of a program that uses pip as a library.

    ``refused`` says what was refused, or what ends the gate, and returns that in a line; ``resolved`` says
    what a resolution rests on that nothing has confirmed.
    """

    refused: Callable[[Run, BuildRefusedError | PipgateError], str]
    resolved: Callable[[Run], None]


def arm(
    engine: str,
    roots: dict[str, str],
    *,
    open_gate: Callable[[], Gate],
    telling: Telling,
    run_command: Callable[[Run, list[str]], int],
) -> Finder:
    """Return the finder for this process's pip, called when the first of its modules is imported.

    ``telling`` speaks where pip is a library, ``run_command`` runs pip's command line. A pip that is not
    known good is never imported: its command line is that of pipgate's own pip, which ``engine`` starts, and
    as a library it is refused.
    """
    import pip

    try:
        release = require_known(pip.__version__)
    except GateNotArmedError as error:
        return _instead_of_an_unknown_pip(error, engine, roots)
    run = Run(open_gate, release=release)

    def open_for_a_library() -> Gate:
        with presented_errors.presented():
            gate = open_gate()
        gate.sees_processes = False  # the audit hook comes with a command
        return gate

    def serve_a_library() -> None:
        run.begin()
        run.open_gate, run.command, run.is_library = open_for_a_library, _AS_A_LIBRARY, True
        run.tell_resolved = lambda: telling.resolved(run)
        presented_errors.speak_with(lambda error: telling.refused(run, error))

    serve_a_library()
    finder = arming.arm(run)
    finder.after[CLI] = lambda module: _replace_entries(module, run, run_command, serve_a_library)

    def find(name: str, *_: object) -> None:
        """Find nothing: what lies in pip, the finder finds. pip's command line is loaded as it will run."""
        if name == CLI and not run.import_blockers:  # a finder that is put in makes Python ask once more
            environment_imports.close(run)

    return find


def _replace_entries(
    module: ModuleType, run: Run, run_command: Callable[[Run, list[str]], int], ended: Callable[[], None]
) -> None:
    """Have pip's command line call ours, which calls pip's own when the gate is up.

    ``ended`` takes back all that a command has changed: what was allowed for it is allowed for it alone.
    """
    arming.let_go(run)  # of what was loaded with it
    for name in _ENTRIES:
        original = getattr(module, name, None)
        if original is not None:
            setattr(module, name, _entry(name, original, run, run_command, ended))


def _entry(
    name: str,
    original: Callable[..., Any],
    run: Run,
    run_command: Callable[[Run, list[str]], int],
    ended: Callable[[], None],
) -> Callable[..., int]:
    def entry(args: list[str] | None = None) -> int:
        if run.entry is not None:  # pip calls itself, or calls are nested
            return int(original(args))
        run.begin()
        run.entry, before = original, sys.argv
        presented_errors.speak_with(None)
        try:
            return run_command(run, sys.argv[1:] if args is None else list(args))
        finally:
            gc.unfreeze()  # the program that has called pip may go on for long
            sys.argv = before
            arming.let_go(run)
            ended()
            run.ended = True

    entry.__name__ = name
    return entry


def _instead_of_an_unknown_pip(error: GateNotArmedError, engine: str, roots: dict[str, str]) -> Finder:
    def find(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == CLI:
            return ModuleSpec(CLI, _StandIn(error, engine, roots))  # type: ignore[arg-type]  # PEP 451 asks for no more
        if name in arming.all_modules():
            message = f"pipgate: {error.message}, so it is not imported. {error.note}"
            raise ImportError(message, name=name)
        return None

    return find


class _StandIn:
    """Makes a command line that becomes the one of pipgate's own pip."""

    def __init__(self, error: GateNotArmedError, engine: str, roots: dict[str, str]) -> None:
        self._error = error
        self._engine = engine
        self._roots = roots

    def create_module(self, spec: ModuleSpec) -> None:
        """Have an empty module made."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the entry points in."""
        for name in _ENTRIES:
            setattr(module, name, self._run)

    def _run(self, args: list[str] | None = None) -> int:
        fallback = self._roots.get("pip")
        if fallback is None:
            raise self._error
        roots = {name: root for name, root in self._roots.items() if name != "pip"}
        told = json.dumps({"roots": roots, "fallback_pip": fallback, "is_pip": True, "through": THROUGH})
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        command = [sys.executable, *flags, self._engine, told, *(sys.argv[1:] if args is None else args)]
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with suppress(OSError, ValueError):  # nobody may be there to read it
                stream.flush()
        if args is not None:  # a program calls it, and goes on
            return subprocess.call(command)  # noqa: S603 -- this interpreter
        os.execv(sys.executable, command)  # noqa: S606 -- no shell is meant
        raise AssertionError
