"""What the last blocked run in a project wanted, kept for ``pending``, ``approve`` and ``explain``."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from pipgate.report import outcome_to_json, outcomes_from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.outcomes import Outcome

_KEPT = 200


def keep(outcomes: Sequence[Outcome], project: str, state: str) -> None:
    """Remember the refusals that stopped a run; that it cannot be remembered is no reason to fail."""
    path = _path(project, state)
    rows = [outcome_to_json(outcome) for outcome in outcomes][:_KEPT]
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 -- strings
        with open(part, "w", encoding="utf-8") as file:  # noqa: PTH123 -- same
            json.dump({"project": project, "requests": rows}, file)
        os.replace(part, path)  # noqa: PTH105 -- same
    except OSError:
        return


def kept(project: str, state: str) -> list[Outcome]:
    """Return the refusals that stopped the last blocked run in this project; nothing where there was none."""
    try:
        with open(_path(project, state), encoding="utf-8") as file:  # noqa: PTH123 -- a string
            return outcomes_from_json(json.load(file)["requests"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _path(project: str, state: str) -> str:
    name = hashlib.sha256(project.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return os.path.join(state, "pending", f"{name}.json")  # noqa: PTH118 -- strings
