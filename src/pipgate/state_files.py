"""Small files of what pipgate remembers for one user: JSON, each replaced at one stroke, and locks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from pipgate.ownership import NotOnesOwnError, why_not_ones_own
from pipgate.whole_files import opened_directory, replace_file

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKS = "locks"


def read_json(path: str) -> Any:  # noqa: ANN401 -- whoever asks knows what shape it should have
    """Return what a file of this user holds.

    Raises OSError where it cannot be read, NotOnesOwnError where others may have written it, and ValueError
    where it is no JSON.
    """
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 -- a string
        others = why_not_ones_own(path, os.fstat(file.fileno()))
        if others is not None:
            raise NotOnesOwnError(None, f"{others[0]} ({others[1]})")
        return json.load(file)


def write_json(path: str, value: object) -> None:
    """Put a file in the place of what is there, readable by its user alone; raises OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 -- strings
    replace_file(path, json.dumps(value).encode("ascii"), mode=0o600)


def keep_newest(directory: str, most: int) -> None:
    """Take away the files of a directory of ours that were written longest ago, down to ``most``.

    Raises OSError where it cannot be read.
    """
    with opened_directory(directory) as place:
        names = place.names()
        if len(names) <= most:
            return
        written = [(found.st_mtime, name) for name in names if (found := place.status(name))]
        for _, name in sorted(written)[: len(names) - most]:
            with contextlib.suppress(OSError):  # another run has done it
                place.unlink(name)


@contextlib.contextmanager
def locked(target: str, state: str) -> Iterator[None]:
    """Hold the lock of a file of one user, which lies in ``state``; raises OSError where it cannot be taken.

    The system lets go of it when the process ends, however it ends.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = _open_lock(target, state)
    try:
        yield
    finally:
        os.close(descriptor)


if sys.platform != "win32":

    def _open_lock(target: str, state: str) -> int:
        """Return the descriptor of the lock, which is held until it is closed; raises OSError."""
        directory = os.path.join(state, LOCKS)  # noqa: PTH118 -- strings
        os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103 -- as above
        name = hashlib.sha256(os.fsencode(target)).hexdigest()
        with opened_directory(directory) as place:
            descriptor = place.open(name, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def name_of(*words: str) -> str:
    """Return a file name that stands for words of any kind and length."""
    whole = "\0".join(words).encode("utf-8", "surrogateescape")
    return hashlib.sha256(whole).hexdigest()[:32] + ".json"


def digest_of(text: str) -> str:
    """Return the sha256 of a text that may hold what is not UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
