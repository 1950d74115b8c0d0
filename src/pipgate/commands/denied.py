"""``pipgate undeny``, and how each denial of a name can be taken back: by that, or by hand at its line."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pipgate.approvals import Approvals
from pipgate.approvals_text import without
from pipgate.approving import rewrite
from pipgate.build_request import BuildRequest, Purpose, Sdist
from pipgate.commands.arguments import VerbParser, say_json, say_measured
from pipgate.commands.recorded import as_json, plain_name
from pipgate.decision import utc_now
from pipgate.denials import denials
from pipgate.errors import ApprovalRefusedError, UsageError
from pipgate.gate_opening import read_rulebook
from pipgate.lapses import gone_for_good, in_words, not_yet
from pipgate.origin import Layer
from pipgate.plain_text import plain
from pipgate.policy_places import here

if TYPE_CHECKING:
    from pipgate.approvals import Approval, Revocation
    from pipgate.denials import Denial
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings


def undeny(settings: Settings, words: list[str]) -> int:
    """Take the denials of names out of every approvals file that holds them, and say what holds again.

    The lines are taken out. Where a merge brings one back the name is denied again, which is the safe side.
    """
    parser = VerbParser("undeny", "take the denials of names back; what was approved holds again")
    parser.add_argument("names", nargs="+", metavar="NAME")
    given = parser.parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    names = [plain_name(name) for name in given.names]
    entries = [each for name in names for each in _entries(name, book)]
    for path in dict.fromkeys(each.origin.file or book.approvals_path for each in entries):
        in_it = [each for each in entries if (each.origin.file or book.approvals_path) == path]
        rewrite(book, path, lambda text, lines=in_it: without(text or "", lines), os.environ)  # type: ignore[misc]  # mypy infers no lambda with a default
    left = Approvals(
        book.approvals.approved, tuple(each for each in book.approvals.revoked if each not in entries)
    )
    book = replace(book, approvals=left)
    _tell(entries, [each for name in names for each in _holding(name, book)], as_json_wanted=given.json)
    for name in names:
        _require_free(name, book)
    return 0


def _entries(name: str, book: Rulebook) -> list[Revocation]:
    """Return the denials of a name in approvals files; raises UsageError where nothing at all denies it."""
    found = [
        each
        for each in book.approvals.revoked
        if each.name == name and each.version is None and each.pin is None
    ]
    if not found and not _denials(name, book):
        raise UsageError(
            f"nothing denies {name}; to see what does deny something: {book.again.command('approvals')}"
        )
    return found


def _denials(name: str, book: Rulebook) -> list[Denial]:
    anything = BuildRequest(name, None, Sdist("", None, ""), Purpose.WHEEL)
    return list(denials(anything, book.policy, book.approvals, utc_now()))


def _holding(name: str, book: Rulebook) -> list[Approval]:
    """Return the approvals of a name that hold when nothing denies it."""
    now = utc_now()
    return [
        each
        for each in book.approvals.named(name)
        if gone_for_good(each, book.approvals, book.policy, now) is None and not_yet(each, now) is None
    ]


def _tell(entries: list[Revocation], holding: list[Approval], *, as_json_wanted: bool) -> None:
    if as_json_wanted:
        undenied, again = [as_json(each) for each in entries], [as_json(each) for each in holding]
        say_json({"undenied": undenied, "holds_again": again})
        return
    lines = [f"undenied: {each.name}, which was {in_words(each)}" for each in entries]
    lines += [
        f"holds again: {each.name} {each.version or ''} by {each.by} ({each.origin})" for each in holding
    ]
    files = dict.fromkeys(each.origin.file for each in entries if each.origin.layer is Layer.PROJECT)
    say_measured([*lines, *(f"taken out of {each}; commit that file" for each in files)])


def _require_free(name: str, book: Rulebook) -> None:
    """Raise ApprovalRefusedError where a policy denies the name: no verb changes that."""
    found = _denials(name, book)
    if found:
        raise ApprovalRefusedError(
            f"{name} is denied by a policy, which pipgate does not edit.",
            context=tuple(plain(each.reason) for each in found),
            note="What an approvals file said against it was taken out.",
            hints=tuple(
                f"To take that back: edit by hand {plain(str(each.origin))}: {plain(each.text)}"
                for each in found
            ),
        )


def require_not_denied(request: BuildRequest, book: Rulebook) -> None:
    """Raise ApprovalRefusedError where something denies the name: no approval of it would count."""
    found = list(denials(request, book.policy, book.approvals, utc_now()))
    if found:
        raise ApprovalRefusedError(
            f"{plain(request.title)} is denied, so no approval of it would count; nothing was approved.",
            context=tuple(plain(each.reason) for each in found),
            hints=tuple(f"To take that back: {each}" for each in undenying(request, book)),
        )


def undenying(request: BuildRequest, book: Rulebook) -> list[str]:
    """Return what would take back each denial of a request; all of them have to go."""
    found = list(denials(request, book.policy, book.approvals, utc_now()))
    names = {each.entry.name for each in found if each.entry is not None}
    by_hand = {f"{each.origin}: {each.text}": None for each in found if each.entry is None}
    lines = [f"edit by hand {plain(line)}" for line in by_hand]
    return [*(book.again.command("undeny", name) for name in sorted(names)), *lines]
