"""Whether every member of a source archive would stay inside the directory it is unpacked to."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pipgate.archive_stream import HostileArchiveError, is_zip, open_tar, open_zip, refuse_two_kinds
from pipgate.plain_text import plain

if TYPE_CHECKING:
    import tarfile


def check_members(path: str, content_type: str | None = None) -> None:
    """Read the members of a tar or zip archive, unpacking nothing.

    ``content_type`` is what a server said, which pip believes before the file name. Raises
    HostileArchiveError, naming the member, for an absolute path, ``..``, a link that leaves the archive or
    that another member would be written through, a hard link to a symbolic one, a device, more than the
    limits of ``archive_stream`` allow, and for an archive that cannot be read as what it is said to be
    (PEP 625, PEP 706).
    """
    if is_zip(path, content_type):
        _check_zip(path)
    else:
        _check_tar(path)


def _check_zip(path: str) -> None:
    with open_zip(path) as archive:
        for member in archive.infolist():
            _member_name(member.filename)


def _check_tar(path: str) -> None:
    refuse_two_kinds(path)
    links: dict[str, str] = {}
    hard: dict[str, str] = {}
    with open_tar(path) as members:
        for member in members:
            _check_tar_member(member, links, hard)
    for name, target in (*links.items(), *hard.items()):
        if _passes_through(target, links):
            raise HostileArchiveError(f"member {plain(name)} is a link that leads through another link")
    for name, target in hard.items():  # it would be that link, and lead on from another directory
        if target in links:
            raise HostileArchiveError(f"member {plain(name)} is a hard link to a symbolic one")


def _check_tar_member(member: tarfile.TarInfo, links: dict[str, str], hard: dict[str, str]) -> None:
    name = _member_name(member.name)
    if _passes_through(name, links):
        raise HostileArchiveError(f"member {plain(member.name)} would be written through a link")
    if member.issym():
        target = posixpath.join(posixpath.dirname(name), member.linkname)
        _same_root(name, target, member)
        if links.setdefault(name, target) != target:  # the one that is there already may stay
            raise HostileArchiveError(f"member {plain(name)} is two links")
    elif member.islnk():
        hard[name] = _member_name(member.linkname)
        _same_root(name, hard[name], member)
    elif not (member.isreg() or member.isdir()):
        raise HostileArchiveError(f"member {plain(member.name)} is no file, directory or link")


def _member_name(name: str) -> str:
    """Return the name of a member in its plain form; ``..`` has no place in one, wherever it leads."""
    parts = name.replace("\\", "/").rstrip("/").split("/")
    if ".." in parts or "" in parts[1:]:
        raise HostileArchiveError(f"member {plain(name)} leaves the archive")
    return _inside(name, name)


def _same_root(name: str, target: str, member: tarfile.TarInfo) -> None:
    """Hold a link to the first directory of its own path, which is what pip unpacks into place.

    pip leaves that directory out: what goes up to it and down again leads elsewhere, and so does a hard link
    that spells it otherwise. A backslash parts directories for pip and not for the system.
    """
    shown = f"{member.name} -> {member.linkname}"
    root, _, rest = name.partition("/")
    elsewhere = rest and _inside(target, shown).split("/", 1)[0] != root
    if member.issym():
        _inside(posixpath.join(posixpath.dirname(rest), member.linkname), shown)
    else:
        elsewhere = elsewhere or _first(member.linkname) != _first(member.name)
    if elsewhere or "\\" in shown:
        raise HostileArchiveError(f"member {plain(shown)} leaves the archive")


def _first(name: str) -> str:
    return name.split("/", 1)[0] if "/" in name else ""


def _inside(name: str, shown: str) -> str:
    """Return a path in its plain form; raises HostileArchiveError when it leaves the archive."""
    plain_form = posixpath.normpath(name.replace("\\", "/"))
    first = plain_form.split("/", 1)[0]
    if plain_form.startswith("/") or first == ".." or first.endswith(":") or "\0" in name:
        raise HostileArchiveError(f"member {plain(shown)} leaves the archive")
    return plain_form


def _passes_through(path: str, links: dict[str, str]) -> bool:
    """Return whether a directory on the way to ``path`` is a link: then its plain form says nothing."""
    parts = path.split("/")
    return any(posixpath.normpath("/".join(parts[:count])) in links for count in range(1, len(parts)))
