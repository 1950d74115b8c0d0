"""The word for ``pipgate approve`` that finds a request again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipgate.build_request import Archive, Directory, Sdist, Vcs
from pipgate.errors import assert_never
from pipgate.public_urls import repository

if TYPE_CHECKING:
    from pipgate.build_request import BuildRequest


def approval_key(request: BuildRequest) -> str | None:
    """Return the word for ``pipgate approve`` that finds this request, or None for what cannot be pinned."""
    match request.source:
        case Sdist(subdirectory=""):
            return f"{request.name}=={request.version}" if request.version else request.name
        case Sdist(_, _, url) | Archive(_, _, url):
            return url
        case Vcs(url, commit, subdirectory):
            if request.name is None or commit is None:
                return None
            part = f"#subdirectory={subdirectory}" if subdirectory else ""
            return f"{request.name}@{repository(url)}@{commit}{part}"
        case Directory():
            return None
        case _:
            assert_never(request.source)
