"""A gated pip run, from the settings to the exit status: the table of contents of the program."""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipgate.errors import EXIT_BLOCKED, DisplacesGateError, PipgateError, ReportNotWrittenError
from pipgate.pip_internals import PipCall, PipEnded, run_pip
from pipgate.settings import PIPGATE
from pipgate.terminal import say, show, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.gate import Gate
    from pipgate.outcomes import Outcome
    from pipgate.outlook import Outlook
    from pipgate.pip_internals.run_state import Run
    from pipgate.settings import Settings

VERIFY = "pipgate-verify"


def run(settings: Settings, *, started_by_pip: bool = False, armed: Run | None = None) -> int:
    """Run pip behind the gate and return the exit status: pip's own, or 43 when a build was blocked.

    ``armed`` is the run that a hook has armed the pip of this process for.
    """
    if settings.pip_args[:1] == (VERIFY,):
        return _answer_doctor(settings, armed)
    try:
        call = PipCall(
            settings.pip_args,
            settings.own_options,
            started_by_pip,
            outlook=lambda: _outlook(settings),
        )
        ended = run_pip(call, lambda: gate_for(settings), armed)
    except PipgateError as error:
        _leave_report(settings, None, pip_version=None, status=error.exit_status, ended_by=error)
        raise
    if ended.gate is None and ended.refused_late:
        raise _unexpected(ended)
    if ended.gate is None or ended.spoken_for:
        return ended.status
    status = _conclude(ended.gate, ended, settings)
    return _leave_report(settings, ended.gate, pip_version=ended.version, status=status)


def _answer_doctor(settings: Settings, armed: Run | None) -> int:
    """Say the word that doctor has asked with, once every choke point of this pip is fitted."""
    from pipgate import __version__  # noqa: PLC0415 -- for doctor alone
    from pipgate.gate_opening import read_rulebook  # noqa: PLC0415 -- same
    from pipgate.pip_internals.run import prove  # noqa: PLC0415 -- same
    from pipgate.policy_layers import describe  # noqa: PLC0415 -- same
    from pipgate.policy_places import here  # noqa: PLC0415 -- same
    from pipgate.state_files import digest_of  # noqa: PLC0415 -- same

    policy = read_rulebook(settings, here(), os.environ).policy
    answer = {
        "nonce": " ".join(settings.pip_args[1:2]),
        "mode": settings.through,
        "pipgate": __version__,
        "engine": str(Path(__file__).parents[1]),
        "python": sys.executable,
        "pip": prove(armed),
        "policy": digest_of(json.dumps([[key, value] for key, value, _ in describe(policy)])),
    }
    tell(json.dumps(answer) + "\n")
    return 0


def run_for_build_requirements(
    settings: Settings, chain: tuple[str, ...], answer: str, answered: list[dict[str, Any]]
) -> int:
    """Run pip as the child of a gated pip, and leave the outcomes in the file ``answer``.

    ``answered`` are outcomes that a person has allowed. The parent speaks to the user and knows from the
    answer that a build was refused. The status is pip's, or 0 for a refusal, so that pip in the parent does
    not show this child's output as a crash.
    """
    gate = gate_for(settings)
    from pipgate import report  # noqa: PLC0415 -- loaded by gate_for

    gate.hear(report.outcomes_from_json(answered))
    call = PipCall(settings.pip_args, settings.own_options, started_by_pip=True, chain=chain)
    displaced: DisplacesGateError | None = None
    status = 0
    try:
        ended = run_pip(call, lambda: gate)
        gate.record.stop(_refusals(gate, ended))
        status = ended.status
    except DisplacesGateError as error:
        displaced = error
    told = {
        "outcomes": [report.outcome_to_json(outcome) for outcome in gate.record.outcomes.values()],
        "processes": [[process.event, process.program] for process in gate.record.refused_processes],
        "displaced": displaced.refused if displaced else (),
        "hint": displaced.hints[0] if displaced else "",
    }
    Path(answer).write_text(json.dumps(told), encoding="utf-8")
    return 0 if gate.record.stopped else status


def _outlook(settings: Settings) -> Outlook | None:
    """Return what could be allowed, or None where something has to be read before pip starts.

    These are our own options, and policies and approvals that have changed since a run found them valid.
    """
    if settings.own_options:
        return None
    from pipgate.policy_places import (  # noqa: PLC0415 -- for pip's own commands
        anything_written,
        here,
        ignored,
        named,
    )

    given, cwd = named(settings.policy, settings.approvals, os.environ), here()
    if not anything_written(given, cwd, os.environ):
        from pipgate.outlook import Outlook  # noqa: PLC0415 -- as above

        return None if ignored(cwd) else Outlook()  # what is ignored is said where the gate is opened
    from pipgate.read_before import unchanged  # noqa: PLC0415 -- where something is written

    return unchanged(given, cwd, os.environ)


def _unexpected(ended: PipEnded) -> PipgateError:
    """Return the error for processes that lock 2 refused in a run that had nothing to decide."""
    error = PipgateError(
        "pip wanted to start a process that pipgate does not know, and it was not started.",
        context=tuple(f"{program} ({event})" for event, program in ended.refused_late),
        note="No project code has run. This is a bug in pipgate.",
        hints=("Please report it with the output of: python3 -m pip --version",),
    )
    error.reference, error.exit_status = "unexpected-process", EXIT_BLOCKED
    return error


