"""Whether an approval, a rule or a first-party entry speaks of a request."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from pipgate import archive_names
from pipgate.approvals import Approval, Approvals, CommitPin, Pin, Sha256Pin
from pipgate.build_request import (
    Archive,
    BuildRequest,
    Directory,
    Purpose,
    Sdist,
    Source,
    Vcs,
    subdirectory_of,
)
from pipgate.errors import assert_never
from pipgate.policy import fits
from pipgate.public_urls import climbs, commit_in, public_url, repository

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from pipgate.policy import Policy, Rule


def normalised(name: str | None) -> str | None:
    """Return a name as PEP 503 has it."""
    return None if name is None else archive_names.normalised(name)


def identity(request: BuildRequest) -> tuple[str | None, str | None, Source]:
    """Return what makes two requests ones for the same thing."""
    return request.name, request.version, request.source


def that_may_match(approvals: Approvals, request: BuildRequest) -> list[Approval]:
    """Return the approvals to compare: those under its name, or all where it has none but a pin."""
    if request.name is None:
        return list(approvals.approved) if pin_or_none(request) is not None else []
    if isinstance(request.source, Sdist | Archive) and request.version is not None:
        return approvals.of_version(normalised(request.name), request.version)
    return approvals.named(normalised(request.name))


def same_subject(approval: Approval, request: BuildRequest) -> bool:
    """Return whether an approval is for these very bytes or this commit, this directory, and this name.

    What somebody named by its URL or path may have no name or version but those in its files; its bytes or
    its commit are enough, and so are the bytes for an approval without a version. A file whose hash is not
    known yet may be the approved one of its version; it gets no yes before it has one.
    """
    if normalised(request.name) not in {approval.name, None} or _in_another_directory(approval, request):
        return False
    match approval.pin, request.source:
        case Sha256Pin(sha256), Archive(sha256=other) if request.name is None or request.version is None:
            return other == sha256
        case Sha256Pin(sha256), Sdist(sha256=other) | Archive(sha256=other) if approval.version is None:
            return other == sha256 and request.name is not None
        case Sha256Pin(sha256), Sdist(sha256=other) | Archive(sha256=other) if request.name is not None:
            return other in {sha256, None} and same_version(approval.version, request.version)
        case CommitPin(vcs, commit), Vcs(url, found):
            return repository(vcs) == repository(url) and commit == (found or commit_in(url))
        case _:
            return False


def _in_another_directory(approval: Approval, request: BuildRequest) -> bool:
    return approval.pin.subdirectory != subdirectory_of(request.source)


def another_file(approval: Approval, request: BuildRequest) -> bool:
    """Return whether an approval is for this name and version, and for other bytes.

    What says no version is another file whenever its branch moves on.
    """
    source = request.source
    if not isinstance(source, Sdist | Archive) or not isinstance(approval.pin, Sha256Pin):
        return False
    if request.version is None:
        return False
    same = approval.name == normalised(request.name) and same_version(approval.version, request.version)
    return same and source.sha256 not in {approval.pin.sha256, None}


def covers(purposes: frozenset[Purpose], wanted: Purpose) -> bool:
    """Return whether what was approved includes what is wanted: a build includes its metadata."""
    return wanted in purposes or (wanted is Purpose.METADATA and bool(purposes))


def rule_matches(rule: Rule, request: BuildRequest, now: datetime) -> bool:
    """Return whether a rule speaks of a request; an allow holds for files of an index and what was named."""
    name = normalised(request.name)
    if name is None or not fits(name, rule.name) or _is_over(rule.expires, now):
        return False
    if rule.version and not _in_specifier(request.version, rule.version):
        # What cannot be compared is blocked or asked about all the same, and never allowed.
        return rule.verdict.value > 0 and archive_names.version_of(request.version or "") is None
    if rule.index is not None and not _from_index(request, rule.index):
        return False
    return rule.verdict.value > 0 or request.is_known_by_name


def specificity(rule: Rule) -> tuple[bool, bool, bool]:
    """Return a key that sorts the most specific rule first: version, then index, then a whole name."""
    return (not rule.version, rule.index is None, "*" in rule.name)


def first_party_name(request: BuildRequest, policy: Policy) -> bool:
    """Return whether a request is for a name of one's own, from a place of one's own."""
    name = normalised(request.name)
    if name is None or not any(fits(name, each) for each in policy.first_party_names.value):
        return False
    match request.source:
        case Sdist(subdirectory=""):
            return any(_from_index(request, index) for index in policy.first_party_indexes.value)
        case Vcs(url, _):
            return any(_lies_in(url, place) for place in policy.first_party_vcs.value)
        case Sdist() | Archive() | Directory():
            return False
        case _:
            assert_never(request.source)


def own_archive(request: BuildRequest, policy: Policy) -> bool:
    """Return whether a request is for an archive that the user named, in a place where one's own are made."""
    place = request.offer.local
    if not isinstance(request.source, Archive) or not request.named_by_user or place is None:
        return False
    return in_paths(place, policy.first_party_archives.value)


