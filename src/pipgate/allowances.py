"""What ``--allow-build`` allows for one run: a name, a version of it, a URL or a path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipgate import archive_names
from pipgate.build_request import BuildRequest, Directory, location, subdirectory_of
from pipgate.errors import UsageError, assert_never
from pipgate.plain_text import plain
from pipgate.public_urls import public_url

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


def parse_allowance(text: str) -> Allowance:
    """Read one value of ``--allow-build``: NAME, NAME==VERSION, or a URL or path of a source.

    Raises UsageError when it is none of these. A path may be relative; it is looked up here, so that deciding
    touches no file.
    """
    # A run without allowances, the usual one, does not load it.
    from packaging.utils import InvalidName, canonicalize_name  # noqa: PLC0415 -- see above
    from packaging.version import Version  # noqa: PLC0415 -- see above

    path = _path_of(text)
    if path is not None:
        try:
            return AllowedPath(os.path.realpath(path))
        except ValueError:  # a NUL, or what the encoding of this system does not have
            raise UsageError(f"--allow-build: {plain(text)} cannot be a path") from None
    if "://" in text:
        return AllowedUrl(public_url(text))
    name, equals, version = (part.strip() for part in text.partition("=="))
    try:
        return AllowedName(str(canonicalize_name(name, validate=True)), Version(version) if equals else None)
    except (InvalidName, ValueError):  # that of an invalid version, or of thousands of digits
        raise UsageError(
            f"--allow-build takes NAME, NAME==VERSION or a URL, not {plain(text, 80)!r}"
        ) from None


def matches(allowance: Allowance, request: BuildRequest) -> bool:
    """Return whether an allowance covers a request."""
    match allowance:
        case AllowedUrl(url):
            return not isinstance(request.source, Directory) and url == public_url(location(request.source))
        case AllowedPath(path):
            return path == _path_of(location(request.source)) and not subdirectory_of(request.source)
        case AllowedName():
            return request.is_known_by_name and same_name(allowance, request)
        case _:
            assert_never(allowance)


def _path_of(place: str) -> str | None:
    """Return the path that ``place`` is or, as a ``file:`` URL without a subdirectory, stands for."""
    if place.lower().startswith("file://") and "#" not in place:
        return unquote(urlsplit(place).path)
    return place if place.startswith(("/", "./", "../")) or place in {".", ".."} else None


def same_name(allowance: AllowedName, request: BuildRequest) -> bool:
    """Return whether a request is for the name, and for the version where one is given."""
    if request.name is None or archive_names.normalised(request.name) != allowance.name:
        return False
    return allowance.version is None or archive_names.version_key(request.version) == allowance.version
