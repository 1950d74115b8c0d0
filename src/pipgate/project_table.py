"""The [project] table of pyproject.toml (PEP 621), as far as it leaves nothing to the build."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pipgate.archive_names import with_line_feeds
from pipgate.core_metadata import CoreMetadata, MetadataError, conditional, known_good, requirement
from pipgate.plain_text import plain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_PYPROJECT = 1 << 20  # bytes
_POETRY = frozenset({"poetry.core.masonry.api", "poetry.masonry.api"})
_ADDS_NO_REQUIREMENT = frozenset({"poetry", "poetry-core", "setuptools", "wheel"})  # beside or under poetry


def read_project_table(data: bytes, version: str | None) -> CoreMetadata:
    """Return the fields of a ``[project]`` table; raises MetadataError when a build has the last word.

    ``version`` is the one that an sdist has in its PKG-INFO: there it is settled, whatever stands here.
    """
    whole = _toml(data)
    table = whole.get("project")
    if not isinstance(table, dict):
        raise MetadataError("pyproject.toml has no [project] table")
    dynamic = _strings(table.get("dynamic", []), "dynamic")
    open_fields = sorted({"dependencies", "optional-dependencies", "requires-python", "name"} & set(dynamic))
    if "version" in dynamic and version is None:
        open_fields.append("version")
    if "dependencies" not in table and _poetry_adds_to_it(whole):
        open_fields.append("dependencies")
    if open_fields:
        raise MetadataError(f"pyproject.toml leaves {', '.join(open_fields)} to the build")
    extras = _extras(table.get("optional-dependencies", {}))
    where = "pyproject.toml, [project]"
    return known_good(
        where,
        name=_string(table.get("name"), "name"),
        version=version or _string(table.get("version"), "version"),
        requires_dist=[
            *_strings(table.get("dependencies", []), "dependencies"),
            *_conditional(extras, where),
        ],
        requires_python=_string(table.get("requires-python"), "requires-python"),
        provides_extra=extras,
    )


def claimed_name(data: bytes) -> str | None:
    """Return the name that a pyproject.toml gives its project, whatever it leaves to the build."""
    try:
        whole = _toml(data)
    except MetadataError:
        return None
    tool = whole.get("tool", {})
    for table in (whole.get("project"), tool.get("poetry") if isinstance(tool, dict) else None):
        if isinstance(table, dict) and isinstance(table.get("name"), str):
            return str(table["name"])
    return None


def leaves_version(data: bytes) -> bool:
    """Return whether a ``[project]`` table leaves its version to the build; false for what cannot be read."""
    try:
        table = _toml(data).get("project")
    except MetadataError:
        return False
    dynamic = table.get("dynamic") if isinstance(table, dict) else None
    return isinstance(dynamic, list) and "version" in dynamic


def poetry_requires_nothing(data: bytes) -> bool:
    """Return whether poetry builds it, nothing else has a word in that, and its list is empty but for Python.

    Poetry takes the list from ``[tool.poetry.dependencies]`` alone, where there is no ``[project]``, and
    writes the same metadata into sdists and wheels (poetry-core, ``Builder.get_metadata_content``).
    """
    try:
        whole = _toml(data)
    except MetadataError:
        return False
    system, poetry = _table(whole, "build-system"), _table(_table(whole, "tool"), "poetry")
    if not poetry or "project" in whole or "main" in _table(poetry, "group"):
        return False
    names = {name.lower() for name in _table(poetry, "dependencies")}
    return _is_poetrys(system) and names <= {"python"}


def _is_poetrys(system: dict[str, Any]) -> bool:
    requires = system.get("requires")
    if (
        system.get("build-backend") not in _POETRY
        or "backend-path" in system
        or not isinstance(requires, list)
    ):
        return False
    try:
        names = {canonicalize_name(Requirement(each).name) for each in requires}
    except (InvalidRequirement, TypeError):
        return False
    return names <= _ADDS_NO_REQUIREMENT


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a table in a table; an empty one where there is none."""
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _poetry_adds_to_it(whole: dict[str, Any]) -> bool:
    """Return whether there is a list of poetry's own, taken by its backend where ``[project]`` has none."""
    poetry = whole.get("tool", {})
    poetry = poetry.get("poetry", {}) if isinstance(poetry, dict) else {}
    return isinstance(poetry, dict) and "dependencies" in poetry


def _toml(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_PYPROJECT:
        raise MetadataError(f"pyproject.toml is larger than {LARGEST_PYPROJECT >> 20} MiB")
    try:
        return tomllib.loads(with_line_feeds(data.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise MetadataError("pyproject.toml is not UTF-8") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError says the line
        raise MetadataError(f"pyproject.toml is not TOML: {plain(str(error))}") from error


def _string(value: object, key: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise MetadataError(f"pyproject.toml, [project]: {key} is no string")
    return value


def _strings(value: object, key: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MetadataError(f"pyproject.toml, [project]: {key} is no list of strings")
    return value


def _extras(value: object) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        raise MetadataError("pyproject.toml, [project]: optional-dependencies is no table")
    return {
        extra: _strings(each, f"optional-dependencies.{plain(extra, 80)}") for extra, each in value.items()
    }


def _conditional(extras: Mapping[str, list[str]], where: str) -> list[str]:
    """Return the requirements of the extras, each with the marker that PEP 508 has for one."""
    return [
        conditional(requirement(text, where), f'extra == "{canonicalize_name(extra)}"', where)
        for extra, requirements in extras.items()
        for text in requirements
    ]
