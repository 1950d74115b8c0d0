"""``pipgate pending``: what the last blocked run here wanted to build."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pipgate.approval_words import approval_key, recorded_name
from pipgate.commands.arguments import VerbParser, say_json, say_lines, say_rows
from pipgate.decision import Allowed, utc_now
from pipgate.gate import Gate
from pipgate.gate_opening import context_of, read_rulebook
from pipgate.pending_builds import kept, kept_again
from pipgate.plain_text import plain
from pipgate.policy_places import here
from pipgate.report import outcome_to_json
from pipgate.subject_rows import rows_of
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    from pipgate.decision import Decision
    from pipgate.offered import Again
    from pipgate.outcomes import Outcome
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings

# What the rules may decide otherwise by now. All else was found in the file, or answered by a person: it
# stays until somebody names the file.
_DECIDED_ANEW = frozenset({"needs-approval", "denied", "status-blocked", "locked", "file-settings"})


def pending(settings: Settings, words: list[str]) -> int:
    """List what stopped the last blocked run in this project and is not allowed by now."""
    given = VerbParser("pending", "list what the last blocked run here wanted to build").parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    waiting = still_pending(book)
    if given.json:
        say_json({"project": book.project, "requests": [outcome_to_json(each) for each in waiting]})
        return 0
    for each in waiting:
        told = [("refused", each.decision.code), ("because", each.decision.reason)]
        say_rows(each.request.title, [*told, *rows_of(each.request)])
    again = again_for(book)
    keys = [key for each in waiting if (key := key_if_undecided(each)) is not None]
    lines = [way_on(each, again) for each in waiting if key_if_undecided(each) is None]
    if not waiting:
        lines.append("Nothing is pending here.")
    elif keys:
        lines.append(f"To approve{again.saying_why}: {again.approving(*keys)}")
    say_lines(lines)
    return 0


def again_for(book: Rulebook) -> Again:
    """Return what a command has to say again to speak of what is pending: the words of now, else of then."""
    then = kept_again(book.project, state_home(os.environ))
    return then._replace(options=book.options or then.options, wants_reason=book.again.wants_reason)


def still_pending(book: Rulebook) -> list[Outcome]:
    """Return what stopped the last blocked run and would be refused again, each with why that is by now.

    What is denied by name is decided, and waits for nobody.
    """
    gate = Gate(book.policy, book.approvals, context_of(book, utc_now()))
    outcomes = kept(book.project, state_home(os.environ))
    by_now = [replace(each, decision=_by_now(each, gate.judge(each.request))) for each in outcomes]
    return [
        each for each in by_now if not isinstance(each.decision, Allowed) and each.decision.code != "denied"
    ]


def key_if_undecided(outcome: Outcome) -> str | None:
    """Return the word for ``approve`` of what nobody has decided on, and None for all else."""
    return approval_key(outcome.request) if outcome.decision.code == "needs-approval" else None


def way_on(outcome: Outcome, again: Again) -> str:
    """Return a line for what ``approve --pending`` leaves, which ends in a command for it."""
    request, code = outcome.request, outcome.decision.code
    title, key = plain(request.title), approval_key(request)
    if code == "hash-mismatch" and key is not None:
        why = again.saying_why
        return f"{title}: only once you know why it is another file{why}: {again.approving(key)}"
    if code == "denied-at-the-prompt" and key is not None:
        return f"{title}: to approve it after all{again.saying_why}: {again.approving(key)}"
    name = recorded_name(request)
    named = f"{name}=={request.version}" if request.version else name
    return f"{title}: to see what decides on it: {again.command('explain', named)}"


def _by_now(outcome: Outcome, decision: Decision) -> Decision:
    undecided = decision.code == "needs-approval"
    return outcome.decision if undecided and outcome.decision.code not in _DECIDED_ANEW else decision
