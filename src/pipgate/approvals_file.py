"""The approvals file on disk: read whole, changed under a lock, replaced at one stroke."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import TYPE_CHECKING

from pipgate.approvals import Approvals
from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.plain_text import plain
from pipgate.regular_files import read_regular
from pipgate.state_files import locked
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipgate.origin import Layer

LARGEST_APPROVALS = 8 << 20  # bytes


def read_approvals(path: str, layer: Layer) -> Approvals:
    """Return what an approvals file holds, which is nothing where there is no file.

    Raises PolicyError for a file that cannot be read, is not UTF-8, or is not valid.
    """
    from pipgate.approvals_text import parse_approvals  # noqa: PLC0415 -- what is remembered does without it

    text = text_of(path)
    return Approvals() if text is None else parse_approvals(text, path, layer)


def change(path: str, edit: Callable[[str | None], str]) -> None:
    """Write what ``edit`` makes of the text of a file (None: there is no file), unless that is the same.

    Of two at a time on this machine, for one user, the second sees what the first wrote. Whatever happens,
    the file is the old one or the new one, whole; a link is followed, and kept. A process killed in between
    may leave a ``.pipgate-*.tmp`` beside it. Raises PolicyError where the file cannot be read,
    FileNotWrittenError where it cannot be written, and what ``edit`` raises; the old file is then as it was.
    """
    target = os.path.realpath(path)
    with _locked(target):
        old = text_of(target)
        new = edit(old)
        if new == (old or ""):
            return
        try:
            _replace(target, new.encode("utf-8"))
        except OSError as error:
            raise _not_written(path, _reason(error)) from error


def text_of(path: str) -> str | None:
    """Return the text with its line ends and BOM as they are, None for no file; raises PolicyError."""
    try:
        data, _ = read_regular(path, LARGEST_APPROVALS)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # a ValueError for a NUL in the path
        raise PolicyError(plain(path), f"cannot be read: {_reason(error)}") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{plain(path)}:{line}", "the file is not UTF-8") from error


def _replace(target: str, data: bytes) -> None:
    """Put a new file in the place of ``target``, with its mode bits."""
    mode = _mode(target)
    directory = os.path.dirname(target)  # noqa: PTH120 -- as above
    # Never a name that a writer without our lock might take too: one would put the other's half in place.
    temporary = os.path.join(directory, f".pipgate-{secrets.token_hex(8)}.tmp")  # noqa: PTH118 -- as above
    try:
        _write_new(temporary, data, mode)
        os.replace(temporary, target)  # noqa: PTH105 -- as above
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 -- as above
        raise
    _flush_directory(directory)


def _mode(target: str) -> int | None:
    """Return the mode bits of the old file, if there is one; raises PermissionError if it is read-only."""
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)  # noqa: PTH116 -- as above
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
            os.chmod(path, mode)  # noqa: PTH101 -- as above
        os.fsync(descriptor)


def _flush_directory(directory: str) -> None:
    """Make the new name last; where the system cannot, the new file is in place nonetheless."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _locked(target: str) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(target, state_home(os.environ)))
        except OSError as error:
            raise _not_written(target, f"its lock cannot be taken: {_reason(error)}") from error
        yield


def _not_written(path: str, reason: str) -> FileNotWrittenError:
    return FileNotWrittenError(
        f"{plain(path)} was not written: {reason}", note="The file is as it was before."
    )


def _reason(error: Exception) -> str:
    return plain(getattr(error, "strerror", None) or str(error))
