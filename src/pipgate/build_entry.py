"""What a build would begin with: its backend, what that requires, and the files that it reads as code."""

from __future__ import annotations

import posixpath
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipgate.archive_names import with_line_feeds
from pipgate.archive_stream import (
    HostileArchiveError,
    is_zip,
    open_tar,
    open_zip,
    read_files,
    refuse_two_kinds,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENTRY_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_SETUPTOOLS = "setuptools"
_LEGACY = "setuptools.build_meta:__legacy__"
_LONGEST_CHAIN = 8  # links that lead to links
_UNREADABLE = "unknown: its pyproject.toml cannot be read"


@dataclass(frozen=True, slots=True)
class BuildEntry:
    """The backend and its requirements as the files declare them, and these files, each with its text.

    The files are named as they will lie in the directory that is built. ``others`` counts the rest.
    """

    backend: str
    requires: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    others: int


@dataclass(frozen=True, slots=True)
class _Listing:
    """The members of an archive: whether one directory holds them all, and the links among them.

    ``built`` is the directory that is built, as they will lie.
    """

    has_top: bool
    links: dict[str, str]
    count: int
    built: str = ""

    def place(self, name: str) -> str:
        """Return where a member will lie, as the build sees it: pip takes away a directory that holds all."""
        place = posixpath.normpath(_split(name)[1] if self.has_top else name)
        return posixpath.relpath(f"/{place}", f"/{self.built}") if self.built else place

    def end_of(self, place: str) -> str:
        """Return where the links from a place lead to in the end."""
        for _ in range(_LONGEST_CHAIN):
            place = self.links.get(place, place)
        return place


def read_build_entry(
    path: str, content_type: str | None = None, *, subdirectory: str = ""
) -> BuildEntry | None:
    """Return what the build of an archive begins with, or None where the archive cannot be read.

    ``subdirectory`` is the directory in it that is built.
    """
    try:
        listing = _listing(path, content_type, subdirectory)
        texts = _texts(path, content_type, listing, _ENTRY_FILES)
        declared = _build_system(texts.get("pyproject.toml", ""))
        texts |= _texts(path, content_type, listing, _in_tree(declared))
    except HostileArchiveError:
        return None
    backend, requires = _backend(declared), declared.get("requires")
    in_tree = ", in the archive" if declared.get("backend-path") else ""
    shown = f"{backend}{in_tree}" if isinstance(backend, str) else f"{_SETUPTOOLS} (setup.py)"
    shown = _UNREADABLE if _UNREADABLE in declared else shown
    listed = tuple(each for each in requires if isinstance(each, str)) if isinstance(requires, list) else ()
    files = tuple(texts.items())
    return BuildEntry(
        shown, listed or ((_SETUPTOOLS,) if not declared else ()), files, max(0, listing.count - len(files))
    )


def _listing(path: str, content_type: str | None, subdirectory: str) -> _Listing:
    """Read the names of all members; raises HostileArchiveError."""
    names: list[str] = []
    targets: list[tuple[str, str]] = []
    if is_zip(path, content_type):
        with open_zip(path) as archive:
            names = [member.filename for member in archive.infolist()]
    else:
        refuse_two_kinds(path)
        with open_tar(path) as members:
            for member in members:
                names.append(member.name)
                if member.issym():
                    targets.append(
                        (member.name, posixpath.join(posixpath.dirname(member.name), member.linkname))
                    )
                elif member.islnk():
                    targets.append((member.name, member.linkname))
    tops = {_split(name)[0] for name in names}
    listing = _Listing(len(tops) == 1 and "" not in tops, {}, len(names), subdirectory)
    listing.links.update((listing.place(name), listing.place(target)) for name, target in targets)
    return listing


def _split(name: str) -> tuple[str, str]:
    """Return the first directory of a member and the rest, as pip splits them to find a common one."""
    bare = name.lstrip("/").lstrip("\\")
    slash, backslash = bare.find("/"), bare.find("\\")
    at = slash if backslash < 0 else backslash if slash < 0 else min(slash, backslash)
    return (bare, "") if at < 0 else (bare[:at], bare[at + 1 :])


def _texts(path: str, content_type: str | None, listing: _Listing, wanted: Iterable[str]) -> dict[str, str]:
    """Return the files at these places, and what links there lead to; of several members the last one."""
    ends = {each: listing.end_of(each) for each in wanted}
    places = {*ends, *ends.values()}
    last: dict[str, str] = {}

    def is_wanted(name: str, _: object) -> bool:
        place = listing.place(name)
        if place not in places:
            return False
        last[place] = name
        return True

    files = read_files(path, content_type, is_wanted, lambda _: False) if places else {}
    texts = {place: files[name].decode("utf-8", "replace") for place, name in last.items()}
    for each in sorted(places & listing.links.keys()):
        texts[each] = texts.get(listing.end_of(each), f"(a link to {listing.links[each]})")
    return dict(sorted(texts.items()))


def _backend(declared: dict[str, Any]) -> Any:  # noqa: ANN401 -- whatever the file says
    """Return the backend that pip takes; one of setuptools may lie in the tree as well (``backend-path``)."""
    return declared.get("build-backend", _LEGACY if declared.get("backend-path") else None)


def _in_tree(declared: dict[str, Any]) -> list[str]:
    """Return where the module of a backend in the tree may lie (PEP 517, ``backend-path``)."""
    backend, paths = _backend(declared), declared.get("backend-path")
    if not isinstance(backend, str) or not isinstance(paths, list):
        return []
    module = backend.partition(":")[0].strip().replace(".", "/")
    folders = [posixpath.join(each, module) for each in paths if isinstance(each, str)]
    return [posixpath.normpath(each) for at in folders for each in (f"{at}.py", f"{at}/__init__.py")]


def _build_system(text: str) -> dict[str, Any]:
    """Return the table, read with the line ends that pip takes for line ends."""
    try:
        table = tomllib.loads(with_line_feeds(text)).get("build-system", {})
    except (ValueError, RecursionError):
        return {_UNREADABLE: True}
    return table if isinstance(table, dict) else {_UNREADABLE: True}
