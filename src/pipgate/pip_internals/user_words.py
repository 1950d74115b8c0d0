"""What the user said: the command, and the sources that were named."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pipgate.pip_internals.from_pip import is_fetched, note_named
from pipgate.pip_internals.run_state import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.pip_internals.run_state import Run


def get_requirements(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``RequirementCommand.get_requirements``: the command is known, and what the user named."""

    @functools.wraps(original)
    def read_requirements(self: Any, *args: Any, **kwargs: Any) -> Any:
        options = kwargs.get("options", args[1] if len(args) > 1 else None)
        run.command = _command(self.name, options)
        run.tell_gate_the_command()
        reqs = original(self, *args, **kwargs)
        if not run.is_child:
            note_named(reqs, getattr(options, "requirements", ()), run)
        return reqs

    return read_requirements


def get_file_content(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``get_file_content``: what a fetched requirements file names, the user has not named."""

    @functools.wraps(original)
    def read_file(url: str, *args: Any, **kwargs: Any) -> Any:
        run.fetched_requirements = run.fetched_requirements or is_fetched(url)
        return original(url, *args, **kwargs)

    return read_file


def _command(name: str, options: Any) -> Command:
    """Return the command; what is not known to run nothing counts as one that builds."""
    return Command(
        name,
        builds=not (name in {"download", "lock"} or getattr(options, "dry_run", False)),
        follows=not getattr(options, "ignore_dependencies", False),
        reports=getattr(options, "json_report_file", None) is not None,
    )
