"""What a person is shown of a build: who wants it, what it is, and where it comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.build_request import Archive, BuildRequest, Directory, Sdist, Vcs, location
from pipgate.errors import assert_never
from pipgate.plain_text import plain
from pipgate.public_urls import commit_in

if TYPE_CHECKING:
    from pipgate.build_entry import BuildEntry
    from pipgate.rows import Row

LOOK_ALIKE = "not all of this is ASCII: a letter may only look like another one"
_LISTED = 40  # build requirements
_PART = 800  # characters of settings; a row that is longer is cut


def rows_of(request: BuildRequest, path: str | None = None, entry: BuildEntry | None = None) -> list[Row]:
    """Return the rows of one build, as far as it is known; ``path`` is where its file lies."""
    rows = [("required by", " <- ".join(request.required_by) or "your command"), *_identity(request, path)]
    rows += settings_rows(request)
    rows += [("index", request.offer.index)] if request.offer.index else []
    rows += [("uploaded", request.offer.uploaded)] if request.offer.uploaded else []
    rows += [] if entry is None else _entry(entry)
    if not all(value.isascii() for _, value in rows):
        rows.append(("note", LOOK_ALIKE))
    return rows


def settings_rows(request: BuildRequest, number: str = "") -> list[Row]:
    """Return what a file tells the build, all of it: who cannot see the end of it cannot decide on it."""
    told = f"{number}{request.settings}" if request.settings else ""
    parts = [told[start : start + _PART] for start in range(0, len(told), _PART)]
    return [("settings" if at == 0 else "", part) for at, part in enumerate(parts)]


def settings_lines(request: BuildRequest) -> list[str]:
    """Return a line of plain text with what a file tells the build, all of it."""
    told = request.settings
    return [f"  settings: {plain(told, len(told))}"] if told else []


def in_short(request: BuildRequest, path: str | None = None) -> str:
    """Return what one build is in a few words, for a list in which each has one line."""
    match request.source:
        case Sdist(filename, _, _, subdirectory):
            what = f"{filename}{_size(path)}{_inside(subdirectory)}"
        case Archive(_, _, url, subdirectory):
            what = f"{url}{_inside(subdirectory)}"
        case Vcs(url, commit, subdirectory):
            what = f"{url} at {commit or 'no commit yet'}{_inside(subdirectory)}"
        case Directory():
            what = location(request.source)
        case _:
            assert_never(request.source)
    return f"{what} <- {request.required_by[0]}" if request.required_by else what


def _inside(subdirectory: str) -> str:
    return f", builds {subdirectory}" if subdirectory else ""


def _identity(request: BuildRequest, path: str | None) -> list[Row]:
    match request.source:
        case Sdist(filename, sha256, url, subdirectory) | Archive(filename, sha256, url, subdirectory):
            return [
                ("file", f"{filename or 'not fetched'}{_size(path)}"),
                ("sha256", sha256 or "not known"),
                *_part(subdirectory),
                *([("from", url)] if url else []),
            ]
        case Vcs(url, commit, subdirectory):
            known = commit or commit_in(url) or "not fetched yet"
            return [("repository", url), ("commit", known), *_part(subdirectory)]
        case Directory():
            return [("directory", location(request.source))]
        case _:
            assert_never(request.source)


def _part(subdirectory: str) -> list[Row]:
    return [("builds", f"{subdirectory}, not its root")] if subdirectory else []


def _entry(entry: BuildEntry) -> list[Row]:
    rows = [("backend", entry.backend), *(("it requires", each) for each in entry.requires[:_LISTED])]
    rows += [("and", f"{len(entry.requires) - _LISTED} more")] if len(entry.requires) > _LISTED else []
    return rows if entry.requires else [*rows, ("it requires", "nothing to build")]


def _size(path: str | None) -> str:
    try:
        return f", {os.path.getsize(path) / 1000:,.0f} kB" if path else ""  # noqa: PTH202 -- a string
    except OSError:
        return ""
