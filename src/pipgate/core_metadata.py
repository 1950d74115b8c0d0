"""The core metadata that a resolution uses: read from PKG-INFO, written as METADATA, compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipgate.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_REQUIREMENTS = 20_000
LONGEST_REQUIREMENT = 4_096  # characters
_LARGEST_HEADERS = 2 << 20  # bytes; old ones hold the whole description

_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE)  # PEP 508
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
    if not _NAME.fullmatch(name or ""):
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
    """Return a parsed requirement (PEP 508); raises MetadataError."""
    try:
        return Requirement(_short(text, where))
    except (InvalidRequirement, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise MetadataError(f"{where}: {_shown(text)} is no requirement: {plain(reason)}") from error


def conditional(parsed: Requirement, condition: str, where: str) -> str:
    """Return a requirement that holds only under one more marker (PEP 508); raises MetadataError."""
    try:
        parsed.marker = Marker(f"({parsed.marker}) and ({condition})" if parsed.marker else condition)
    except (InvalidMarker, ValueError, RecursionError) as error:
        raise MetadataError(f"{where}: {_shown(condition)} is no marker") from error
    return str(parsed)


def as_metadata(fields: CoreMetadata) -> bytes:
    """Return a METADATA file with these fields and no others."""
    lines = ["Metadata-Version: 2.1", f"Name: {fields.name}", f"Version: {fields.version}"]
    if fields.requires_python is not None:
        lines.append(f"Requires-Python: {fields.requires_python}")
    lines += [f"Provides-Extra: {each}" for each in fields.provides_extra]
    lines += [f"Requires-Dist: {each}" for each in fields.requires_dist]
    return ("\n".join(lines) + "\n").encode()


def differences(static: CoreMetadata, built: CoreMetadata) -> tuple[str, ...]:
    """Return what a build says otherwise: ``-`` what it does not say, ``+`` what it adds.

    Requirements are compared by what they mean on this machine, for every extra: two ways to write a marker
    are no difference, and neither is a requirement that holds on other platforms alone.
    """
    lines = _changed("Name", {canonicalize_name(static.name)}, {canonicalize_name(built.name)})
    lines += _changed("Version", {str(Version(static.version))}, {str(Version(built.version))})
    lines += _changed("Requires-Python", _specifiers(static), _specifiers(built))
    lines += _changed("Provides-Extra", _extras(static), _extras(built))
    if sorted(static.requires_dist) != sorted(built.requires_dist):
        lines += _changed("Requires-Dist", _meaning(static), _meaning(built))
    return tuple(lines)


def _used_headers(data: bytes, where: str) -> bytes:
    """Return the headers that are used, and of no others a byte, so that hostile ones cost nothing."""
    kept: list[bytes] = []
    keeping = False
    headers = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
    if len(headers) > _LARGEST_HEADERS:
        raise MetadataError(f"{where}: its headers are larger than {_LARGEST_HEADERS >> 20} MiB")
    for line in headers.splitlines():
        if not _HEADER.match(line):
            break
        if line[:1] not in b" \t":
            keeping = line.partition(b":")[0].lower() in _USED
        if keeping:
            kept.append(line)
    if len(kept) > 2 * MOST_REQUIREMENTS:
        raise MetadataError(f"{where}: more than {2 * MOST_REQUIREMENTS} lines of headers")
    return b"\n".join(kept) + b"\n\n"


def _short(text: str, where: str) -> str:
    if len(text) > LONGEST_REQUIREMENT:
        raise MetadataError(f"{where}: a requirement is longer than {LONGEST_REQUIREMENT} characters")
    return text


def _version(text: str | None, where: str) -> str:
    try:
        return str(Version(_short(text or "", where)))
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
    if not _NAME.fullmatch(text.strip()):
        raise MetadataError(f"{where}: {_shown(text)} is no name of an extra")
    return text.strip()


def _shown(text: str | None) -> str:
    return "nothing" if text is None else repr(plain(text, 80))


def _changed(field: str, static: set[str], built: set[str]) -> list[str]:
    gone = [f"- {field}: {plain(each)}" for each in sorted(static - built)]
    return gone + [f"+ {field}: {plain(each)}" for each in sorted(built - static)]


def _specifiers(fields: CoreMetadata) -> set[str]:
    return {str(each) for each in SpecifierSet(fields.requires_python or "")}


def _extras(fields: CoreMetadata) -> set[str]:
    return {canonicalize_name(each) for each in fields.provides_extra}


def _meaning(fields: CoreMetadata) -> set[str]:
    """Return what holds here: each requirement without its marker, once for every extra it holds with."""
    extras = ["", *sorted(_extras(fields))]
    meaning = set()
    for text in fields.requires_dist:
        parsed = Requirement(text)
        marker, parsed.marker = parsed.marker, None
        parsed.name = canonicalize_name(parsed.name)
        if marker is None:
            meaning.add(str(parsed))
            continue
        try:
            asked = extras if "extra" in str(marker) else [""]
            holds = [extra for extra in asked if marker.evaluate({"extra": extra})]
        except UndefinedEnvironmentName:
            meaning.add(f"{parsed} ; {marker}")
            continue
        meaning |= {f"{parsed} [{extra}]" if extra else str(parsed) for extra in holds}
    return meaning
