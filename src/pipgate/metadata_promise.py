"""Whether a build kept what its files had promised: two sets of core metadata compared by what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipgate.plain_text import plain

if TYPE_CHECKING:
    from pipgate.core_metadata import CoreMetadata

_SUFFIXES = ("", ".dev0", "a0", "rc1", ".post1", ".1")


def differences(static: CoreMetadata, built: CoreMetadata, *, requirements: bool = True) -> tuple[str, ...]:
    """Return what a build says otherwise: ``-`` what it does not say, ``+`` what it adds.

    Requirements are compared by what they mean on this machine, for every extra: two ways to write a marker
    or a specifier are no difference, and neither is a requirement that holds on other platforms alone.
    Without ``requirements``, where nobody has gone by the list, they are not compared.
    """
    lines = _changed("Name", {canonicalize_name(static.name)}, {canonicalize_name(built.name)})
    lines += _changed("Version", {str(Version(static.version))}, {str(Version(built.version))})
    pythons = [SpecifierSet(each.requires_python or "") for each in (static, built)]
    if not _same_versions(*pythons):
        lines += _changed("Requires-Python", {str(pythons[0])} - {""}, {str(pythons[1])} - {""})
    if requirements:
        lines += _changed("Provides-Extra", _extras(static), _extras(built))
        lines += _changed_requirements(static, built)
    return tuple(lines)


def _changed(field: str, static: set[str], built: set[str]) -> list[str]:
    gone = [f"- {field}: {plain(each)}" for each in sorted(static - built)]
    return gone + [f"+ {field}: {plain(each)}" for each in sorted(built - static)]


def _extras(fields: CoreMetadata) -> set[str]:
    return {canonicalize_name(each) for each in fields.provides_extra}


def _changed_requirements(static: CoreMetadata, built: CoreMetadata) -> list[str]:
    if sorted(static.requires_dist) == sorted(built.requires_dist):
        return []
    before, after = _meaning(static), _meaning(built)
    same = {key for key in before.keys() & after.keys() if _same_versions(before[key], after[key])}
    shown = [{_in_words(key, each[key]) for key in each.keys() - same} for each in (before, after)]
    return _changed("Requires-Dist", *shown)


# Name, its extras, its URL, and the extra of the project that it belongs to.
_Key = tuple[str, tuple[str, ...], str, str]


def _meaning(fields: CoreMetadata) -> dict[_Key, SpecifierSet]:
    """Return what holds here: for each requirement and extra that it holds with, the versions it takes."""
    extras = ["", *sorted(_extras(fields))]
    meaning: dict[_Key, SpecifierSet] = {}
    for text in fields.requires_dist:
        parsed = Requirement(text)
        asked = extras if parsed.marker is not None and "extra" in str(parsed.marker) else [""]
        wanted = tuple(sorted(canonicalize_name(each) for each in parsed.extras))
        for extra in asked:
            if parsed.marker is None or parsed.marker.evaluate({"extra": extra}):
                key = (canonicalize_name(parsed.name), wanted, parsed.url or "", extra)
                meaning[key] = meaning.get(key, SpecifierSet()) & parsed.specifier
    return meaning


def _in_words(key: _Key, specifier: SpecifierSet) -> str:
    name, extras, url, extra = key
    asked = f"[{','.join(extras)}]" if extras else ""
    return f"{name}{asked}{f' @ {url}' if url else specifier}" + (f" for the extra {extra}" if extra else "")


def _same_versions(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Return whether two specifiers take the same versions, tried on all they name and their neighbours."""
    if one == other:
        return True
    named = [each.version.removesuffix(".*") for specifiers in (one, other) for each in specifiers]
    return all(
        one.contains(each, prereleases=True) == other.contains(each, prereleases=True)
        for text in named
        for each in _neighbours(text)
    )


def _neighbours(text: str) -> list[str]:
    try:
        release = Version(text).release
    except InvalidVersion:  # an arbitrary equality, "==="
        return [text]
    steps = [
        (*release[:place], max(0, release[place] + step))
        for place in range(len(release))
        for step in (-1, 0, 1)
    ]
    numbers = {".".join(map(str, each)) for each in steps} | {text}
    return [
        f"{number}{suffix}" for number in numbers for suffix in _SUFFIXES if _is_version(f"{number}{suffix}")
    ]


def _is_version(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False
