"""``pipgate policy check`` and ``policy show``: what holds here, and where each value came from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.commands.arguments import VerbParser, say_json, say_lines, say_measured
from pipgate.gate_opening import read_rulebook
from pipgate.plain_text import plain
from pipgate.policy_layers import describe
from pipgate.policy_places import here

if TYPE_CHECKING:
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings


def policy(settings: Settings, words: list[str]) -> int:
    """Validate every file (``check``), or print the merged policy (``show``), with or without origins.

    An invalid file ends with status 44, here as everywhere.
    """
    parser = VerbParser("policy", "validate the policy, or show what holds here")
    parser.add_argument("what", choices=("check", "show"))
    parser.add_argument("--origin", action="store_true", help="show where each value came from")
    given = parser.parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    if given.what == "check":
        say_json({"valid": True}) if given.json else say_lines(["The policy and the approvals are valid."])
    elif given.json:
        say_json(_as_json(book))
    else:
        say_measured(_as_lines(book, origins=given.origin))
    return 0


def _as_json(book: Rulebook) -> dict[str, object]:
    rows = [
        {"key": key, "value": value, "origin": str(origin)} for key, value, origin in describe(book.policy)
    ]
    overruled = [
        {"key": each.key, "asked": each.asked, "origin": str(each.origin), "holds": str(each.holds)}
        for each in book.policy.overruled
    ]
    files = [
        {"path": each.path, "layer": each.layer.value, "counts": each.counts, "why": each.why}
        for each in book.sources
    ]
    told = {"project": book.project, "trusted": book.trusted, "policy": rows, "overruled": overruled}
    return {**told, "approvals": files}


def _as_lines(book: Rulebook, *, origins: bool) -> list[str]:
    rows = describe(book.policy)
    width = max(len(key) for key, _, _ in rows)
    lines = [
        f"{key:{width}}  {plain(value)}" + (f"    # {plain(str(origin))}" if origins else "")
        for key, value, origin in rows
    ]
    lines += [
        f"# {plain(str(each.origin))} asked for {each.key} = {plain(each.asked)}; "
        f"{plain(str(each.holds))} holds"
        for each in book.policy.overruled
    ]
    if origins:
        lines += [
            f"# approvals {'count' if each.counts else 'do not count'}: {plain(each.path)}: {each.why}"
            for each in book.sources
        ]
    if not book.trusted:
        lines.append(
            "# The project's own files are not trusted, so they only tighten. "
            f"To trust them: {book.again.command('trust')}"
        )
    return lines