def in_paths(path: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a real path lies in one of the directories, which are real too; ``*`` is everywhere."""
    return any(each in {"*", path} or path.startswith(each.rstrip("/") + "/") for each in allowed)


def too_young(uploaded: str | None, least: timedelta, now: datetime) -> str | None:
    """Return why a file counts as too new: by its age, or because nothing says when it was uploaded."""
    if uploaded is None:
        return "nothing says when it was uploaded, which counts as too new"
    try:
        when = datetime.fromisoformat(uploaded.replace("Z", "+00:00"))
    except ValueError:
        return "its upload time cannot be read, which counts as too new"
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    if now - when < least:
        return f"it was uploaded on {when:%Y-%m-%d}, less than {_days(least)} ago"
    return None


def pin_or_none(request: BuildRequest) -> Pin | None:
    """Return what holds a request to its bytes, as far as it is known."""
    match request.source:
        case Sdist(sha256=str(sha256)) | Archive(sha256=str(sha256)):
            return Sha256Pin(sha256, request.source.subdirectory)
        case Vcs(url, commit, subdirectory):
            found = commit or commit_in(url)
            return None if found is None else CommitPin(repository(url), found, subdirectory)
        case Sdist() | Archive() | Directory():
            return None
        case _:
            assert_never(request.source)


def pin_text(pin: Pin) -> str:
    """Return a pin for a person."""
    directory = f" subdirectory:{pin.subdirectory}" if pin.subdirectory else ""
    match pin:
        case Sha256Pin(sha256):
            return f"sha256:{sha256}{directory}"
        case CommitPin(vcs, commit):
            return f"{vcs} commit:{commit}{directory}"
        case _:
            assert_never(pin)


def same_version(one: str | None, other: str | None) -> bool:
    """Return whether two versions are the same one, however they are written (PEP 440)."""
    return archive_names.version_key(one) == archive_names.version_key(other)


def _in_specifier(version: str | None, specifier: str) -> bool:
    found = archive_names.version_of(version or "")
    return found is not None and _specifier(specifier).contains(found, prereleases=True)


@lru_cache(maxsize=1 << 12)
def _specifier(text: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 -- a run without rules does not need it

    return SpecifierSet(text)


def _is_over(expires: date | None, now: datetime) -> bool:
    return expires is not None and now.date() > expires


def _from_index(request: BuildRequest, index: str) -> bool:
    page = request.offer.index
    return isinstance(request.source, Sdist) and page is not None and _lies_in(page, index)


def _lies_in(url: str, place: str) -> bool:
    """Return whether a URL is the place or lies below it.

    A name that only begins alike is another, and what goes up again (``..``, however written) lies nowhere.
    """
    if climbs(url):
        return False
    return f"{public_url(url).rstrip('/')}/".startswith(public_url(place).rstrip("/") + "/")


def _days(span: timedelta) -> str:
    days = span.days
    return f"{days} day{'s' if days != 1 else ''}" if days else f"{span.seconds // 3600} hours"
