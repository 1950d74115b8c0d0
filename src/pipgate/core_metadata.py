"""The core metadata that a resolution uses: read from PKG-INFO, written as METADATA, compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipgate.archive_names import is_name
from pipgate.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_REQUIREMENTS = 20_000
LONGEST_REQUIREMENT = 4_096  # characters
_LONGEST_NAME = 200  # characters; pip makes a directory of name and version
_DEEPEST_MARKER = 50  # parentheses
_LARGEST_HEADERS = 2 << 20  # bytes; old ones hold the whole description

# What email.parser takes for a header or a continuation; at any other line it, and so pip, stops.
_HEADER = re.compile(rb"From |[\x21-\x39\x3b-\x7e]*:|[\t ]")
_USED = frozenset(
    (
        b"dynamic",
        b"metadata-version",
        b"name",
        b"provides-extra",
        b"requires-dist",
        b"requires-python",
        b"version",
    )
)


class MetadataError(Exception):
    """Metadata that cannot be read as what it is said to be; the text names the file and the field."""


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """The fields that a resolution uses, each known to be well formed (PEP 508, PEP 440, PEP 685)."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PkgInfo:
    """The headers of a PKG-INFO as they stand there, and the version of the format they say they have."""

    metadata_version: tuple[int, ...]
    fields: CoreMetadata
    dynamic: frozenset[str]


def read_pkg_info(data: bytes, where: str) -> PkgInfo:
    """Read the headers of a PKG-INFO or METADATA file (PEP 241 to PEP 643).

    ``where`` is its name for messages. Raises MetadataError for what a resolution cannot do without.
    """
    raw, unparsed = parse_email(_used_headers(data, where))
    for field in unparsed:
        raise MetadataError(f"{where}: the field {plain(field)} is not readable or stands there twice")
    fields = known_good(
        where,
        name=raw.get("name"),
        version=raw.get("version"),
        requires_dist=raw.get("requires_dist", ()),
        requires_python=raw.get("requires_python"),
        provides_extra=raw.get("provides_extra", ()),
    )
    number = re.fullmatch(r"\d{1,4}(?:\.\d{1,4})*", raw.get("metadata_version", "").strip())
    if number is None:
        raise MetadataError(f"{where}: its Metadata-Version is no version")
    dynamic = frozenset(each.strip().lower() for each in raw.get("dynamic", ()))
    return PkgInfo(tuple(map(int, number.group().split("."))), fields, dynamic)


def known_good(  # noqa: PLR0913 -- the fields of the type that it makes
    where: str,
    *,
    name: str | None,
    version: str | None,
    requires_dist: Iterable[str] = (),
    requires_python: str | None = None,
    provides_extra: Iterable[str] = (),
) -> CoreMetadata:
    """Return the fields once each is well formed; raises MetadataError naming the first that is not."""
    if not is_name(name or "") or len(name or "") > _LONGEST_NAME:
        raise MetadataError(f"{where}: {_shown(name)} is no name of a project")
    assert name is not None
    requirements = tuple(requires_dist)
    if len(requirements) > MOST_REQUIREMENTS:
        raise MetadataError(f"{where}: more than {MOST_REQUIREMENTS} requirements")
    return CoreMetadata(
        name,
        _version(version, where),
        tuple(str(requirement(each, where)) for each in requirements),
        _requires_python(requires_python, where),
        tuple(_extra(each, where) for each in provides_extra),
    )


def requirement(text: str, where: str) -> Requirement:
    """Return a parsed requirement (PEP 508) that pip can work with too; raises MetadataError."""
    try:
        return _usable(Requirement(_short(text, where)), text)
    except (
        InvalidRequirement,
        UndefinedComparison,
        UndefinedEnvironmentName,
        ValueError,
        RecursionError,
    ) as error:
        reason = str(error).partition("\n")[0]
        raise MetadataError(f"{where}: {_shown(text)} is no requirement: {plain(reason)}") from error


def _usable(parsed: Requirement, text: str) -> Requirement:
    """Return a requirement whose marker and URL pip can work with, which not every one that parses has."""
    if parsed.marker is not None:
        if text.count("(") > _DEEPEST_MARKER:
            raise ValueError("its marker is nested too deeply")
        parsed.marker.evaluate({"extra": ""})
    if parsed.url is not None and not _is_url(parsed.url):
        raise ValueError("its URL is none")
    return parsed


