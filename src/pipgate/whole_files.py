"""Files replaced at one stroke, by descriptor: the old one or the new one, whole, whatever happens."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTORY = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_MOST_LINKS = 40  # as many as Linux follows
_LOOK = getattr(os, "O_PATH", os.O_RDONLY)  # a directory need not be readable
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd


class OpenDirectory(NamedTuple):
    """A directory that was resolved once: what is done in it is done there, whatever its path leads to then.

    ``descriptor`` is None where the system has none for directories; then ``prefix`` is its path.
    """

    descriptor: int | None
    prefix: str = ""

    def named(self, name: str) -> str:
        """Return what a file in it is called beside the descriptor."""
        return os.path.join(self.prefix, name)  # noqa: PTH118 -- strings

    def status(self, name: str) -> os.stat_result | None:
        """Return what lies there under a name, links not followed; None for nothing."""
        try:
            return os.stat(self.named(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Return the descriptor of a file in it; raises OSError, for a link too."""
        flags |= _NO_LINK | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        return os.open(self.named(name), flags, mode, dir_fd=self.descriptor)

    def names(self) -> list[str]:
        """Return what lies in it."""
        if self.descriptor is None:
            return os.listdir(self.prefix)  # noqa: PTH208 -- a string
        readable = os.open(".", os.O_RDONLY | _DIRECTORY, dir_fd=self.descriptor)
        try:
            return os.listdir(readable)  # noqa: PTH208 -- by descriptor
        finally:
            os.close(readable)

    @contextlib.contextmanager
    def below(self, name: str) -> Iterator[OpenDirectory]:
        """Open a directory in it; raises OSError for a link."""
        if self.descriptor is None:
            yield OpenDirectory(None, self.named(name))
            return
        descriptor = _below(self.descriptor, name)
        try:
            yield OpenDirectory(descriptor)
        finally:
            os.close(descriptor)

    def unlink(self, name: str) -> None:
        """Take a name away; what a link leads to stays."""
        os.unlink(self.named(name), dir_fd=self.descriptor)


def resolved(path: str) -> str:
    """Return the real path of what is to be changed, which need not be there.

    Raises PermissionError where a link on the way is neither this user's nor root's: its owner could lead us
    to a file that we may change and he may not.
    """
    if not _BY_DESCRIPTOR:
        return os.path.realpath(path)
    done, left, links = os.sep, _parts(os.path.join(os.getcwd(), path)), 0  # noqa: PTH109, PTH118 -- strings
    while left:
        part = left.pop()
        if part == os.pardir:
            done = os.path.dirname(done)  # noqa: PTH120 -- a string
            continue
        place = os.path.join(done, part)  # noqa: PTH118 -- same
        if not os.path.islink(place):  # noqa: PTH114 -- same
            done = place
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if os.lstat(place).st_uid not in {0, os.geteuid()}:
            raise PermissionError(None, f"{place} is a link that somebody else has made")
        target = os.readlink(place)  # noqa: PTH115 -- same
        done = os.sep if os.path.isabs(target) else done  # noqa: PTH117 -- same
        left += _parts(target)
    return done


def _parts(path: str) -> list[str]:
    """Return the parts of a path, the last one first."""
    return [part for part in reversed(path.split(os.sep)) if part not in {"", os.curdir}]  # noqa: PTH206 -- same


@contextlib.contextmanager
def opened_directory(path: str) -> Iterator[OpenDirectory]:
    """Open a directory; its path is resolved here, and a link that is put into it meanwhile is an error."""
    real = os.path.realpath(path)
    if not _BY_DESCRIPTOR:
        yield OpenDirectory(None, real)
        return
    descriptor = os.open(os.sep, _LOOK | _DIRECTORY)
    try:
        for part in filter(None, real.split(os.sep)):  # noqa: PTH206 -- a string
            above, descriptor = descriptor, _below(descriptor, part)
            os.close(above)
        yield OpenDirectory(descriptor)
    finally:
        os.close(descriptor)


def _below(descriptor: int, part: str) -> int:
    return os.open(part, _LOOK | _DIRECTORY | _NO_LINK, dir_fd=descriptor)


def replace_file(target: str, data: bytes, *, mode: int | None = None) -> None:
    """Put a new file in the place of ``target``, with these mode bits, or those of the old one.

    Without either, the umask says. It belongs to whom the old one did, where this user may say so; where the
    group cannot be kept, it gets no rights that all others had not. Raises OSError, and then the old one is
    as it was; so it does for a target that is a link or no plain file.
    """
    directory, name = os.path.split(target)
    with opened_directory(directory) as place:
        old = _replaceable(place, name, forced=mode is not None)
        # Never a name that a writer without our lock might take too: one would put the other's half in place.
        temporary = f".pipgate-{os.urandom(8).hex()}.tmp"
        try:
            written = _write_new(place, temporary, data, old, mode)
            _require_same(written, place.status(temporary))
            os.replace(
                place.named(temporary),
                place.named(name),
                src_dir_fd=place.descriptor,
                dst_dir_fd=place.descriptor,
            )
        except BaseException:
            with contextlib.suppress(OSError):
                place.unlink(temporary)
            raise
        _flush(place)


def remove_file(path: str) -> None:
    """Take a file away; of a link, the link. Raises OSError."""
    directory, name = os.path.split(path)
    with opened_directory(directory) as place:
        place.unlink(name)


def _replaceable(place: OpenDirectory, name: str, *, forced: bool) -> os.stat_result | None:
    """Return what the old file is, None for none; raises OSError for what is not to be replaced."""
    old = place.status(name)
    if old is None:
        return None
    if not stat.S_ISREG(old.st_mode):
        raise OSError(None, "it is a link" if stat.S_ISLNK(old.st_mode) else "it is no plain file")
    # root may write whatever the bits say, but a file without any write bit is meant to stay as it is.
    writable = old.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not forced and not (writable and os.access(place.named(name), os.W_OK, dir_fd=place.descriptor)):
        raise PermissionError(None, "it is read-only")
    return old


def _write_new(
    place: OpenDirectory, name: str, data: bytes, old: os.stat_result | None, mode: int | None
) -> os.stat_result:
    """Write a file that is not there yet, down to the disk, and return what it is.

    Nobody may read it who may not read the old one.
    """
    first = 0o666 if old is None and mode is None else 0o600
    descriptor = place.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, first)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        if old is not None:
            mode = _give_to_the_owner(descriptor, old) if mode is None else mode
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
        return os.fstat(descriptor)


def _require_same(written: os.stat_result, found: os.stat_result | None) -> None:
    """Raise OSError where something else has taken the name of what was written."""
    if found is None or (found.st_dev, found.st_ino) != (written.st_dev, written.st_ino):
        raise OSError(None, "somebody has changed it meanwhile")


def _give_to_the_owner(descriptor: int, old: os.stat_result) -> int:
    """Let the new file belong to whom the old one did, and return the mode bits that it may have then."""
    mode = stat.S_IMODE(old.st_mode) & 0o777
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid) and hasattr(os, "fchown"):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, -1, old.st_gid)
        with contextlib.suppress(OSError):
            os.fchown(descriptor, old.st_uid, -1)
        if os.fstat(descriptor).st_gid != old.st_gid:
            mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
    return mode


def _flush(place: OpenDirectory) -> None:
    """Make the new name last; where the system cannot, the new file is in place nonetheless."""
    with contextlib.suppress(OSError):
        descriptor = os.open(place.prefix or ".", os.O_RDONLY, dir_fd=place.descriptor)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
