"""The files and commands that a wheel would write, as pip reads them, with nothing of it unpacked."""

from __future__ import annotations

import os
import re
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile, ZipFile

from pipgate.wheel import gate_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zipfile import ZipInfo

# What pip calls the directories of a wheel's .data; the first two also take what lies outside of it.
LIBRARIES = ("purelib", "platlib")
_ENTRY_POINTS = "entry_points.txt"
_SCRIPTS = ("console_scripts", "gui_scripts")
_LARGEST_PYPROJECT = 8 << 20  # bytes; what is larger is no policy
_WORD = r"[\w.+-]+"
_SECTION = r"\[[^\[\]]*\]\s*"
_UNREADABLE = (BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, zlib.error)


class Contents(NamedTuple):
    """The members of a wheel, and the names of the commands that pip would make for it.

    The commands may be more than pip makes, and are never fewer. ``policies`` are the members that would be
    a project's policy where they lie: each is a pyproject.toml with our table.
    """

    members: tuple[str, ...]
    commands: tuple[str, ...]
    policies: frozenset[str] = frozenset()


def read(path: str) -> Contents | None:
    """Return what a wheel holds, or None where it is no zip file that can be read: pip says so itself."""
    try:
        with ZipFile(path, allowZip64=True) as wheel:
            members = tuple(wheel.namelist())
            policies = frozenset(info.filename for info in wheel.infolist() if _is_policy(wheel, info))
            texts = [_text(wheel, info) for info in wheel.infolist() if _lists_commands(info.filename)]
    except _UNREADABLE:
        return None
    return Contents(members, tuple(name for text in texts for name in _commands(text)), policies)


def _lists_commands(member: str) -> bool:
    """Return whether pip finds the entry points there: it drops dots and doubled slashes, also at the end."""
    directory, _, inside = member.partition("/")
    return directory.endswith(".dist-info") and PurePosixPath(inside.lstrip("/")) == PurePosixPath(
        _ENTRY_POINTS
    )


def _is_policy(wheel: ZipFile, info: ZipInfo) -> bool:
    """Return whether a member is a pyproject.toml with our table."""
    if not gate_files.is_pyproject(os.path.normpath(info.filename)):
        return False
    from pipgate.policy_places import is_policy  # noqa: PLC0415 -- few wheels bring one

    return is_policy(_data(wheel, info, _LARGEST_PYPROJECT))


def _text(wheel: ZipFile, info: ZipInfo) -> str:
    """Return the text of a member; empty where pip cannot read it either."""
    return str(_data(wheel, info), "utf-8", "replace")


def _data(wheel: ZipFile, info: ZipInfo, most: int = -1) -> bytes:
    try:
        with wheel.open(info) as file:
            return file.read(most)
    except _UNREADABLE:
        return b""


def _commands(text: str) -> Iterator[str]:
    """Yield all names that a reader of entry points may take for those of commands.

    Readers differ in what ends a line or a section, so a section ends only where all of them see its end.
    """
    for lines in (text.split("\n"), text.splitlines()):
        inside = False
        for line in lines:
            begins = "[" in line and any(section in line for section in _SCRIPTS)
            inside = begins or (inside and not re.fullmatch(_SECTION, line))
            if inside and "=" in line:
                yield from _names(line)


def _names(line: str) -> Iterator[str]:
    """Yield what pip's script maker may take for the name in a line.

    It reads the line once more, and searches: a name may end before any "=", begin behind a bracket or with
    the space before it (so that an absolute path is a relative one), or be the last word among other signs.
    """
    for equals in re.finditer("=", line):
        before = line[: equals.start()].strip()
        name = re.split(r"[\s\[]", before)[-1]
        yield from (before, name, f" {name}", *re.findall(_WORD, before))


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
