"""``pipgate approve``: find what was named, show it, and record a yes that is pinned to it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.approving import approval_of, counts_later, last_day, record, revocation_of
from pipgate.build_entry import read_build_entry
from pipgate.build_request import BuildRequest, Purpose, subdirectory_of
from pipgate.commands.arguments import VerbParser, say_json, say_lines, say_rows
from pipgate.commands.found import Found, find
from pipgate.commands.pending import still_pending
from pipgate.commands.recorded import as_json, plain_name
from pipgate.commands.required import needed_by, require_all, show
from pipgate.errors import UsageError
from pipgate.gate_opening import read_rulebook
from pipgate.plain_text import plain, shell_line
from pipgate.policy_places import here
from pipgate.subject_rows import rows_of

if TYPE_CHECKING:
    import argparse

    from pipgate.approvals import Approval, Revocation
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings

_PLAIN = re.compile(r"[\w.+-]+", re.ASCII)  # what .gitattributes takes for itself, without quotes


def approve(settings: Settings, words: list[str]) -> int:
    """Record approvals of NAME[==VERSION], archive URLs and URL@COMMIT; ``!NAME`` records a no.

    Without a hash the artifact is downloaded through pip, with its own settings, and nothing of it runs.
    All of it is shown before it is written.
    """
    given = _parser().parse_args(words)
    book = read_rulebook(settings, here(), os.environ, begins_approvals=True)
    denied = [word[1:] for word in given.what if word.startswith("!")]
    wanted = [word for word in given.what if not word.startswith("!")]
    if given.pending:
        wanted += [key for each in still_pending(book) if (key := _key(each.request)) is not None]
    if given.requirements is not None:
        return _approve_requirements(given, book)
    if not wanted and not denied:
        raise UsageError(
            "pipgate approve: name what is to be approved, or use --pending; to see it: pipgate pending"
        )
    with tempfile.TemporaryDirectory(prefix="pipgate-approve-") as directory:
        found = find(wanted, given, book, directory)
        entries: list[Approval | Revocation] = [_approval(each, given, book) for each in found]
        entries += [revocation_of(plain_name(name), reason=given.reason) for name in denied]
        if not given.json:
            for each in found:
                _show(each)
    for entry in entries:
        record(book, entry, os.environ)
    return _tell(entries, book, as_json_wanted=given.json)


def _approve_requirements(given: argparse.Namespace, book: Rulebook) -> int:
    """Approve the builds that a requirements file needs and nobody has decided on; none of them is run."""
    if given.what or given.sha256 or given.pending:
        raise UsageError("pipgate approve -r FILE stands alone, with --reason, --expires and --for")
    needed = needed_by(given, book)
    new = [Found(each.planned.request) for each in needed if each.is_new]
    entries: list[Approval | Revocation] = [_approval(each, given, book) for each in new]
    if not given.json:
        show(needed, given)
    for entry in entries:
        record(book, entry, os.environ)
    if given.json:
        rows = {
            "recorded": [as_json(each) for each in entries],
            "builds": [each.as_json() for each in needed],
        }
        say_json({"file": book.approvals_path, **rows})
    elif entries:
        _tell(entries, book, as_json_wanted=False)
    require_all(needed, given, len(entries))
    return 0


def _parser() -> VerbParser:
    parser = VerbParser("approve", "record a yes that is pinned to exactly one file or commit")
    parser.add_argument("what", nargs="*", metavar="NAME[==VERSION] | URL | URL@COMMIT | !NAME")
    parser.add_argument("--sha256", help="the hash of the file, already known: nothing is downloaded")
    parser.add_argument(
        "-r", dest="requirements", metavar="FILE", action="append", help="all that requirements files need"
    )
    parser.add_argument("--pending", action="store_true", help="all that the last blocked run here wanted")
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


def _tell(entries: list[Approval | Revocation], book: Rulebook, *, as_json_wanted: bool) -> int:
    if as_json_wanted:
        say_json({"file": book.approvals_path, "recorded": [as_json(each) for each in entries]})
        return 0
    lines = [f"recorded in {plain(book.approvals_path)}; commit that file"]
    why_not = counts_later(book)
    lines += [] if why_not is None else [why_not]
    attributes = Path(book.project, ".gitattributes")
    name = os.path.basename(book.approvals_path)  # noqa: PTH119 -- a string
    if not attributes.is_file() or name not in attributes.read_text(encoding="utf-8", errors="replace"):
        line = shell_line(["echo", f"{name} merge=union"])
        lines += (
            [f"To let git merge it line by line: {line} >> .gitattributes"] if _PLAIN.fullmatch(name) else []
        )
    say_lines(lines)
    return 0


def _key(request: BuildRequest) -> str | None:
    from pipgate.report import approval_key  # noqa: PLC0415 -- for --pending alone

    return approval_key(request)
