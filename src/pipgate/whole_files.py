"""Files replaced at one stroke: the old one or the new one, whole, whatever happens."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat


def replace_file(target: str, data: bytes, *, mode: int | None = None) -> None:
    """Put a new file in the place of ``target``, with these mode bits or those of the old one.

    Raises OSError, and then the old one is as it was.
    """
    mode = _mode(target) if mode is None else mode
    directory = os.path.dirname(target)  # noqa: PTH120 -- strings
    # Never a name that a writer without our lock might take too: one would put the other's half in place.
    temporary = os.path.join(directory, f".pipgate-{secrets.token_hex(8)}.tmp")  # noqa: PTH118 -- strings
    try:
        _write_new(temporary, data, mode)
        _give_to_the_owner(temporary, target)
        os.replace(temporary, target)  # noqa: PTH105 -- strings
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 -- strings
        raise
    _flush_directory(directory)


def _mode(target: str) -> int | None:
    """Return the mode bits of the old file, if there is one; raises PermissionError if it is read-only."""
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)  # noqa: PTH116 -- strings
    except FileNotFoundError:
        return None
    # root may write whatever the bits say, but a file without any write bit is meant to stay as it is.
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise PermissionError("it is read-only")
    return mode


def _write_new(path: str, data: bytes, mode: int | None) -> None:
    """Write a file that is not there yet, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        if mode is not None:
            os.chmod(path, mode)  # noqa: PTH101 -- strings
        os.fsync(descriptor)


def _give_to_the_owner(temporary: str, target: str) -> None:
    """Let the new file belong to whom the old one did, where this user may say so."""
    with contextlib.suppress(OSError):
        old, new = os.stat(target), os.stat(temporary)  # noqa: PTH116 -- strings
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            os.chown(temporary, old.st_uid, old.st_gid)


def _flush_directory(directory: str) -> None:
    """Make the new name last; where the system cannot, the new file is in place nonetheless."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
