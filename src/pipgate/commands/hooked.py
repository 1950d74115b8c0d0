"""What an enabled environment runs when its pip is imported: pip's command line, or pip as a library."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pipgate.commands import pip, program
from pipgate.errors import PipgateError, UsageError
from pipgate.pip_internals import hook
from pipgate.settings import Settings, parse_settings
from pipgate.terminal import held, say, show

if TYPE_CHECKING:
    from pipgate.gate import BuildRefusedError
    from pipgate.pip_internals.hook import Finder
    from pipgate.pip_internals.run_state import Run
    from pipgate.ways_on import Ending


def arm(engine: str, roots: dict[str, str]) -> Finder:
    """Arm the pip of this process and return the finder for its modules.

    Raises GateNotArmedError where pip was imported before, as ``hook.arm`` does.
    """
    program.end_in_our_words()
    return hook.arm(
        engine,
        roots,
        open_gate=lambda: pip.gate_for(Settings(pip_args=())),
        telling=hook.Telling(_tell, _tell_resolved),
        run_command=_run_command,
    )


def _run_command(run: Run, argv: list[str]) -> int:
    """Run pip's command line; all words are pip's but for our own options, which may stand first."""
    try:
        settings = parse_settings(argv, is_pip=True)._replace(through=hook.THROUGH)
        if settings.env is not None:
            raise UsageError("--env is for pipgate itself; this pip belongs to its environment")
        return held(pip.run(settings, armed=run))
    except PipgateError as error:
        show(error)
        return held(error.exit_status)


def _tell(run: Run, error: BuildRefusedError | PipgateError) -> str:
    """Tell of what ends the gate, or of all that was refused so far, which is kept for ``pending``."""
    if isinstance(error, PipgateError):
        show(error)
        return f"pipgate: {error.message}"
    from pipgate import report  # noqa: PLC0415 -- loaded by gate_for
    from pipgate.offered import said_again, to_keep  # noqa: PLC0415 -- same
    from pipgate.pending_builds import keep  # noqa: PLC0415 -- same
    from pipgate.policy_places import here  # noqa: PLC0415 -- same
    from pipgate.user_directories import state_home  # noqa: PLC0415 -- same

    record = run.gate.record
    ending = _ending(run)
    again = to_keep(said_again(ending.command), here())
    keep(record.stopped, run.gate.context.project, state_home(os.environ), again)
    blocked = report.blocked(record, record.stopped, ending)
    show(blocked)
    return f"pipgate: {blocked.message}"


def _tell_resolved(run: Run) -> None:
    """Say what a command of pip says at its end; a program may resolve more than once."""
    from pipgate import report  # noqa: PLC0415 -- loaded by gate_for

    record, ending = run.gate.record, _ending(run)
    for note in (*report.recorded_metadata_notes(record), *report.older_release_notes(record, ending)):
        if note not in run.told:
            run.told.add(note)
            say(note)
    record.metadata.clear()


def _ending(run: Run) -> Ending:
    from pipgate.targets import word_for_this  # noqa: PLC0415 -- loaded by gate_for
    from pipgate.ways_on import Ending  # noqa: PLC0415 -- same

    again = program.words()
    env = word_for_this(os.environ, typed=sys.stderr is not None and sys.stderr.isatty())
    return Ending(
        [*(("--env", env) if env else ()), *program.index_words_of(again)],
        run.command.builds,
        run.installing,
        by_program=True,
        again=again,
    )
