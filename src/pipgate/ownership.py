"""Whose a file is: judged by what was opened, and by the directory that it lies in."""

from __future__ import annotations

import os
import stat

_SUPERUSER = 0


class NotOnesOwnError(OSError):
    """A file of what is remembered for a user that others have made, or could change."""


def why_not_ones_own(path: str, found: os.stat_result, *, groups: bool = True) -> tuple[str, str] | None:
    """Return why others than root and this user may have said what a file says, and which place shows it.

    ``found`` is the very file that was opened. Whoever can write to its directory can put another in its
    place. ``groups`` says whether a private group may write, as under a umask of 002. Windows has no such
    bits. Raises OSError where the directory cannot be looked at.
    """
    if not hasattr(os, "getuid"):  # pragma: no cover -- Windows
        return None
    directory = os.path.dirname(os.path.realpath(path))  # noqa: PTH120 -- strings
    for place, what in ((path, found), (directory, os.stat(directory))):  # noqa: PTH116 -- same
        if what.st_uid not in {_SUPERUSER, os.getuid()}:
            return "it belongs to another user", place
        if _is_shared(what, groups=groups):
            return "others can write it", place
    return None


def is_strangers(path: str) -> bool:
    """Return whether a file may have been put into a directory that everybody can write to by anybody.

    It may, unless root, this user or the owner of the directory has made it, as a file of one name; a link
    has to be theirs, and so has what it leads to. What is gone is nobody's.
    """
    if not hasattr(os, "getuid"):  # pragma: no cover -- Windows
        return False
    try:
        directory = os.stat(os.path.dirname(path) or ".")  # noqa: PTH116, PTH120 -- strings
        if not directory.st_mode & stat.S_IWOTH:
            return False
        friends = {_SUPERUSER, os.getuid(), directory.st_uid}
        named = os.lstat(path)
        linked = not stat.S_ISDIR(named.st_mode) and named.st_nlink > 1
        return linked or named.st_uid not in friends or os.stat(path).st_uid not in friends  # noqa: PTH116 -- same
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _is_shared(found: os.stat_result, *, groups: bool) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    by_group = bool(found.st_mode & stat.S_IWGRP)
    return by_group and not (groups and _is_private(found.st_gid, found.st_uid))


def _is_private(group: int, owner: int) -> bool:
    """Return whether a group is root's, or the owner's own: called as the user is, with nobody else in it."""
    if group == _SUPERUSER:
        return True
    import grp  # noqa: PLC0415 -- where a group can write, which is rare
    import pwd  # noqa: PLC0415 -- same

    try:
        user, members = pwd.getpwuid(owner).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return members.gr_name == user and set(members.gr_mem) <= {user}
