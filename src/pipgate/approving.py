"""Makes an approval or a revocation, and writes it where the policy says."""

from __future__ import annotations

import configparser
import getpass
import os
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipgate import trust
from pipgate.approval_words import recorded_name
from pipgate.approvals import Approval, Approvals, Pin, Revocation
from pipgate.approvals_file import change
from pipgate.approvals_text import added, all_added, parse_approvals
from pipgate.archive_names import is_version
from pipgate.build_request import Archive, BuildRequest, Directory, Purpose, Sdist, Vcs
from pipgate.decision import utc_now
from pipgate.errors import LeadsOutError, UsageError, assert_never
from pipgate.lapses import takes_back
from pipgate.matching import normalised, pin_or_none
from pipgate.origin import BUILTIN, Layer, Origin
from pipgate.plain_text import plain
from pipgate.policy_values import WrongValueError, text
from pipgate.user_directories import is_projects, state_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipgate.rulebook import Rulebook

BUILDS = frozenset({Purpose.METADATA, Purpose.WHEEL})


def approval_of(
    request: BuildRequest,
    book: Rulebook,
    *,
    reason: str | None = None,
    expires: date | None = None,
    purposes: frozenset[Purpose] | None = None,
) -> Approval:
    """Return an approval of exactly this request, by this user, now.

    Raises UsageError for what has no bytes that could be pinned, and where the policy wants a reason and none
    is given. Without ``expires`` it lasts as long as the policy lets it. What is no version in the name of a
    file is left out, and so is a name that an approvals file may not hold: the bytes hold it.
    """
    name = recorded_name(request)
    version = request.version if is_version(request.version or "") else None
    _require_words(reason)
    if book.policy.require_reason.value and not reason:
        raise UsageError(f"the policy wants a reason for an approval ({book.policy.require_reason.origin})")
    now = utc_now()
    wanted = purposes or _usual(request)
    file = _file_to_write(request.source.filename) if isinstance(request.source, Sdist | Archive) else None
    life = book.policy.max_approval_life.value
    until = expires or (now.date() + life if life is not None else None)
    place = Origin(Layer.PROJECT, book.approvals_path)
    return Approval(name, version, pin_of(request), wanted, user(), now, place, file, until, reason)


def _file_to_write(filename: str) -> str | None:
    try:
        return text(filename)
    except WrongValueError:
        return None


def _usual(request: BuildRequest) -> frozenset[Purpose]:
    """Return what an approval covers without a word: of a checkout an editable build as well."""
    editable = {Purpose.EDITABLE} if isinstance(request.source, Vcs) else set()
    return BUILDS | {request.purpose} | editable


def pin_of(request: BuildRequest) -> Pin:
    """Return what holds a request to its bytes; raises UsageError for one that has none."""
    pin = pin_or_none(request)
    if pin is not None:
        return pin
    match request.source:
        case Vcs():
            raise UsageError("a checkout is approved by its whole commit id: NAME@URL@COMMIT")
        case Sdist() | Archive():
            raise UsageError("its file has no sha256 that it could be held to")
        case Directory():
            raise UsageError(
                "a directory has no bytes that could be pinned; name it on the command line instead"
            )
        case _:
            assert_never(request.source)


def _require_words(reason: str | None) -> None:
    if reason is None:
        return
    try:
        text(reason)
    except WrongValueError:
        raise UsageError("--reason takes words, on one line and without control characters") from None


def revocation_of(
    name: str, *, version: str | None = None, pin: Pin | None = None, reason: str | None = None
) -> Revocation:
    """Return a recorded no, by this user, now; without a version it denies the name."""
    _require_words(reason)
    return Revocation(normalised(name) or name, version, pin, user(), utc_now(), BUILTIN, reason)


def record(book: Rulebook, entry: Approval | Revocation, environ: Mapping[str, str]) -> None:
    """Write an entry to the approvals file, as ``record_all`` does."""
    record_all(book, [entry], environ)


def record_all(book: Rulebook, entries: Sequence[Approval | Revocation], environ: Mapping[str, str]) -> None:
    """Write entries to the approvals file, all of them in one write.

    A project that was trusted stays so: the change is the user's. An approval outlives what revoked it, in
    whatever file that stands: its writer was told of it. Raises FileNotWrittenError, or PolicyError when the
    file is not valid; it is then as it was.
    """

    def edit(text: str | None) -> str:
        held = _held_in(text, entries[0].origin)
        return all_added(text, [_dated_to_count(each, held, book) for each in entries])

    if entries:
        rewrite(book, book.approvals_path, edit, environ)