def gate_for(settings: Settings) -> Gate:
    """Return the gate for one run; loads all that may be needed once pip has begun to install."""
    # Here and not above: a command that never builds does not pay for them.
    from pipgate import report  # noqa: F401, PLC0415 -- pip 26.3 blocks imports after it has begun to install
    from pipgate.gate_opening import open_gate  # noqa: PLC0415 -- see above
    from pipgate.pending_builds import keep  # noqa: F401, PLC0415 -- same
    from pipgate.policy_places import here  # noqa: PLC0415 -- same
    from pipgate.targets import word_for_this  # noqa: F401, PLC0415 -- same

    return open_gate(settings, here(), os.environ)


def _refusals(gate: Gate, ended: PipEnded) -> list[Outcome]:
    """Return the refusals that matter: those that stopped pip, and all of them when pip failed."""
    return gate.record.stopped or (gate.record.refused if ended.status else [])


def _conclude(gate: Gate, ended: PipEnded, settings: Settings) -> int:
    """Say what pip cannot say, and return the final status: a block is never 0."""
    from pipgate import report  # noqa: PLC0415 -- loaded by gate_for
    from pipgate.offered import said_again, to_keep  # noqa: PLC0415 -- same
    from pipgate.pending_builds import keep  # noqa: PLC0415 -- same
    from pipgate.policy_places import here  # noqa: PLC0415 -- same
    from pipgate.user_directories import state_home  # noqa: PLC0415 -- same
    from pipgate.ways_on import Ending  # noqa: PLC0415 -- same

    command = _said_again(settings)
    refusals = _refusals(gate, ended)
    gate.record.stop(refusals)
    unexpected = gate.record.refused_processes
    ending = Ending(
        command,
        ended.builds,
        ended.installing,
        ended.offers_no_deps,
        by_program=_is_passing(settings.pip_args),
    )
    if refusals:
        again = to_keep(said_again(command), here())
        keep(refusals, gate.context.project, state_home(os.environ), again)
        show(report.blocked(gate.record, refusals, ending))
    if unexpected:
        show(report.process_refused(gate.record, ending))
    for note in (
        *report.recorded_metadata_notes(gate.record),
        *report.older_release_notes(gate.record, ending),
    ):
        say(note)
    return EXIT_BLOCKED if refusals or unexpected else ended.status


def _is_passing(words: Sequence[str]) -> bool:
    """Return whether a program wrote the requirements for this one call, as pip-sync does."""
    import tempfile  # noqa: PLC0415 -- pip has loaded it

    begin = os.path.join(tempfile.gettempdir(), tempfile.gettempprefix())  # noqa: PTH118 -- strings
    return any(
        option in {"-r", "--requirement"} and value.startswith(begin) and "/" not in value[len(begin) :]
        for option, value in pairwise(words)
    )


def _said_again(settings: Settings) -> list[str]:
    """Return the command as ``pipgate`` takes it: it may have to be told the environment of this pip.

    What is active here is active in the caller's shell only where that is what has called.
    """
    from pipgate.targets import word_for_this  # noqa: PLC0415 -- loaded by gate_for

    if settings.through == PIPGATE:
        return settings.command
    return settings._replace(
        env=word_for_this(os.environ, typed=sys.stderr is not None and sys.stderr.isatty())
    ).command


def _leave_report(
    settings: Settings,
    gate: Gate | None,
    *,
    pip_version: str | None,
    status: int,
    ended_by: PipgateError | None = None,
) -> int:
    """Write the gate report where one was asked for, and return the status.

    It is another one where that failed and the run itself did not.
    """
    try:
        _write_report(settings, gate, pip_version=pip_version, status=status, ended_by=ended_by)
    except ReportNotWrittenError as error:
        show(error)
        return status or error.exit_status
    return status


def _write_report(
    settings: Settings,
    gate: Gate | None,
    *,
    pip_version: str | None,
    status: int,
    ended_by: PipgateError | None = None,
) -> None:
    """Write the gate report where one was asked for; raises ReportNotWrittenError."""
    if settings.gate_report is None:
        return
    from pipgate import report  # noqa: PLC0415 -- loaded by gate_for
    from pipgate.outcomes import Record  # noqa: PLC0415 -- same

    command = ["pip", *settings.pip_args]
    record = Record() if gate is None else gate.record
    rows = report.gate_report(record, pip_version=pip_version, command=command, status=status)
    if isinstance(ended_by, DisplacesGateError):
        rows["refused_wheels"] = [
            {"wheel": wheel, "member": member, "displaces": what, "code": ended_by.reference}
            for wheel, member, what in ended_by.refused
        ]
    text = json.dumps(rows, indent=2) + "\n"
    try:
        if settings.gate_report == "-":
            say(text.rstrip("\n"))
        else:
            Path(settings.gate_report).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportNotWrittenError(f"the gate report cannot be written: {error}") from error
