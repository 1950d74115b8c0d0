"""Runs pip in this process behind both locks, and says how it ended."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from pipgate import audit_hook, permit
from pipgate.pip_internals import arming, environment_imports, presented_errors
from pipgate.pip_internals.own_processes import OwnProcesses
from pipgate.pip_internals.run_state import Command, Run
from pipgate.pip_internals.versions import not_armed, require_known
from pipgate.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipgate.gate import Gate
    from pipgate.outcomes import Planned
    from pipgate.outlook import Outlook

# The commands that can run project code; any of these words makes every choke point be checked at start.
_BUILDING = frozenset({"download", "install", "lock", "wheel"})
# What pip sets for its own children, and would believe if a caller set it.
_OF_CHILDREN = ("_PIP_RUNNING_IN_SUBPROCESS", "_PIP_IN_BUILD_IGNORE_CONSTRAINTS", "PIP_BUILD_TRACKER")


class PipEnded(NamedTuple):
    """How pip ended: its status and version, the gate if it was needed, and who speaks to the user.

    ``builds`` says that its command builds what it resolves, ``offers_no_deps`` that ``--no-deps`` keeps it
    from that, ``spoken_for`` that a gated pip in another interpreter did the work and told the user.
    """

    status: int
    version: str
    gate: Gate | None
    installing: bool
    spoken_for: bool
    builds: bool
    offers_no_deps: bool
    refused_late: tuple[tuple[str, str], ...] = ()


def _not_known() -> None:
    return None


class PipCall(NamedTuple):
    """One call of pip: its arguments, and pipgate's own options for the pips that it may start itself.

    ``started_by_pip`` says that another pip under a gate started this one; ``chain`` then says which builds
    it installs requirements for, and is empty when it serves the user in another interpreter. ``tell_plan``
    is called with all builds that the resolution needs, while their files are there. Under ``plan_only``
    nothing of them runs, whatever is allowed: what files do not say stays unread, and no checkout is fetched.
    Where ``outlook`` returns one, the gate is opened when something is to be decided, else first of all.
    """

    args: tuple[str, ...]
    own_options: tuple[str, ...] = ()
    started_by_pip: bool = False
    chain: tuple[str, ...] = ()
    tell_plan: Callable[[list[Planned]], None] | None = None
    plan_only: bool = False
    outlook: Callable[[], Outlook | None] = _not_known


def run_pip(call: PipCall, open_gate: Callable[[], Gate], armed: Run | None = None) -> PipEnded:
    """Run pip under the gate that ``open_gate`` returns; ``armed`` is the run that a hook has armed it for.

    The gate is opened before pip starts when the arguments hold a command that can build and something has to
    be read first, else when pip comes to a choke point that decides. Raises GateNotArmedError, before pip
    does anything, when this pip cannot be gated, and what ``open_gate`` raises.
    """
    if not call.started_by_pip:
        _forget_what_pip_sets_for_children()
    version = _import_pip()
    run = armed or Run(open_gate, release=require_known(version))
    run.open_gate, run.opened, run.command = open_gate, None, Command()
    run.own_options, run.chain = call.own_options, call.chain
    run.plan_only, run.tell_plan = call.plan_only, call.tell_plan
    building = bool(_BUILDING.intersection(call.args)) or bool(call.own_options)
    environment_imports.close(run, call.args)
    with run.cleanup:
        run.outlook = call.outlook() if building else None
        if building and run.outlook is None:
            run.opened = open_gate()
        if not run.is_locked:
            audit_hook.arm(OwnProcesses(run))
            run.is_locked = True
        finder = arming.arm(run)
        if building:
            with _uncollected():
                arming.fit_all(finder)
        presented_errors.hush_pip_about_refusals()
        with permit.withheld() if call.plan_only else nullcontext():
            status = _main(list(call.args), run)
        if run.broken is not None:
            raise run.broken
    return PipEnded(
        status,
        version,
        run.opened,
        run.installing,
        spoken_for=run.child.took_over,
        builds=run.command.builds,
        refused_late=tuple(run.refused_late),
        offers_no_deps=run.command._replace(follows=False).needs_name_alone and run.command.follows,
    )


def prove(armed: Run | None) -> str:
    """Fit every choke point and return pip's version; raises GateNotArmedError as ``run_pip`` does."""
    version = _import_pip()
    run = armed or Run(_no_gate, release=require_known(version))
    environment_imports.close(run)
    arming.fit_all(arming.arm(run))
    if run.broken is not None:
        raise run.broken
    return version


def _no_gate() -> Gate:
    raise AssertionError("nothing is decided here")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Import without collecting garbage: what modules make stays, and looking through it costs a tenth."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _forget_what_pip_sets_for_children() -> None:
    for name in _OF_CHILDREN:
        os.environ.pop(name, None)


def _import_pip() -> str:
    try:
        import pip
    except ImportError as missing:
        raise not_armed(f"there is no pip for {sys.executable}") from missing
    return pip.__version__


def _main(args: list[str], run: Run) -> int:
    """Run pip's command line as its console script does, so that its help and errors say ``pip``."""
    from pip._internal.cli import main as pip_cli

    # 26.3 has an entry point of its own for a process that ends with pip; it closes the import system.
    entry = getattr(pip_cli, "cli", pip_cli.main) if run.entry is None else run.entry
    sys.argv = ["pip", *args]
    gc.freeze()  # what is loaded stays: it is looked through neither while pip runs nor when Python ends
    try:
        return int(entry(args))
    except SystemExit as stopped:
        return _status(stopped.code)
    except Exception:
        if (
            run.opened is not None and run.opened.record.stopped
        ):  # under --debug pip lets every error pass; ours is explained by the report
            return 1
        raise


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    say(str(code))
    return 1
