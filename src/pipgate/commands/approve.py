"""``pipgate approve``: find what was named, show it, and record a yes that is pinned to it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.approving import approval_of, counts_later, last_day, record, revocation_of
from pipgate.build_entry import read_build_entry
from pipgate.build_request import Archive, BuildRequest, Purpose, Sdist, subdirectory_of
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.commands.found import Found, find, places
from pipgate.commands.pending import still_pending
from pipgate.commands.recorded import as_json, plain_name
from pipgate.decision import utc_now
from pipgate.errors import UsageError
from pipgate.gate import Gate
from pipgate.gate_opening import context_of, read_rulebook
from pipgate.matching import pin_or_none
from pipgate.pip_internals import PipCall, run_pip
from pipgate.plain_text import plain, shell_line, single_spaced
from pipgate.policy_places import here

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
            say_lines([line for each in found for line in _shown(each)])
    for entry in entries:
        record(book, entry, os.environ)
    return _tell(entries, book, as_json_wanted=given.json)


def _approve_requirements(given: argparse.Namespace, book: Rulebook) -> int:
    """Approve the builds that a requirements file needs and nobody has decided on; none of them is run."""
    if given.what or given.sha256 or given.pending:
        raise UsageError("pipgate approve -r FILE stands alone, with --reason, --expires and --for")
    gate = Gate(book.policy, book.approvals, context_of(book, utc_now()))
    options = ("-q", "--disable-pip-version-check", *places(given), "--ignore-installed")
    args = ("install", *options, "-r", given.requirements)
    run_pip(PipCall(args, plan_only=True), lambda: gate)
    refused = [each.request for each in gate.record.stopped if each.decision.code == "needs-approval"]
    entries: list[Approval | Revocation] = [
        _approval(Found(request), given, book) for request in refused if pin_or_none(request) is not None
    ]
    if not gate.record.planned and not entries:
        raise UsageError("pip could not resolve it; nothing was approved")
    if not entries:
        say_json({"file": book.approvals_path, "recorded": []}) if given.json else say_lines(
            [f"Nothing in {plain(given.requirements)} needs an approval."]
        )
        return 0
    if not given.json:
        say_lines([line for request in refused for line in _shown(Found(request))])
    for entry in entries:
        record(book, entry, os.environ)
    return _tell(entries, book, as_json_wanted=given.json)


def _parser() -> VerbParser:
    parser = VerbParser("approve", "record a yes that is pinned to exactly one file or commit")
    parser.add_argument("what", nargs="*", metavar="NAME[==VERSION] | URL | URL@COMMIT | !NAME")
    parser.add_argument("--sha256", help="the hash of the file, already known: nothing is downloaded")
    parser.add_argument("-r", dest="requirements", metavar="FILE", help="all that a requirements file needs")
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


def _shown(found: Found) -> list[str]:
    request = found.request
    lines = [plain(request.title)]
    if isinstance(request.source, Sdist | Archive):
        lines.append(f"  file       {plain(request.source.filename or 'not fetched')}")
        lines.append(f"  sha256     {request.source.sha256}")
    directory = subdirectory_of(request.source)
    lines += [f"  builds     {plain(directory)}, not its root"] if directory else []
    entry = read_build_entry(found.path, subdirectory=directory) if found.path else None
    if entry is not None:
        lines.append(f"  backend    {single_spaced(entry.backend)}")
        lines += [f"  requires   {single_spaced(each)}" for each in entry.requires or ("nothing to build",)]
    return lines


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