def take_back(
    book: Rulebook, approval: Approval, environ: Mapping[str, str], *, reason: str | None = None
) -> Revocation:
    """Write a revocation to the file that holds the approval, so that it holds wherever that does.

    Raises what ``record`` raises.
    """
    path = _as_named(approval.origin.file or book.approvals_path, book)
    revoked = revocation_of(approval.name, version=approval.version, pin=approval.pin, reason=reason)
    entry = replace(revoked, origin=Origin(approval.origin.layer, path))

    def edit(text: str | None) -> str:
        return added(text, _dated_to_count(entry, _held_in(text, entry.origin), book))

    rewrite(book, path, edit, environ)
    return entry


def rewrite(book: Rulebook, path: str, edit: Callable[[str | None], str], environ: Mapping[str, str]) -> None:
    """Change an approvals file; the project stays trusted if its files were as they had been trusted.

    Raises what ``change`` raises, and LeadsOutError for the project's file where that is a link out of
    the project: what is recorded there would hold elsewhere too.
    """
    path = _as_named(path, book)
    real, root = os.path.realpath(path), os.path.realpath(book.project)
    if _is_own(book, path) and not real.startswith(root.rstrip("/") + "/"):
        linked = real != os.path.abspath(path)  # noqa: PTH100 -- strings
        where = f"is a link out of the project, to {plain(real)}"
        told = f"{plain(path)} {where if linked else f'does not lie in the project ({plain(root)})'}"
        raise LeadsOutError(told, real)
    texts: list[tuple[str | None, str]] = []

    def noted(text: str | None) -> str:
        texts.append((text, edit(text)))
        return texts[-1][1]

    change(path, noted)
    for before, after in texts if _is_own(book, path) else []:
        _keep_trust(book, before or "", after, state_home(environ))


def _as_named(path: str, book: Rulebook) -> str:
    """Return a path by the name that the caller gave, where the file has two."""
    is_same = os.path.realpath(path) == os.path.realpath(book.approvals_path)
    return book.approvals_path if is_same else path


def _keep_trust(book: Rulebook, before: str, after: str, state: str) -> None:
    """Trust the project as it is now, if it was trusted with the very text that has been changed."""
    if is_projects(state, book.files.root):
        return  # it would trust nothing, and counts_later says so
    was = replace(book.files, approvals=before)
    if was.says_nothing or trust.is_trusted(was, state):
        trust.store(replace(book.files, approvals=after), state)


def _is_own(book: Rulebook, path: str) -> bool:
    """Return whether a file is the project's own, by its name and not by what it leads to."""
    return os.path.abspath(path) == os.path.abspath(book.files.approvals_path)  # noqa: PTH100 -- strings


def counts_later(book: Rulebook) -> str | None:
    """Return why what is recorded does not count in the next run, with what changes that, or None."""
    if not _is_own(book, book.approvals_path) or book.trusted:
        return None
    if book.trusted_by_system_alone:
        return "The system's policy does not trust this project, so it does not count here."
    trusting = book.again.command("trust")
    return f"This project is not trusted, so it does not count yet. After reading its files: {trusting}"


def _held_in(text: str | None, origin: Origin) -> Approvals:
    return Approvals() if text is None else parse_approvals(text, origin.file or "", origin.layer)


def _dated_to_count(entry: Approval | Revocation, held: Approvals, book: Rulebook) -> Approval | Revocation:
    """Return the entry with a date by which it does what its writer means.

    What was written on a machine whose clock is ahead, or a moment ago, would else beat it.
    """
    if isinstance(entry, Approval):
        revoked = (*held.revoked, *book.approvals.revoked)
        beaten_by = [each.on for each in revoked if takes_back(each, replace(entry, on=each.on))]
        later = max((on + timedelta(seconds=1) for on in beaten_by), default=entry.on)
    else:
        meant = [each for each in held.approved if takes_back(replace(entry, on=each.on), each)]
        later = max((each.on for each in meant), default=entry.on)
    return replace(entry, on=max(entry.on, later))


def last_day(text: str) -> date:
    """Return the day that ``--expires`` means: a date, or days from now as in P90D; raises UsageError."""
    today = utc_now().date()
    try:
        is_span = re.fullmatch(r"P[0-9]+D", text, re.ASCII)
        day = today + timedelta(days=int(text[1:-1])) if is_span else date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--expires takes a date such as 2027-06-30, or days such as P90D, not {text!r}"
        ) from error
    if day < today:
        raise UsageError(f"--expires takes a day to come, and {day} is in the past (it is {today}, UTC)")
    return day


def user() -> str:
    """Return who is at the keyboard: the address that git commits under, else the name of the account."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        parser.read(os.path.expanduser("~/.gitconfig"), encoding="utf-8")  # noqa: PTH111 -- a string
        email = parser.get("user", "email", fallback="")
    except (configparser.Error, UnicodeDecodeError):
        email = ""
    if email:
        return email
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
