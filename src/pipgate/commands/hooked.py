"""What an enabled environment runs when its pip is imported: pip's command line, or pip as a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipgate.commands import pip
from pipgate.errors import PipgateError, UsageError
from pipgate.pip_internals import hook
from pipgate.settings import Settings, parse_settings
from pipgate.terminal import held, show

if TYPE_CHECKING:
    from pipgate.gate import BuildRefusedError, Gate
    from pipgate.pip_internals.hook import Finder
    from pipgate.pip_internals.run_state import Run


def arm(engine: str, roots: dict[str, str]) -> Finder:
    """Arm the pip of this process and return the finder for its modules.

    Raises GateNotArmedError where pip was imported before, as ``hook.arm`` does.
    """
    return hook.arm(
        engine,
        roots,
        open_gate=lambda: pip.gate_for(Settings(pip_args=())),
        tell=_tell,
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


def _tell(gate: Gate, refused: BuildRefusedError) -> str:
    from pipgate import report  # noqa: PLC0415 -- where something is refused

    outcome = gate.record.outcomes[refused.request]
    error = report.blocked(
        gate.record, [outcome], report.Ending(["install", *_subject(refused)], builds=True)
    )
    show(error)
    return f"pipgate: {error.message}"


def _subject(refused: BuildRefusedError) -> list[str]:
    return [refused.request.name] if refused.request.name else []
