"""``pipgate approve``: find what was named, show it, and record a yes that is pinned to it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.approval_words import approval_key
from pipgate.approvals import Sha256Pin
from pipgate.approving import approval_of, counts_later, last_day, record_all, revocation_of
from pipgate.build_entry import read_build_entry
from pipgate.build_request import Purpose, Sdist, subdirectory_of
from pipgate.commands.arguments import VerbParser, say_json, say_lines, say_rows
from pipgate.commands.choice import ask_reason, choose, is_undecided
from pipgate.commands.denied import require_not_denied
from pipgate.commands.found import Found, find, places
from pipgate.commands.pending import again_for, key_if_undecided, still_pending, way_on
from pipgate.commands.recorded import as_json, plain_name
from pipgate.commands.required import needed_by, require_all, show
from pipgate.errors import EXIT_BLOCKED, ApprovalRefusedError, PipgateError, UsageError
from pipgate.gate_opening import read_rulebook
from pipgate.lapses import in_words
from pipgate.lapses import revocation_of as revocation_of_request
from pipgate.matching import pin_or_none, same_version
from pipgate.offered import Again
from pipgate.plain_text import plain, shell_line
from pipgate.policy_places import here
from pipgate.report import outcome_to_json
from pipgate.subject_rows import rows_of

if TYPE_CHECKING:
    import argparse

    from pipgate.approvals import Approval, Revocation
    from pipgate.build_request import BuildRequest
    from pipgate.outcomes import Outcome
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings

_PLAIN = re.compile(r"[\w.+-]+", re.ASCII)  # what .gitattributes takes for itself, without quotes


class NotAllApprovedError(PipgateError):
    """Something that is pending was left: somebody or something has decided on it."""

    reference = "not-all-approved"
    exit_status = EXIT_BLOCKED


def approve(settings: Settings, words: list[str]) -> int:
    """Record approvals of NAME[==VERSION], archive URLs and URL@COMMIT; ``!NAME`` records a no.

    Without a hash the artifact is downloaded through pip, with its own settings, and nothing of it runs.
    All of it is shown before it is written.
    """
    given = _parser().parse_args(words)
    book = read_rulebook(settings, here(), os.environ, begins_approvals=True)
    denied = [word[1:] for word in given.what if word.startswith("!")]
    wanted = [word for word in given.what if not word.startswith("!")]
    if given.requirements is not None:
        if settings.elsewhere is not None:
            settings.elsewhere.go_over(None)
        return _approve_requirements(given, book)
    if given.pending and given.sha256:
        raise UsageError("pipgate approve: --sha256 is for one NAME==VERSION, and not for --pending")
    waiting = still_pending(book) if given.pending else []
    then = again_for(book) if given.pending or not given.what else Again()
    if not given.what and not given.pending:
        waiting = _chosen(given, book)
        if not any(map(is_undecided, waiting)):
            say_lines(["Nothing was approved."])
            return 0
    if settings.elsewhere is not None and (waiting or (wanted and not given.sha256)):
        settings.elsewhere.go_over(_environment_in(then))
    given = _looking_there(then, given, words)
    with tempfile.TemporaryDirectory(prefix="pipgate-approve-") as directory:
        found = _found(waiting, wanted, given, book, directory)
        entries: list[Approval | Revocation] = [_approval(each, given, book) for each in found]
        entries += [revocation_of(plain_name(name), reason=given.reason) for name in denied]
        _require_approvable(found, wanted, given, book)
        if not given.json:
            for each in found:
                _show(each)
    record_all(book, entries, os.environ)
    left = _left(waiting, found) if given.pending else []
    _tell(entries, left, book, as_json_wanted=given.json)
    _require_none_left(left, then, len(entries))
    return 0


def _looking_there(again: Again, given: argparse.Namespace, words: list[str]) -> argparse.Namespace:
    """Return what was given, with the places in which the blocked run has looked, unless it names its own."""
    if not again.places or places(given):
        return given
    there = _parser().parse_args([*again.places, *words])
    there.reason = given.reason  # a person may have typed it by now
    return there


def _left(waiting: list[Outcome], found: list[Found]) -> list[Outcome]:
    """Return what was pending and is not among what was recorded, since it was decided on."""
    recorded = {pin_or_none(each.request) for each in found} - {None}
    decided = (each for each in waiting if key_if_undecided(each) is None)
    return [each for each in decided if pin_or_none(each.request) not in recorded]


def _chosen(given: argparse.Namespace, book: Rulebook) -> list[Outcome]:
    """Return what a person chooses of what is pending, and all that somebody has decided on: it stays so."""
    pending = still_pending(book)
    chosen = choose(pending, book, silent=given.json or given.sha256 is not None)
    if chosen and book.policy.require_reason.value and not given.reason:
        given.reason = ask_reason()
    return [*chosen, *(each for each in pending if not is_undecided(each))]


def _environment_in(again: Again) -> str | None:
    """Return the environment that the blocked run was for, where it was named and is still there."""
    options = dict(zip(again.options[::2], again.options[1::2], strict=False))
    named = options.get("--env")
    return named if named is not None and os.path.exists(named) else None  # noqa: PTH110 -- a string


def _found(
    waiting: list[Outcome], wanted: list[str], given: argparse.Namespace, book: Rulebook, directory: str
) -> list[Found]:
    """Return what the words name, and of what is pending that on which nobody has decided; pip runs once.

    Raises UsageError where a name that nobody has typed leads to a file that somebody has decided on.
    """
    keys = [key for each in waiting if (key := key_if_undecided(each)) is not None]
    words = list(dict.fromkeys([*keys, *wanted]))
    if not words and not given.sha256:
        return []
    found = find(words, given, book, directory)
    undecided = {pin_or_none(each.request) for each in waiting if key_if_undecided(each) is not None}
    answered = {pin_or_none(each.request) for each in waiting} - undecided - {None}
    for each in found:
        if pin_or_none(each.request) in answered and not _is_named(each.request, wanted):
            raise UsageError(
                f"{plain(each.request.title)} is a file that was refused here for another reason; "
                "nothing was approved. "
                f"To see why: {book.again.command('pending')}"
            )
    return found


def _is_named(request: BuildRequest, wanted: list[str]) -> bool:
    """Return whether a word of the command line is for a request, with its version or without."""
    names = [
        plain_name(word) for word in wanted if "@" not in word and "://" not in word and "==" not in word
    ]
    return request.name in names or any(
        word == approval_key(request) or _spells_out(word, request) for word in wanted
    )


def _require_approvable(
    found: list[Found], wanted: list[str], given: argparse.Namespace, book: Rulebook
) -> None:
    """Raise ApprovalRefusedError where a name is denied, or something was revoked and is not spelled out."""
    for each in found:
        require_not_denied(each.request, book)
        revoked = revocation_of_request(each.request, book.approvals)
        spelled_out = any(_spells_out(word, each.request) for word in wanted)
        if revoked is not None and not (spelled_out and given.reason):
            again = book.again._replace(places=tuple(places(given)), wants_reason=True)
            line = again.approving(approval_key(each.request) or each.request.title)
            raise ApprovalRefusedError(
                f"{plain(each.request.title)} was {plain(in_words(revoked))}; nothing was approved.",
                note="An approval would outdate that: it takes the name with its version, and a reason.",
                hints=(
                    f"Once you know why it was revoked, say why it is right again, instead of WHY: {line}",
                ),
            )


def _spells_out(word: str, request: BuildRequest) -> bool:
    """Return whether a word names a release or a place, and not just whatever is newest."""
    if "@sha256:" in word:
        pin = pin_or_none(request)
        return isinstance(pin, Sha256Pin) and pin.sha256 in word.lower()
    is_place = "://" in word
    if is_place or not isinstance(request.source, Sdist):
        return is_place and not isinstance(request.source, Sdist)
    name, equals, version = word.partition("==")
    return bool(equals) and plain_name(name) == request.name and same_version(version, request.version)


def _require_none_left(left: list[Outcome], again: Again, recorded: int) -> None:
    """Raise NotAllApprovedError where ``--pending`` has left something."""
    if not left:
        return
    lines = [
        line
        for each in left
        for line in (plain(each.request.title), f"  {each.decision.code}: {plain(each.decision.reason)}")
    ]
    raise NotAllApprovedError(
        "Not all that is pending was approved: it takes what nobody has decided on, and nothing else.",
        context=tuple(lines),
        note=f"No project code has run. Approvals recorded: {recorded}.",
        hints=tuple(dict.fromkeys(way_on(each, again) for each in left)),
    )


def _approve_requirements(given: argparse.Namespace, book: Rulebook) -> int:
    """Approve the builds that a requirements file needs and nobody has decided on; none of them is run."""
    if given.what or given.sha256 or given.pending:
        raise UsageError("pipgate approve -r FILE stands alone, with --reason, --expires and --for")
    needed = needed_by(given, book)
    new = [Found(each.planned.request) for each in needed if each.is_new]
    entries: list[Approval | Revocation] = [_approval(each, given, book) for each in new]
    if not given.json:
        show(needed, given)
    record_all(book, entries, os.environ)
    if given.json:
        rows = {
            "recorded": [as_json(each) for each in entries],
            "builds": [each.as_json() for each in needed],
        }
        say_json({"file": book.approvals_path, **rows})
    elif entries:
        _tell(entries, [], book, as_json_wanted=False)
    require_all(needed, given, book.again, len(entries))
    return 0


def _parser() -> VerbParser:
    parser = VerbParser("approve", "record a yes that is pinned to exactly one file or commit")
    parser.add_argument("what", nargs="*", metavar="NAME[==VERSION] | URL | URL@COMMIT | !NAME")
    parser.add_argument("--sha256", help="the hash of the file, already known: nothing is downloaded")
    parser.add_argument(
        "-r", dest="requirements", metavar="FILE", action="append", help="all that requirements files need"
    )
    parser.add_argument(
        "--pending", action="store_true", help="all of the last blocked run that nobody has decided on"
    )
    parser.add_argument("-i", "--index-url", help="as of pip; so are those that follow")
    parser.add_argument("--extra-index-url", action="append", default=[])
    parser.add_argument("-f", "--find-links", action="append", default=[])
    parser.add_argument("--trusted-host", action="append", default=[])
    parser.add_argument("--no-index", action="store_true")
    parser.add_argument("--pre", action="store_true")
    parser.add_argument("--reason")
    parser.add_argument("--expires", metavar="DATE | PnD")
    parser.add_argument("--for", dest="purposes", action="append", choices=[each.value for each in Purpose])
    return parser


def _approval(found: Found, given: argparse.Namespace, book: Rulebook) -> Approval:
    purposes = frozenset(Purpose(each) for each in given.purposes) if given.purposes else None
    expires = last_day(given.expires) if given.expires else None
    return approval_of(found.request, book, reason=given.reason, expires=expires, purposes=purposes)


def _show(found: Found) -> None:
    request = found.request
    directory = subdirectory_of(request.source)
    entry = read_build_entry(found.path, subdirectory=directory) if found.path else None
    say_rows(request.title, rows_of(request, found.path, entry))


def _tell(
    entries: list[Approval | Revocation], left: list[Outcome], book: Rulebook, *, as_json_wanted: bool
) -> None:
    if as_json_wanted:
        rows = [as_json(each) for each in entries]
        say_json(
            {"file": book.approvals_path, "recorded": rows, "left": [outcome_to_json(each) for each in left]}
        )
        return
    lines = [f"recorded in {plain(book.approvals_path)}; commit that file"] if entries else []
    lines += [] if entries or left else ["Nothing is pending here."]
    why_not = counts_later(book) if entries else None
    lines += [] if why_not is None else [why_not]
    merging = _merging(Path(book.approvals_path)) if entries else None
    lines += [] if merging is None else [f"To let git merge it line by line: {merging}"]
    say_lines(lines)


def _merging(file: Path) -> str | None:
    """Return the command that has git merge an approvals file by lines; None where it does, or is not there.

    The line belongs beside the file: git looks for names below the directory of its ``.gitattributes``.
    """
    ours = [file.parent, *file.parent.parents]
    depth = next((depth for depth, each in enumerate(ours) if os.path.lexists(each / ".git")), None)
    if depth is None or not _PLAIN.fullmatch(file.name):
        return None
    texts = [_text_of(each / ".gitattributes") for each in ours[: depth + 1]]
    if any(file.name in text for text in texts):
        return None
    words = ["echo", f"{file.name} merge=union"]
    if texts[0] and not texts[0].endswith("\n"):
        words = ["printf", "\\n%s\\n", words[1]]
    beside = os.path.relpath(file.parent / ".gitattributes", here())
    return f"{shell_line(words)} >> {shell_line([beside])}"


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
