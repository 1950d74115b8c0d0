"""Whether an approval still holds: what has taken it back, who did and why, and when it ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipgate.approvals import CommitPin, Pin, Revocation, Sha256Pin
from pipgate.build_request import Archive, BuildRequest, Directory, Sdist, Vcs, subdirectory_of
from pipgate.errors import assert_never
from pipgate.matching import (
    covers,
    normalised,
    pin_or_none,
    same_subject,
    same_version,
    that_may_match,
)

if TYPE_CHECKING:
    from datetime import datetime

    from pipgate.approvals import Approval, Approvals
    from pipgate.policy import Policy

_NO_LIMIT = timedelta.max
# What was approved on a machine whose clock is ahead of this one; a later date would outlive a revocation.
_CLOCKS_DIFFER = timedelta(hours=1)
DOES_NOT_HOLD = "does not hold"


def revocation_of(request: BuildRequest, approvals: Approvals) -> Revocation | None:
    """Return the latest revocation that takes back every approval of this request that there may have been.

    It stands until there is an approval that holds. One of a whole name is a denial, and none of these.
    """
    found = {
        id(revoked): revoked
        for each in (request, request.as_claimed())
        for revoked in _that_may_speak(approvals, each)
        if _speaks_of(revoked, each)
    }
    return _latest(list(found.values())) if found else None


def in_words(revoked: Revocation) -> str:
    """Return who took something back, when, why, and where that is written."""
    verb = "denied" if revoked.version is None and revoked.pin is None else "revoked"
    because = f": {revoked.reason}" if revoked.reason else ""
    return f"{verb} by {revoked.by} on {revoked.on:%Y-%m-%d}{because} ({revoked.origin})"


def why_none_holds(request: BuildRequest, policy: Policy, approvals: Approvals, now: datetime) -> str | None:
    """Return why the latest approval of this request does not hold, or None where there is none."""
    same = [each for each in that_may_match(approvals, request) if same_subject(each, request)]
    if not same:
        return None
    latest = max(same, key=lambda each: each.on)
    why = lapsed(latest, approvals, policy, request, now)
    who = f"{latest.by} on {latest.on:%Y-%m-%d}"
    return None if why is None else f"its approval by {who} {DOES_NOT_HOLD}: {why} ({latest.origin})"


def lapsed(
    approval: Approval, approvals: Approvals, policy: Policy, request: BuildRequest, now: datetime
) -> str | None:
    """Return why an approval does not hold, or None when it does."""
    gone = gone_for_good(approval, approvals, policy, now) or not_yet(approval, now)
    if gone is None and approval.version is None and request.version is not None:
        gone = _revoked_version(approval.name, request.version, approvals)
    if gone is not None:
        return gone
    if policy.require_reason.value and not approval.reason:
        return f"it has no reason ({policy.require_reason.origin})"
    if not covers(approval.purposes, request.purpose):
        return f"it is not for {request.purpose.value}"
    return None


def _revoked_version(name: str, version: str, approvals: Approvals) -> str | None:
    """Return who revoked a version, if somebody did: no approval that does not name it outlives that."""
    told = approvals.revoked_of_version(name, version)
    revoked = [each for each in told if each.version is not None and each.pin is None]
    return in_words(_latest(revoked)) if revoked else None


def gone_for_good(approval: Approval, approvals: Approvals, policy: Policy, now: datetime) -> str | None:
    """Return why an approval can match nothing any more, whatever is asked for, or None."""
    revoked = [each for each in approvals.that_may_take_back(approval) if takes_back(each, approval)]
    if revoked:
        return in_words(_latest(revoked))
    if approval.expires is not None and now.date() > approval.expires:
        return f"expired on {approval.expires}"
    if now - approval.on > (policy.max_approval_life.value or _NO_LIMIT):
        return f"older than max-approval-life ({policy.max_approval_life.origin})"
    return None


def not_yet(approval: Approval, now: datetime) -> str | None:
    """Return that an approval is dated later than now, if it is: until then it does not hold."""
    later = approval.on > now + _CLOCKS_DIFFER
    return f"dated {approval.on:%Y-%m-%d %H:%M}, which is yet to come" if later else None


def takes_back(revoked: Revocation, approval: Approval) -> bool:
    """Return whether a revocation is for this approval: by name, or not younger than it."""
    if revoked.name != approval.name:
        return False
    if revoked.version is None and revoked.pin is None:
        return True
    one_says_none = revoked.pin is not None and None in {revoked.version, approval.version}
    same = one_says_none or same_version(revoked.version, approval.version)
    return same and _holds(revoked.pin, approval.pin) and approval.on <= revoked.on


def _holds(revoked: Pin | None, pin: Pin) -> bool:
    """Return whether a pin is what a revocation names; a file or commit stands for every directory in it."""
    return revoked in {None, pin} or revoked == replace(pin, subdirectory="")


def _that_may_speak(approvals: Approvals, request: BuildRequest) -> list[Revocation]:
    if request.name is None:
        return [] if pin_or_none(request) is None else list(approvals.revoked)
    if isinstance(request.source, Sdist | Archive) and request.version is not None:
        return approvals.revoked_of_version(normalised(request.name), request.version)
    return approvals.revoked_under(normalised(request.name))


def _speaks_of(revoked: Revocation, request: BuildRequest) -> bool:
    """Return whether no approval of the request that is not younger would outlive the revocation.

    A file whose hash is not known yet may be the one; a commit is the same under any version.
    """
    if normalised(request.name) not in {revoked.name, None}:
        return False
    version_fits = None in {request.version, revoked.version} or same_version(
        revoked.version, request.version
    )
    match request.source:
        case Directory():
            return False
        case Vcs():
            pin = pin_or_none(request)
            whole = revoked.pin is None and same_version(revoked.version, request.version)
            return (whole and revoked.version is not None) or (
                isinstance(revoked.pin, CommitPin) and pin is not None and _holds(revoked.pin, pin)
            )
        case Sdist(sha256=sha256) | Archive(sha256=sha256):
            if revoked.pin is None:
                return request.name is not None and same_version(revoked.version, request.version)
            known = sha256 or (revoked.pin.sha256 if isinstance(revoked.pin, Sha256Pin) else "")
            pin = Sha256Pin(known, subdirectory_of(request.source))
            return (
                version_fits and (sha256 is not None or request.name is not None) and _holds(revoked.pin, pin)
            )
        case _:
            assert_never(request.source)


def _latest(revoked: list[Revocation]) -> Revocation:
    return max(revoked, key=lambda each: each.on)
