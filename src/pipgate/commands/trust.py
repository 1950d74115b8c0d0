"""``pipgate trust``: let this project's own policy and approvals loosen what holds, as they are now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate import trust as trusting
from pipgate.commands.arguments import VerbParser, say_json, say_measured
from pipgate.errors import UsageError
from pipgate.gate_opening import read_rulebook
from pipgate.plain_text import plain
from pipgate.policy_places import here
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    from pipgate.settings import Settings


def trust(settings: Settings, words: list[str]) -> int:
    """Show what the project's files say, or what has changed since they were trusted, and trust them.

    ``--show`` shows it and changes nothing; ``--forget`` takes the trust back.
    """
    parser = VerbParser("trust", "trust the policy and approvals of this project as they are now")
    parser.add_argument("--show", action="store_true", help="show what has changed, and trust nothing")
    parser.add_argument("--forget", action="store_true", help="trust this project no longer")
    given = parser.parse_args(words)
    book, state = read_rulebook(settings, here(), os.environ), state_home(os.environ)
    if given.forget:
        known = trusting.forget(book.files.root, state)
        return _tell(given.json, book.files.root, [], "is trusted no longer" if known else "was not trusted")
    changes = trusting.changes(book.files, state)
    if given.show:
        word = "is trusted" if book.trusted else "is not trusted"
        return _tell(given.json, book.files.root, changes, word)
    if book.trusted_by_system_alone and not book.trusted:
        raise UsageError("the system's policy has floors, so it alone says which projects are trusted")
    trusting.store(book.files, state)
    return _tell(given.json, book.files.root, changes, "is trusted as it is now")


def _tell(as_json: bool, root: str, changes: list[str], word: str) -> int:  # noqa: FBT001 -- an option
    if as_json:
        say_json({"project": root, "changes": changes, "state": word})
    else:
        say_measured([*(plain(line, len(line)) for line in changes), f"{plain(root)} {word}."])
    return 0
