"""``pipgate approve`` without a word: on a terminal a choice from what is pending, elsewhere what to type."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.approval_words import approval_key
from pipgate.controlling_terminal import open_terminal, page
from pipgate.errors import UsageError
from pipgate.gate_opening import may_ask
from pipgate.numbered import LISTED, Listed, numbered, read_numbers
from pipgate.plain_text import plain
from pipgate.rows import hanging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.controlling_terminal import Terminal
    from pipgate.offered import Again
    from pipgate.outcomes import Outcome
    from pipgate.rulebook import Rulebook

_QUESTION = "Approve which?  numbers such as 1 3, all, or none (Enter, default) > "
_WHY = "Why are they right? The policy wants a reason > "


def choose(waiting: Sequence[Outcome], book: Rulebook, *, silent: bool = False) -> list[Outcome]:
    """Return what a person names of that on which nobody has decided; nothing is the default.

    Raises UsageError where nobody can be asked (``silent`` says so as well), with what is pending.
    """
    open_ones = [each for each in waiting if is_undecided(each)]
    asking = open_ones and not silent and may_ask(book.policy.mode.value, os.environ)
    terminal = open_terminal() if asking else None
    if terminal is None:
        raise _not_named(waiting, book.again)
    page(terminal, numbered([Listed(each.request) for each in open_ones], terminal.screen))
    seeing = book.again.command("pending")
    others = len(waiting) - len(open_ones)
    if others:
        _say(terminal, f"Not offered, because it is decided on: {others}. To see it: {seeing}")
    while True:
        answer = (terminal.read_line(_QUESTION) or "").strip().lower()
        named = [] if answer in {"n", "none"} else read_numbers(answer, len(open_ones))
        if named is not None:
            return [open_ones[each] for each in named]
        _say(terminal, f"Numbers go from 1 to {len(open_ones)}.")


def ask_reason() -> str | None:
    """Return what a person gives as reason, or None."""
    terminal = open_terminal()
    return ((terminal.read_line(_WHY) or "").strip() or None) if terminal else None


def is_undecided(outcome: Outcome) -> bool:
    """Return whether nobody has decided on what is pending, and it can be pinned."""
    return outcome.decision.code == "needs-approval" and approval_key(outcome.request) is not None


def _say(terminal: Terminal, line: str) -> None:
    terminal.write("".join(f"{each}\n" for each in hanging(line, terminal.screen)))


def _not_named(waiting: Sequence[Outcome], again: Again) -> UsageError:
    """Return the error for a command that names nothing, where nobody can be asked."""
    if not waiting:
        return UsageError(
            "pipgate approve: nothing is pending here; name what is to be approved",
            hints=(f"To see all ways to name it: {again.command('approve', '--help')}",),
        )
    titles = [plain(each.request.title) for each in waiting[:LISTED]]
    more = [f"and {len(waiting) - LISTED} more"] if len(waiting) > LISTED else []
    why, line = again.saying_why, again.approving("--pending")
    all_of_it = f"To approve all that nobody has decided on{why}: {line}"
    seeing = f"To see all that is known of it, and what approves it: {again.command('pending')}"
    return UsageError(
        "pipgate approve: name what is to be approved; this is pending here:",
        context=(*titles, *more),
        hints=(all_of_it, seeing) if any(map(is_undecided, waiting)) else (seeing,),
    )
