"""URLs as they may be shown and compared: without credentials, and what pip reads out of them."""

from __future__ import annotations

import re
from urllib.parse import unquote

_DECODINGS = 3  # a proxy may decode once more than the server behind it
_SUBDIRECTORY = re.compile(r"[#&]subdirectory=([^&]*)")  # pip's own, which does not ask where a URL begins
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def climbs(url: str) -> bool:
    """Return whether the path of a URL has a segment ``.`` or ``..``, also encoded (RFC 3986, 5.2.4)."""
    path = url.partition("#")[0].partition("?")[0].partition("://")[2]
    for _ in range(_DECODINGS):
        if not {".", ".."}.isdisjoint(re.split(r"[/\\]", path)):
            return True
        path = unquote(path)
    return not {".", ".."}.isdisjoint(re.split(r"[/\\]", path))


def public_url(url: str) -> str:
    """Return ``url`` without credentials, and of its fragment the subdirectory alone.

    It is what is shown, and how two URLs are compared. The authority ends where urllib3 and RFC 3986 end it,
    at ``/``, ``?``, ``#`` or a backslash: ``http://a?@b`` is the host ``a``.
    """
    before, _, fragment = url.partition("#")
    scheme, separator, rest = before.partition("://")
    if not separator:
        return before
    authority = re.split(r"[/?\\]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    host = host if "&" in host else host.lower()  # no host, but a place where pip finds a subdirectory
    shown = f"{scheme.lower()}://{host}{rest[len(authority) :]}"
    if _SUBDIRECTORY.search(before):  # pip takes the first one, wherever it stands
        return shown
    subdirectory = subdirectory_in(f"#{fragment}")
    return f"{shown}#subdirectory={subdirectory}" if subdirectory else shown


def subdirectory_in(url: str) -> str:
    """Return the directory that pip builds in what lies at ``url``, as it is written; empty for the root.

    pip takes the first ``subdirectory=`` behind a ``#`` or an ``&``, in the path and the query as well
    (``Link.subdirectory_fragment``), and decodes nothing.
    """
    found = _SUBDIRECTORY.search(url)
    return found.group(1) if found else ""


def leaves_tree(subdirectory: str) -> bool:
    """Return whether a subdirectory is written so that it may lie outside of the tree that it is in.

    So does what begins or ends in another part of the URL, such as its user, query or revision: what is shown
    and recorded would not name the same directory again.
    """
    first, *rest = re.split(r"[/\\]", subdirectory)
    is_absolute = bool(rest) and not first
    return (
        is_absolute
        or first[1:2] == ":"
        or ".." in (first, *rest)
        or any(each in subdirectory for each in "#?@\0")
    )


def plain_subdirectory(subdirectory: str) -> str:
    """Return one text for all ways to write the same directory; what leaves its tree still does."""
    if leaves_tree(subdirectory):
        _, at, rest = subdirectory.rpartition("@")  # before it stands what may be a password
        return f"../{rest}" if at else subdirectory
    return "/".join(part for part in subdirectory.split("/") if part not in {"", "."})


def repository(url: str) -> str:
    """Return the public URL of the repository that a VCS URL names: without revision and subdirectory."""
    return _repository_and_revision(url)[0].rstrip("/")


def commit_in(url: str) -> str | None:
    """Return the whole commit id that a VCS URL names as its revision, if it does."""
    revision = revision_in(url)
    return revision if _COMMIT.fullmatch(revision) else None


def revision_in(url: str) -> str:
    """Return the revision that a VCS URL names, as it is written; empty where it names none."""
    return _repository_and_revision(url)[1]


def _repository_and_revision(url: str) -> tuple[str, str]:
    """Split as pip does (``VersionControl.get_url_rev_and_auth``): at the last ``@`` of the path."""
    bare = public_url(url).partition("#")[0]
    before, mark, query = bare.partition("?")
    scheme, separator, rest = before.partition("://")
    host, slash, path = rest.partition("/")
    place, at, revision = path.rpartition("@")
    found = f"{scheme}{separator}{host}{slash}{place if at else path}{mark}{query}"
    return found, revision if at else ""
