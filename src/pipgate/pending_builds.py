"""What the last blocked run in a project wanted, kept for ``pending``, ``approve`` and ``explain``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.offered import Again
from pipgate.report import outcome_to_json, outcomes_from_json
from pipgate.state_files import name_of, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.outcomes import Outcome

_KEPT = 200
_NOTHING = Again()


def keep(outcomes: Sequence[Outcome], project: str, state: str, again: Again = _NOTHING) -> None:
    """Remember the refusals that stopped a run, and what the next command has to say again to find the same.

    That it cannot be remembered is no reason to fail.
    """
    rows = [outcome_to_json(outcome) for outcome in outcomes][:_KEPT]
    told = {"project": project, "requests": rows, "options": again.options, "places": again.places}
    try:
        write_json(_path(project, state), told)
    except OSError:
        return


def kept(project: str, state: str) -> list[Outcome]:
    """Return the refusals that stopped the last blocked run in this project; nothing where there was none."""
    try:
        return outcomes_from_json(read_json(_path(project, state))["requests"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def kept_again(project: str, state: str) -> Again:
    """Return what a command has to say again to find what ``kept`` returns."""
    try:
        told = read_json(_path(project, state))
        return Again(tuple(map(str, told["options"])), tuple(map(str, told["places"])))
    except (OSError, ValueError, KeyError, TypeError):
        return _NOTHING


def _path(project: str, state: str) -> str:
    return os.path.join(state, "pending", name_of(project))  # noqa: PTH118 -- strings
