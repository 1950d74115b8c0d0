"""requires.txt, the list that setuptools leaves in an egg-info directory, read as Requires-Dist."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pipgate.core_metadata import (
    LONGEST_REQUIREMENT,
    MOST_REQUIREMENTS,
    MetadataError,
    conditional,
    requirement,
)
from pipgate.plain_text import plain


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
