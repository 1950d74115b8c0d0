"""The program that pip.conf names as Python: lines of shell, so that nothing of the caller is imported."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.errors import FileNotWrittenError, UsageError
from pipgate.pip_conf_words import STAND_IN
from pipgate.plain_text import plain
from pipgate.regular_files import read_regular
from pipgate.user_directories import data_home
from pipgate.whole_files import remove_file, replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = "/usr/local/lib/pipgate"
_MARK = "# Written by pipgate team install, taken away by pipgate team uninstall."
_NAMED_BY = "# Named by "
_LARGEST = 1 << 16  # bytes
# Under -I the variables of Python, and a directory that is not the tool's, decide nothing.
_TEXT = """\
#!/bin/sh
{mark}
{named_by}
if [ ! -x {python} ] || [ ! -f {start} ]; then
    echo "pipgate is gone, so pip was not run, and no project code has run. To find what calls it:" >&2
    echo "grep -n {name} /etc/pip.conf /etc/xdg/pip/pip.conf ~/.pip/pip.conf ~/.config/pip/pip.conf" >&2
    exit 45
fi
exec {python} -I {start} "$PPID" "$@"
"""


def place(environ: Mapping[str, str], *, is_system: bool) -> str:
    """Return where it lies: for everybody, or for this user."""
    return os.path.join(_SYSTEM if is_system else data_home(environ), STAND_IN)  # noqa: PTH118 -- strings


def write(path: str, start: str, conf: str) -> None:
    """Write it, so that this interpreter runs ``start``, for a pip.conf that is to name it, beside others.

    Raises UsageError for a file of that name that is not ours, and FileNotWrittenError.
    """
    held = _held(path)
    python, start = map(shlex.quote, (sys.executable, start))
    named_by = "\n".join(f"{_NAMED_BY}{json.dumps(each)}" for each in sorted({*_named_by(held), conf}))
    text = _TEXT.format(mark=_MARK, named_by=named_by, python=python, start=start, name=STAND_IN)
    if os.fsencode(text) == held:
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, os.fsencode(text), mode=0o755)
    except OSError as error:
        raise _not_written(path, error) from error


def release(path: str, conf: str) -> None:
    """Take it away when no other pip.conf names it, and its directory where nothing else lies in it.

    Raises as ``write`` does.
    """
    held = _held(path)
    if held is None:
        return
    kept = [line for line in os.fsdecode(held).splitlines(keepends=True) if _conf_in(line) != conf]
    text = os.fsencode("".join(kept))
    try:
        if _named_by(text):
            replace_file(path, text)
            return
        remove_file(path)
    except OSError as error:
        raise _not_written(path, error) from error
    with contextlib.suppress(OSError):
        Path(path).parent.rmdir()


def _named_by(held: bytes | None) -> set[str]:
    """Return the pip.conf files that name it: it says so itself, whatever else is remembered or lost."""
    found = {_conf_in(line) for line in os.fsdecode(held or b"").splitlines()}
    return {each for each in found if each is not None}


def _conf_in(line: str) -> str | None:
    try:
        return str(json.loads(line.removeprefix(_NAMED_BY))) if line.startswith(_NAMED_BY) else None
    except ValueError:  # somebody has edited it
        return None


def _held(path: str) -> bytes | None:
    """Return what lies there, or None for nothing; raises UsageError for a file that is not ours."""
    try:
        data, _ = read_regular(path, _LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{plain(path)} cannot be read: {error.strerror}") from error
    if _MARK.encode() not in data:
        raise UsageError(f"{plain(path)} was not written by pipgate; it was left as it is")
    return data


def _not_written(path: str, error: OSError) -> FileNotWrittenError:
    reason = f"{plain(path)} cannot be written: {error.strerror or error}"
    return FileNotWrittenError(reason, note="Nothing was changed.")
