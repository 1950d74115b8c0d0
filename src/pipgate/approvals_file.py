"""The approvals file on disk: read whole, changed under a lock, replaced at one stroke."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from pipgate.approvals import Approvals
from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.plain_text import plain
from pipgate.regular_files import read_regular
from pipgate.state_files import locked
from pipgate.user_directories import state_home
from pipgate.whole_files import replace_file, resolved

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
    try:
        target = resolved(path)
    except OSError as error:
        raise _not_written(path, _reason(error)) from error
    with _locked(target):
        old = text_of(target)
        new = edit(old)
        if new == (old or ""):
            return
        try:
            replace_file(target, new.encode("utf-8"))
        except OSError as error:
            raise _not_written(path, _reason(error)) from error


def text_of(path: str) -> str | None:
    """Return the text with its line ends and BOM as they are, None for no file; raises PolicyError."""
    told = read_text(path)
    return None if told is None else told[0]


def read_text(path: str) -> tuple[str, os.stat_result] | None:
    """Return the same and what the file is that was opened; raises PolicyError."""
    try:
        data, found = read_regular(path, LARGEST_APPROVALS)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # a ValueError for a NUL in the path
        raise PolicyError(plain(path), f"cannot be read: {_reason(error)}") from error
    try:
        return data.decode("utf-8"), found
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{plain(path)}:{line}", "the file is not UTF-8") from error


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
