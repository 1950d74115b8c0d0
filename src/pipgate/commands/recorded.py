"""``pipgate approvals``, ``deny``, ``revoke`` and ``prune``: the entries of the approvals file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pipgate.approvals import Approval, CommitPin, Revocation, Sha256Pin
from pipgate.approvals_file import read_approvals
from pipgate.approvals_places import users_file
from pipgate.approvals_text import without
from pipgate.approving import record_all, revocation_of, rewrite, take_back
from pipgate.commands.arguments import VerbParser, say_json, say_lines, say_measured
from pipgate.decision import utc_now
from pipgate.errors import FileNotWrittenError, UsageError, assert_never
from pipgate.gate_opening import read_rulebook
from pipgate.lapses import gone_for_good, not_yet
from pipgate.matching import normalised, pin_text, same_version
from pipgate.offered import ours
from pipgate.origin import Layer
from pipgate.plain_text import plain, shell_line
from pipgate.policy_places import here

if TYPE_CHECKING:
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings


def approvals(settings: Settings, words: list[str]) -> int:
    """List what is approved and revoked, from every file that counts here."""
    given = VerbParser("approvals", "list what is approved and revoked").parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    if given.json:
        rows = [{**as_json(each), "state": _state(each, book)} for each in book.approvals.approved]
        rows += [{**as_json(each), "state": "not trusted"} for each in book.passed_by]
        revoked = [as_json(each) for each in book.approvals.revoked]
        say_json({"file": book.approvals_path, "approved": rows, "revoked": revoked})
        return 0
    lines = [f"{_title(each)}  {_state(each, book)}" for each in book.approvals.approved]
    lines += [
        f"{_title(each)}  {'denied' if each.version is None and each.pin is None else 'revoked'}"
        for each in book.approvals.revoked
    ]
    lines += [f"{_title(each)}  not used: this project is not trusted" for each in book.passed_by]
    say_measured(lines or ["Nothing is approved or revoked here."])
    return 0


def deny(settings: Settings, words: list[str]) -> int:
    """Record a no for names, whatever the version; it beats every yes."""
    parser = VerbParser("deny", "record a no for names; it beats every approval")
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--reason")
    given = parser.parse_args(words)
    book = read_rulebook(settings, here(), os.environ, begins_approvals=True)
    entries = [revocation_of(plain_name(name), reason=given.reason) for name in given.names]
    record_all(book, entries, os.environ)
    return _tell(given.json, book.approvals_path, "denied", [as_json(entry) for entry in entries])


def revoke(settings: Settings, words: list[str]) -> int:
    """Take approvals back by adding a line: a line that is taken out comes back in a merge."""
    parser = VerbParser("revoke", "take approvals back")
    parser.add_argument("names", nargs="+", metavar="NAME[==VERSION]")
    parser.add_argument("--reason")
    given = parser.parse_args(words)
    book = read_rulebook(settings, here(), os.environ, begins_approvals=True)
    wanted: list[Approval] = []
    for text in given.names:
        name, _, version = text.partition("==")
        found = [
            each
            for each in (*book.approvals.approved, *book.passed_by)
            if each.name == normalised(plain_name(name))
            and (not version or same_version(version, each.version))
        ]
        if not found:
            raise UsageError(
                f"nothing is approved under {text}; to see what is: {book.again.command('approvals')}"
            )
        wanted += [each for each in found if each not in wanted]
    told = [(each, _taken_back(book, each, given.reason)) for each in wanted]  # as much as can be
    entries = [each for _, each in told if isinstance(each, Revocation)]
    failed = [(approval, each) for approval, each in told if isinstance(each, FileNotWrittenError)]
    status = _tell_where(given.json, "revoked", entries)
    _require_written(failed)
    return status


def prune(settings: Settings, words: list[str]) -> int:
    """Take out what can match nothing any more: approvals that are revoked, expired or over their life."""
    parser = VerbParser("prune", "take out approvals that were revoked, have expired or are too old")
    parser.add_argument("--dry-run", action="store_true", help="show them, and change nothing")
    given = parser.parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    own, now = read_approvals(book.approvals_path, Layer.PROJECT), utc_now()
    gone = [each for each in own.approved if gone_for_good(each, own, book.policy, now)]
    if gone and not given.dry_run:
        rewrite(book, book.approvals_path, lambda text: without(text or "", gone), os.environ)
    return _tell(given.json, book.approvals_path, "pruned", [as_json(each) for each in gone])


def as_json(entry: Approval | Revocation) -> dict[str, Any]:
    """Return an entry as JSON."""
    row: dict[str, Any] = {"name": entry.name, "version": entry.version}
    match entry.pin:
        case Sha256Pin(sha256):
            row["sha256"] = sha256
        case CommitPin(vcs, commit):
            row |= {"vcs": vcs, "commit": commit}
        case None:
            pass
        case _:
            assert_never(entry.pin)
    if entry.pin is not None and entry.pin.subdirectory:
        row["subdirectory"] = entry.pin.subdirectory
    row |= {"by": entry.by, "on": entry.on, "reason": entry.reason, "origin": str(entry.origin)}
    if isinstance(entry, Approval):
        row |= {
            "file": entry.file,
            "for": sorted(each.value for each in entry.purposes),
            "expires": entry.expires,
        }
    return row


def _state(approval: Approval, book: Rulebook) -> str:
    now = utc_now()
    gone = gone_for_good(approval, book.approvals, book.policy, now)
    return gone or not_yet(approval, now) or "approved"


def _title(entry: Approval | Revocation) -> str:
    pin = f"  {pin_text(entry.pin)}" if entry.pin is not None else ""
    why = f"  {entry.reason}" if entry.reason else ""
    return plain(f"{entry.name} {entry.version or ''}{pin}  by {entry.by} on {entry.on:%Y-%m-%d}{why}", 400)


def _tell(as_json_wanted: bool, path: str, verb: str, rows: list[dict[str, Any]]) -> int:  # noqa: FBT001 -- an option
    if as_json_wanted:
        say_json({"file": path, verb: rows})
    else:
        names = ", ".join(plain(f"{row['name']} {row['version'] or ''}".strip()) for row in rows)
        say_lines(
            [f"{verb}: {names or 'nothing'}", *([f"in {plain(path)}; commit that file"] if rows else [])]
        )
    return 0


def _tell_where(as_json_wanted: bool, verb: str, entries: list[Revocation]) -> int:  # noqa: FBT001 -- an option
    """Tell of entries, each with the file that it was written to."""
    if as_json_wanted:
        rows = [{**as_json(each), "written_to": each.origin.file} for each in entries]
        say_json({verb: rows})
        return 0
    lines = []
    for path in dict.fromkeys(each.origin.file or "" for each in entries):
        in_it = [each for each in entries if (each.origin.file or "") == path]
        names = [f"{each.name} {each.version or ''}".strip() for each in in_it]
        whose = "; commit that file" if in_it[0].origin.layer is Layer.PROJECT else ""
        lines.append(f"{verb}: {plain(', '.join(names))}")
        lines.append(f"in {plain(path)}, which holds the approval{'s' if len(names) > 1 else ''}{whose}")
    say_lines(lines)
    return 0


def _taken_back(book: Rulebook, approval: Approval, reason: str | None) -> Revocation | FileNotWrittenError:
    try:
        return take_back(book, approval, os.environ, reason=reason)
    except FileNotWrittenError as error:
        return error


def _require_written(failed: list[tuple[Approval, FileNotWrittenError]]) -> None:
    """Raise FileNotWrittenError where an approval could not be taken back, with what can be done here."""
    if failed:
        raise FileNotWrittenError(
            f"Not all could be revoked. {'; '.join(dict.fromkeys(error.message for _, error in failed))}",
            note="The approvals in it hold until somebody who may write there revokes them.",
            hints=tuple(dict.fromkeys(_instead(approval) for approval, _ in failed)),
        )


def _instead(approval: Approval) -> str:
    """Return what can be done about an approval in a file that was not written."""
    path = approval.origin.file or ""
    real = os.path.realpath(path)
    named = f"{approval.name}=={approval.version}" if approval.version else approval.name
    if real != os.path.abspath(path):  # noqa: PTH100 -- strings
        revoking = ours(["--approvals", real, "revoke", named])
        return f"To revoke it where the link leads: {revoking}"
    own = users_file(os.environ)
    making = shell_line(["mkdir", "-p", os.path.dirname(own)])  # noqa: PTH120 -- same
    denying = ours(["--approvals", own, "deny", approval.name])
    return f"Until then, to deny the name in a file of your own: {making} && {denying}"


def plain_name(text: str) -> str:
    """Return the normalised name of a project; raises UsageError for what is none."""
    from packaging.utils import InvalidName, canonicalize_name  # noqa: PLC0415 -- these verbs alone

    try:
        return str(canonicalize_name(text, validate=True))
    except InvalidName:
        raise UsageError(f"{text!r} is no name of a project") from None
