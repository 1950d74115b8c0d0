"""Makes an approval or a revocation, and writes it where the policy says."""

from __future__ import annotations

import configparser
import getpass
import os
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipgate import trust
from pipgate.approvals import Approval, Pin, Revocation
from pipgate.approvals_file import change
from pipgate.approvals_text import added
from pipgate.build_request import Archive, BuildRequest, Directory, Purpose, Sdist, Vcs
from pipgate.decision import utc_now
from pipgate.errors import UsageError, assert_never
from pipgate.matching import normalised, pin_or_none
from pipgate.origin import BUILTIN, Layer, Origin
from pipgate.policy_places import state_home

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    is given. Without ``expires`` it lasts as long as the policy lets it.
    """
    name = normalised(request.name)
    if name is None:
        raise UsageError("it has no name under which it could be approved")
    if book.policy.require_reason.value and not reason:
        raise UsageError(f"the policy wants a reason for an approval ({book.policy.require_reason.origin})")
    now = utc_now()
    wanted = purposes or _usual(request)
    file = (request.source.filename or None) if isinstance(request.source, Sdist | Archive) else None
    life = book.policy.max_approval_life.value
    until = expires or (now.date() + life if life is not None else None)
    place = Origin(Layer.PROJECT, book.approvals_path)
    return Approval(name, request.version, pin_of(request), wanted, user(), now, place, file, until, reason)


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


def revocation_of(
    name: str, *, version: str | None = None, pin: Pin | None = None, reason: str | None = None
) -> Revocation:
    """Return a recorded no, by this user, now; without a version it denies the name."""
    return Revocation(normalised(name) or name, version, pin, user(), utc_now(), BUILTIN, reason)


def record(book: Rulebook, entry: Approval | Revocation, environ: Mapping[str, str]) -> None:
    """Write an entry to the approvals file. A project that was trusted stays so: the change is the user's.

    Raises FileNotWrittenError, or PolicyError when the file is not valid; it is then as it was.
    """
    change(book.approvals_path, lambda text: added(text, entry))
    keep_trust(book, environ)


def keep_trust(book: Rulebook, environ: Mapping[str, str]) -> None:
    """Trust the project as it is now, if it was trusted before this program changed its approvals."""
    own = os.path.realpath(book.approvals_path) == os.path.realpath(book.files.approvals_path)
    if book.trusted and own:
        with open(book.approvals_path, encoding="utf-8", newline="") as file:  # noqa: PTH123 -- a string
            trust.store(replace(book.files, approvals=file.read()), state_home(environ))


def last_day(text: str) -> date:
    """Return the day that ``--expires`` means: a date, or days from now as in P90D; raises UsageError."""
    try:
        if text.startswith("P") and text.endswith("D"):
            return utc_now().date() + timedelta(days=int(text[1:-1]))
        return date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--expires takes a date such as 2027-06-30, or days such as P90D, not {text!r}"
        ) from error


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
