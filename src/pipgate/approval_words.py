"""The name that an approval is recorded under, and the word for ``approve`` that finds a request again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipgate.archive_names import is_name, is_version, normalised, stem
from pipgate.build_request import Archive, Directory, Sdist, Vcs, location
from pipgate.errors import assert_never
from pipgate.public_urls import commit_in, repository

if TYPE_CHECKING:
    from pipgate.build_request import BuildRequest


def recorded_name(request: BuildRequest) -> str:
    """Return the normalised name for an approval: that of the request, of its files, or of where it lies.

    Where nobody has named it, its bytes or commit hold the approval, and the name is for people.
    """
    for name in (request.name, request.claimed):
        if name and is_name(name):
            return normalised(name)
    last = location(request.source).partition("#")[0].partition("?")[0]
    if isinstance(request.source, Vcs):
        last = repository(request.source.url).removesuffix(".git")
    label = re.sub(r"[^A-Za-z0-9._-]+", "-", stem(last.rstrip("/").rpartition("/")[2])).strip("._-")
    return normalised(label) or "unnamed"


def approval_key(request: BuildRequest) -> str | None:
    """Return the word for ``pipgate approve`` that finds this request, or None for what cannot be pinned."""
    match request.source:
        case Sdist(subdirectory="") if request.version is not None:
            return f"{request.name}=={request.version}"
        case Sdist(url=url) | Archive(url=url) if url:
            return f"{request.name}@{url}" if request.name else url
        case Sdist(sha256=None) | Archive(sha256=None):
            return request.name
        case Sdist() | Archive() | Vcs() | Directory():
            return pinned_key(request)
        case _:
            assert_never(request.source)


def pinned_key(request: BuildRequest) -> str | None:
    """Return the word that approves these very bytes or this commit, and fetches nothing to be shown."""
    match request.source:
        case Sdist(sha256=str(sha256)) | Archive(sha256=str(sha256)):
            version = f"=={request.version}" if is_version(request.version or "") else ""
            found = f"{recorded_name(request)}{version}@sha256:{sha256}"
        case Vcs(url=url, commit=commit) if commit or commit_in(url):
            found = f"{recorded_name(request)}@{repository(url)}@{commit or commit_in(url)}"
        case Sdist() | Archive() | Vcs() | Directory():
            return None
        case _:
            assert_never(request.source)
    directory = request.source.subdirectory
    return f"{found}#subdirectory={directory}" if directory else found
