"""A pip.conf on disk: read, written at one stroke, and taken away where it was made for us alone."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from pipgate.adoption import pip_conf_lines, stand_in_script
from pipgate.errors import FileNotWrittenError, UsageError
from pipgate.plain_text import plain
from pipgate.regular_files import read_regular
from pipgate.whole_files import remove_file, replace_file, resolved

_LARGEST = 1 << 20  # bytes


class ConfFile(NamedTuple):
    """A pip.conf as it is: the path that was meant, where that leads, and its text, None for no file."""

    named: str
    path: Path
    text: str | None

    @property
    def missing_directories(self) -> int | None:
        """How many directories have to be made for it; None where it is there."""
        return None if self.text is not None else sum(not parent.exists() for parent in self.path.parents)


def look_at(named: str) -> ConfFile:
    """Read a pip.conf; raises UsageError where it cannot be read."""
    # Through links, as those who keep such files in a repository have them.
    try:
        path = Path(resolved(named))
        text = _text_of(path)
    except OSError as error:
        raise UsageError(f"{plain(named)} cannot be read: {plain(error.strerror or str(error))}") from error
    return ConfFile(os.path.abspath(named), path, text)  # noqa: PTH100 -- links are kept


def _text_of(path: Path) -> str | None:
    try:
        return read_regular(str(path), _LARGEST)[0].decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def write(file: ConfFile, text: str) -> None:
    """Write the file where its text is another; raises FileNotWrittenError, and nothing has changed then."""
    if text == file.text:
        return
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(str(file.path), text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise _not_written(file, error) from error


def clean(file: ConfFile, *, dry_run: bool = False) -> pip_conf_lines.Held:
    """Take our lines out, and the file where nothing else is left of what we made; returns what it held.

    The program that they name goes too, when no other file names it.

    Raises UsageError and FileNotWrittenError, and nothing has changed then.
    """
    held = pip_conf_lines.take_away(file.text or "", file.named)
    if held.is_installed and not dry_run:
        if held.new_directories is not None and not held.rest.strip():
            _remove(file, held.new_directories)
        else:
            write(file, held.rest)
        if held.python is not None:
            stand_in_script.release(held.python, file.named)
    return held


def _remove(file: ConfFile, directories: int) -> None:
    try:
        remove_file(str(file.path))
    except OSError as error:
        raise _not_written(file, error) from error
    with contextlib.suppress(OSError):  # somebody else has put something there
        for parent in list(file.path.parents)[:directories]:
            parent.rmdir()


def _not_written(file: ConfFile, error: OSError) -> FileNotWrittenError:
    return FileNotWrittenError(
        f"{plain(file.named)} cannot be written: {error.strerror or error}", note="Nothing was changed."
    )
