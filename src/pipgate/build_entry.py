"""What a build would begin with: its backend, what that requires, and the files that it reads as code."""

from __future__ import annotations

import posixpath
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipgate.archive_stream import HostileArchiveError, read_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTRY_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_SETUPTOOLS = "setuptools"


@dataclass(frozen=True, slots=True)
class BuildEntry:
    """The backend and its requirements as the files declare them, and these files, each with its text."""

    backend: str
    requires: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


def read_build_entry(path: str, content_type: str | None = None) -> BuildEntry | None:
    """Return what the build of an archive begins with, or None where the archive cannot be read."""
    try:
        files = read_files(path, content_type, _is_entry, lambda _: False)
    except HostileArchiveError:
        return None
    texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    declared = _build_system(
        next((text for name, text in texts.items() if name.endswith("pyproject.toml")), "")
    )
    backend, requires = declared.get("build-backend"), declared.get("requires")
    in_tree = ", in the archive" if declared.get("backend-path") else ""
    shown = f"{backend}{in_tree}" if isinstance(backend, str) else f"{_SETUPTOOLS} (setup.py)"
    listed = tuple(each for each in requires if isinstance(each, str)) if isinstance(requires, list) else ()
    return BuildEntry(shown, listed or ((_SETUPTOOLS,) if not declared else ()), tuple(texts.items()))


def _is_entry(name: str, found: Mapping[str, bytes]) -> bool:
    parts = posixpath.normpath(name).split("/")
    return len(parts) <= 2 and parts[-1] in _ENTRY_FILES and len(found) < len(_ENTRY_FILES)  # noqa: PLR2004 -- a directory and a file


def _build_system(text: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text).get("build-system", {})
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
