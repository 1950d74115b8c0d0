"""What an earlier build recorded: requires.txt of an egg-info, and a PKG-INFO that promises nothing."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pipgate.core_metadata import (
    LONGEST_REQUIREMENT,
    MOST_REQUIREMENTS,
    CoreMetadata,
    MetadataError,
    conditional,
    known_good,
    read_pkg_info,
    requirement,
)
from pipgate.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMPLETE_SINCE = (2, 0)  # before it, PKG-INFO of an sdist rarely had Requires-Dist


@dataclass(frozen=True, slots=True)
class RecordedRequires:
    """What requires.txt says, in the form of core metadata."""

    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]


def read_requires_txt(text: str, where: str) -> RecordedRequires:
    """Read requires.txt: requirements, in sections ``[extra]``, ``[:marker]`` and ``[extra:marker]``.

    Raises MetadataError naming the line that is none of these.
    """
    found: list[str] = []
    extras: dict[str, None] = {}
    marker: str | None = None
    lines = text.splitlines()
    if len(lines) > 2 * MOST_REQUIREMENTS:
        raise MetadataError(f"{where}: more than {2 * MOST_REQUIREMENTS} lines")
    for number, line in enumerate(map(str.strip, lines), start=1):
        place = f"{where}, line {number}"
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            marker = _section(line, place, extras)
        else:
            parsed = requirement(line, place)
            found.append(conditional(parsed, marker, place) if marker else str(parsed))
    return RecordedRequires(tuple(found), tuple(extras))


def _section(line: str, place: str, extras: dict[str, None]) -> str | None:
    """Return the marker that holds for all of a section, and note its extra."""
    if not line.endswith("]") or len(line) > LONGEST_REQUIREMENT:
        raise MetadataError(f"{place}: {plain(line, 80)!r} is no section")
    extra, _, condition = (part.strip() for part in line[1:-1].partition(":"))
    parts = [f"({condition})"] if condition else []
    if extra:
        if '"' in extra or "\\" in extra:
            raise MetadataError(f"{place}: {plain(extra, 80)!r} is no name of an extra")
        extras[extra] = None
        parts.append(f'extra == "{canonicalize_name(extra)}"')
    try:
        return str(Marker(" and ".join(parts))) if parts else None
    except (InvalidMarker, ValueError, RecursionError) as error:
        raise MetadataError(f"{place}: {plain(line, 80)!r} has no valid marker") from error


def from_egg_info(files: Mapping[str, bytes], own: bytes) -> CoreMetadata:
    """Return the fields of an egg-info; a project that requires nothing has no requires.txt in it."""
    by_name = {posixpath.basename(name): (name, data) for name, data in files.items()}
    where, data = by_name.get("requires.txt", ("requires.txt", b""))
    try:
        requires = read_requires_txt(data.decode("utf-8"), plain(where))
    except UnicodeDecodeError as error:
        raise MetadataError(f"{plain(where)} is not UTF-8") from error
    return _recorded_fields(read_pkg_info(own, "PKG-INFO").fields, requires, plain(where))


def _recorded_fields(info: CoreMetadata, requires: RecordedRequires, where: str) -> CoreMetadata:
    return known_good(
        where,
        name=info.name,
        version=info.version,
        requires_dist=requires.requires_dist,
        requires_python=info.requires_python,
        provides_extra=requires.provides_extra,
    )


def from_old_pkg_info(own: bytes, *, requires_nothing: bool) -> CoreMetadata:
    """Return the fields of a PKG-INFO that has a list; ``requires_nothing`` says that an empty one is a list.

    Raises MetadataError where it has none.
    """
    info = read_pkg_info(own, "PKG-INFO")
    has_list = bool(info.fields.requires_dist) or requires_nothing
    if info.metadata_version < _COMPLETE_SINCE or not has_list:
        raise MetadataError("it has no egg-info of this project")
    return info.fields
