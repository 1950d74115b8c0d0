"""Files that others may have made, read once and whole: plain files of a bounded size, and nothing else."""

from __future__ import annotations

import os
import stat


class UnreadableFileError(OSError):
    """A file that is there and is not read: no plain file, or too large."""


def read_regular(path: str, largest: int) -> tuple[bytes, os.stat_result]:
    """Return the bytes of a file and what it is, both of the very file that was opened.

    Raises FileNotFoundError where there is nothing, and OSError for a link to nothing, for what cannot be
    opened, for a directory, a pipe or a device, which is never read, and for more than ``largest`` bytes.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableFileError(None, "it is no plain file")
            data = file.read(largest + 1)
    except FileNotFoundError as missing:
        if os.path.islink(path):  # noqa: PTH114 -- a string
            raise UnreadableFileError(None, "it is a link to nothing") from missing
        raise
    if len(data) > largest:
        raise UnreadableFileError(None, f"it is larger than {largest >> 20} MiB")
    return data, found


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for a writer