def conditional(parsed: Requirement, condition: str, where: str) -> str:
    """Return a requirement that holds only under one more marker (PEP 508); raises MetadataError."""
    try:
        parsed.marker = Marker(f"({parsed.marker}) and ({condition})" if parsed.marker else condition)
    except (InvalidMarker, ValueError, RecursionError) as error:
        raise MetadataError(f"{where}: {_shown(condition)} is no marker") from error
    return str(parsed)


def as_metadata(fields: CoreMetadata, own: bytes | None = None) -> bytes:
    """Return a METADATA file with these fields, and with what else the sdist's PKG-INFO says."""
    lines = ["Metadata-Version: 2.1", f"Name: {fields.name}", f"Version: {fields.version}"]
    if fields.requires_python is not None:
        lines.append(f"Requires-Python: {fields.requires_python}")
    lines += [f"Provides-Extra: {each}" for each in fields.provides_extra]
    lines += [f"Requires-Dist: {each}" for each in fields.requires_dist]
    return ("\n".join(lines) + "\n").encode() + _other_headers(own or b"")


def as_lines(own: bytes) -> bytes:
    """Return a PKG-INFO without the header that has an email parser look for messages in its body.

    Such a parser calls itself for each of them; it is no field of core metadata.
    """
    lines = [line for line, _ in _headers(own, "PKG-INFO")]
    if not any(map(_has_parts, lines)):
        return own
    kept, dropped = [], False
    for line in lines:
        dropped = _has_parts(line) or (dropped and line[:1] in b" \t")
        kept += [] if dropped else [line]
    return b"".join(line + b"\n" for line in kept) + own[len(_head(own)) :]


def _has_parts(line: bytes) -> bool:
    return line.lower().startswith(b"content-type:")


def _used_headers(data: bytes, where: str) -> bytes:
    """Return the headers that are used, and of no others a byte, so that hostile ones cost nothing."""
    kept = [line for line, used in _headers(data, where) if used]
    if len(kept) > 2 * MOST_REQUIREMENTS:
        raise MetadataError(f"{where}: more than {2 * MOST_REQUIREMENTS} lines of headers")
    return b"\n".join(kept) + b"\n\n"


def _other_headers(data: bytes) -> bytes:
    """Return all that a PKG-INFO says beside the fields that are used, where it is text; its body as well."""
    try:
        data.decode("utf-8")
        others = [line for line, used in _headers(data, "PKG-INFO") if not used]
    except (UnicodeDecodeError, MetadataError):
        return b""
    if any(_has_parts(line) or line.lower().startswith(b"from ") for line in others):
        return b""  # the email parser would make more of it than lines
    return b"".join(line + b"\n" for line in others) + data[len(_head(data)) :]


def _head(data: bytes) -> bytes:
    return re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]


def _headers(data: bytes, where: str) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines of the headers, and whether each belongs to a field that is used."""
    head, used = _head(data), False
    if len(head) > _LARGEST_HEADERS:
        raise MetadataError(f"{where}: its headers are larger than {_LARGEST_HEADERS >> 20} MiB")
    for line in head.splitlines():
        if not _HEADER.match(line):
            return
        if line[:1] not in b" \t":
            used = line.partition(b":")[0].lower() in _USED
        yield line, used


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and bool(parts.netloc or parts.path) and text.isprintable()


def _short(text: str, where: str) -> str:
    if len(text) > LONGEST_REQUIREMENT:
        raise MetadataError(f"{where}: a requirement is longer than {LONGEST_REQUIREMENT} characters")
    return text


def _version(text: str | None, where: str) -> str:
    if len(text or "") > _LONGEST_NAME:
        raise MetadataError(f"{where}: {_shown(text)} is no version (PEP 440)")
    try:
        return str(Version(text or ""))
    except (InvalidVersion, ValueError) as error:
        raise MetadataError(f"{where}: {_shown(text)} is no version (PEP 440)") from error


def _requires_python(text: str | None, where: str) -> str | None:
    if text is None or not text.strip():
        return None
    try:
        return str(SpecifierSet(_short(text, where))) or None
    except (InvalidSpecifier, ValueError) as error:
        raise MetadataError(f"{where}: Requires-Python {_shown(text)} is no version specifier") from error


def _extra(text: str, where: str) -> str:
    if not is_name(text.strip()):
        raise MetadataError(f"{where}: {_shown(text)} is no name of an extra")
    return str(canonicalize_name(text.strip()))


def _shown(text: str | None) -> str:
    return "nothing" if text is None else repr(plain(text, 80))
