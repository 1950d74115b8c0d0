"""``pipgate pending``: what the last blocked run here wanted to build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.commands.arguments import VerbParser, say_json, say_lines, say_rows
from pipgate.decision import Allowed, decide, utc_now
from pipgate.gate_opening import context_of, read_rulebook
from pipgate.pending_builds import kept
from pipgate.plain_text import shell_line
from pipgate.policy_places import here
from pipgate.report import approval_key, outcome_to_json
from pipgate.subject_rows import rows_of
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    from pipgate.outcomes import Outcome
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings


def pending(settings: Settings, words: list[str]) -> int:
    """List what stopped the last blocked run in this project and is not allowed by now."""
    given = VerbParser("pending", "list what the last blocked run here wanted to build").parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    waiting = still_pending(book)
    if given.json:
        say_json({"project": book.project, "requests": [outcome_to_json(each) for each in waiting]})
        return 0
    for each in waiting:
        say_rows(each.request.title, rows_of(each.request))
    keys = [key for each in waiting if (key := approval_key(each.request)) is not None]
    if not waiting:
        say_lines(["Nothing is pending here."])
    elif keys:
        say_lines([f"To approve: {shell_line(['pipgate', 'approve', *keys])}"])
    return 0


def still_pending(book: Rulebook) -> list[Outcome]:
    """Return what stopped the last blocked run and would be refused again."""
    context = context_of(book, utc_now())
    outcomes = kept(book.project, state_home(os.environ))
    return [
        each
        for each in outcomes
        if not isinstance(decide(each.request, book.policy, book.approvals, context), Allowed)
    ]
