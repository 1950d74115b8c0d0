"""pipgate's own verbs, by name; each is run with the settings and the words behind it."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from pipgate.errors import LeadsOutError

if TYPE_CHECKING:
    from pipgate.settings import Settings

# For each verb: the module in this package and the function in it that runs it.
VERBS = {
    "approve": "approve.approve",
    "approvals": "recorded.approvals",
    "deny": "recorded.deny",
    "disable": "enable.disable",
    "doctor": "doctor.doctor",
    "enable": "enable.enable",
    "explain": "explain.explain",
    "init": "init.init",
    "pending": "pending.pending",
    "policy": "policy.policy",
    "prune": "recorded.prune",
    "purge": "purge.purge",
    "revoke": "recorded.revoke",
    "team": "team.team",
    "trust": "trust.trust",
    "undeny": "denied.undeny",
    "venv": "enable.venv",
}


def run(verb: str, settings: Settings, words: list[str]) -> int:
    """Run one verb and return the exit status."""
    room, _, function = VERBS[verb].partition(".")
    module = importlib.import_module(f"{__package__}.{room}")
    try:
        return int(getattr(module, function)(settings, words))
    except LeadsOutError as error:  # the same words, and the file by its own name
        from pipgate.offered import Again, of_settings  # noqa: PLC0415 -- every run imports this module

        again = Again((*of_settings(settings), "--approvals", error.real))
        error.hints = (f"To write there all the same: {again.command(verb, *words)}",)
        raise
    except BrokenPipeError:  # whoever read it has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
