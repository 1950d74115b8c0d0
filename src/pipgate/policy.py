"""The rules: a build request and a policy in, a decision out; no I/O, no clock, no environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipgate.build_request import Archive, BuildRequest, Directory, Sdist, Vcs, location, public_url
from pipgate.errors import UsageError, assert_never

if TYPE_CHECKING:
    from packaging.version import Version


@dataclass(frozen=True, slots=True)
class AllowedName:
    """A build that is allowed by name, and by version where one is given."""

    name: str
    version: Version | None


@dataclass(frozen=True, slots=True)
class AllowedUrl:
    """A build that is allowed by the URL of its source."""

    url: str


@dataclass(frozen=True, slots=True)
class AllowedPath:
    """A build that is allowed by the real path of its directory or archive."""

    path: str


Allowance = AllowedName | AllowedUrl | AllowedPath


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed: ``allowances`` for this run, and the user's own trees if ``first_party`` is on."""

    allowances: tuple[Allowance, ...] = ()
    first_party: bool = True


@dataclass(frozen=True, slots=True)
class Allowed:
    """A yes: ``code`` is stable, ``reason`` is for a person."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A no: ``code`` is stable, ``reason`` and, line by line, ``details`` are for a person."""

    code: str
    reason: str
    details: tuple[str, ...] = ()


Decision = Allowed | Refused

NEEDS_APPROVAL = Refused("needs-approval", "nobody has approved this build")
NAME_IS_NOT_ENOUGH = Refused(
    "needs-approval", "a name does not allow a source that you have not named yourself"
)
UNIDENTIFIED = Refused("unidentified", "its file has no sha256 to hold it to")


def parse_allowance(text: str) -> Allowance:
    """Read one value of ``--allow-build``: NAME, NAME==VERSION, or a URL or path of a source.

    Raises UsageError when it is none of these. A path may be relative; it is looked up here, so that deciding
    touches no file.
    """
    # A run without allowances, the usual one, does not load it.
    from packaging.utils import InvalidName, canonicalize_name  # noqa: PLC0415 -- see above
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 -- see above

    path = _path_of(text)
    if path is not None:
        return AllowedPath(os.path.realpath(path))
    if "://" in text:
        return AllowedUrl(public_url(text))
    name, equals, version = (part.strip() for part in text.partition("=="))
    try:
        return AllowedName(str(canonicalize_name(name, validate=True)), Version(version) if equals else None)
    except (InvalidName, InvalidVersion):
        raise UsageError(f"--allow-build takes NAME, NAME==VERSION or a URL, not {text!r}") from None


def decide(request: BuildRequest, policy: Policy) -> Decision:
    """Decide one build request; total, and the same answer for the same arguments.

    A directory that the user named is first party. An allowance by URL holds for every source; an allowance
    by name holds for files of an index and for what the user named, so that the metadata of a package cannot
    point an allowed name somewhere else. Everything else is refused.
    """
    if isinstance(request.source, Directory) and request.named_by_user and policy.first_party:
        return Allowed("first-party", "a directory that you named is first party")
    for allowance in policy.allowances:
        if _matches(allowance, request):
            return _pinned(request)
    if any(isinstance(each, AllowedName) and _same_name(each, request) for each in policy.allowances):
        return NAME_IS_NOT_ENOUGH
    return NEEDS_APPROVAL


def _pinned(request: BuildRequest) -> Decision:
    match request.source:
        case Sdist(sha256=None) | Archive(sha256=None):
            return UNIDENTIFIED
        case Sdist() | Archive() | Vcs() | Directory():
            return Allowed("allowed-for-this-run", "--allow-build allows it for this run")
        case _:
            assert_never(request.source)


def _matches(allowance: Allowance, request: BuildRequest) -> bool:
    match allowance:
        case AllowedUrl(url):
            return not isinstance(request.source, Directory) and url == public_url(location(request.source))
        case AllowedPath(path):
            return path == _path_of(location(request.source))
        case AllowedName():
            by_name = isinstance(request.source, Sdist) or request.named_by_user
            return by_name and _same_name(allowance, request)
        case _:
            assert_never(allowance)


def _path_of(place: str) -> str | None:
    """Return the path that ``place`` is or, as a ``file:`` URL without a subdirectory, stands for."""
    if place.lower().startswith("file://") and "#" not in place:
        return unquote(urlsplit(place).path)
    return place if place.startswith(("/", "./", "../")) or place in {".", ".."} else None


def _same_name(allowance: AllowedName, request: BuildRequest) -> bool:
    from packaging.utils import canonicalize_name  # noqa: PLC0415 -- loaded by parse_allowance
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 -- same

    if request.name is None or canonicalize_name(request.name) != allowance.name:
        return False
    if allowance.version is None:
        return True
    try:
        return request.version is not None and Version(request.version) == allowance.version
    except InvalidVersion:
        return False
