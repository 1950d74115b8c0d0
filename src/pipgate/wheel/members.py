"""The files and commands that a wheel would write, as pip reads them, with nothing of it unpacked."""

from __future__ import annotations

import os
import re
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile, ZipFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zipfile import ZipInfo

# What pip calls the directories of a wheel's .data; the first two also take what lies outside of it.
LIBRARIES = ("purelib", "platlib")
_ENTRY_POINTS = "entry_points.txt"
_SCRIPTS = ("console_scripts", "gui_scripts")
_SECTION = r"\[[^\[\]]*\]\s*"
_UNREADABLE = (BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, zlib.error)


class Contents(NamedTuple):
    """The members of a wheel, and the names of the commands that pip would make for it.

    The commands may be more than pip makes, and are never fewer.
    """

    members: tuple[str, ...]
    commands: tuple[str, ...]


def read(path: str) -> Contents | None:
    """Return what a wheel holds, or None where it is no zip file that can be read: pip says so itself."""
    try:
        with ZipFile(path, allowZip64=True) as wheel:
            members = tuple(wheel.namelist())
            lists = [info for info in wheel.infolist() if _is_list(info.filename)]
            texts = [_text(wheel, info) for info in lists]
    except _UNREADABLE:
        return None
    return Contents(members, tuple(name for text in texts for name in _commands(text)))


def _is_list(member: str) -> bool:
    """Return whether pip may read a member as the list of entry points, with ``.`` or a slash in its path."""
    return ".dist-info" in member and PurePosixPath(member).name == _ENTRY_POINTS


def _text(wheel: ZipFile, info: ZipInfo) -> str:
    """Return the text of a member; empty where pip cannot read it either."""
    try:
        with wheel.open(info) as file:
            return str(file.read(), "utf-8", "replace")
    except _UNREADABLE:
        return ""


def _commands(text: str) -> Iterator[str]:
    """Yield all names that a reader of entry points may take for those of commands.

    Readers differ in what ends a line or a section, so a section ends only where all of them see its end.
    What makes the command searches the whole line once more (distlib's ``ENTRY_RE``): a name may end at any
    of its equals signs, and begins after a blank, a bracket or, before 23.3, whatever is no part of a word.
    """
    for lines in (text.split("\n"), text.splitlines()):
        inside = False
        for line in lines:
            begins = "[" in line and any(section in line for section in _SCRIPTS)
            inside = begins or (inside and not re.fullmatch(_SECTION, line))
            if inside:
                for sign in re.finditer("=", line):
                    yield from _names_before(line[: sign.start()].strip())


def _names_before(text: str) -> Iterator[str]:
    last = re.split(r"[\s\[]", text)[-1]
    word = re.search(r"[\w.+-]+$", last)
    yield from dict.fromkeys((text, last, f" {last}", word[0] if word else last))


def destinations(member: str, scheme: Mapping[str, str]) -> tuple[str, ...]:
    """Return where pip writes a member, for a scheme of directories by name; empty where it refuses to.

    A member at the root goes to one of two directories, by a word of the wheel: both are returned.
    """
    normal = os.path.normpath(member)
    if not member.split("/", 1)[0].endswith(".data"):
        return tuple(os.path.join(scheme[key], normal) for key in LIBRARIES)  # noqa: PTH118 -- as pip does
    parts = normal.split(os.sep, 2)
    if len(parts) < 3 or parts[1] not in scheme:  # noqa: PLR2004 -- directory, key and the rest
        return ()
    return (os.path.join(scheme[parts[1]], parts[2]),)  # noqa: PTH118 -- same
