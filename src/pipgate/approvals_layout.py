"""The lines of an approvals file: which are allowed, and which entry stands on which."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipgate.approval_entries import read_approval, read_revocation, unknown_key
from pipgate.errors import PolicyError
from pipgate.origin import Origin
from pipgate.plain_text import plain, shell_line

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pipgate.approvals import Approval, Revocation
    from pipgate.origin import Layer

BOM = "\ufeff"
_KEYS = ("version", "approvals", "revoked")

_REST = r"[ \t]*(?:#.*)?"
_NOTHING = re.compile(_REST)
_VERSION = re.compile(r"[ \t]*version[ \t]*=[ \t]*(?P<value>[^#]*)(?:#.*)?")
OPENED = re.compile(
    rf"(?P<before>[ \t]*(?P<key>approvals|revoked)[ \t]*=[ \t]*\[)(?P<closed>[ \t]*\])?{_REST}"
)
_CLOSED = re.compile(rf"[ \t]*\]{_REST}")
ENTRY = re.compile(
    r"""(?P<indent>[ \t]*)(?P<table>\{(?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*\}[ \t]*,)"""
    rf"(?P<after>{_REST})"
)
_KEY = re.compile(r"[ \t]*(?P<key>[A-Za-z0-9_-]+)[ \t]*=.*")
_CONFLICT = re.compile(r"<{7}|={7}|>{7}|\|{7}")
_ALONE = "an entry stands whole on a line of its own and ends in a comma, so that branches can be merged"


@dataclass(frozen=True, slots=True)
class Row:
    """An entry and the index of its line."""

    index: int
    entry: Approval | Revocation


@dataclass(frozen=True, slots=True)
class Block:
    """The entries of a key, and the index of the line that opens it; ``empty`` is ``[]`` on that line."""

    index: int
    empty: bool
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """The lines of a file, split at LF, and what has been found on them so far."""

    lines: list[str]
    file: str
    layer: Layer
    has_version: bool = False
    blocks: dict[str, Block] = field(default_factory=dict)
    within: str | None = None

    @property
    def carriage_return(self) -> str:
        """What stands before LF in the line ends of this file, by the first of them."""
        return "\r" if self.lines[0].endswith("\r") else ""

    def error(self, index: int, message: str, *, hints: tuple[str, ...] = ()) -> PolicyError:
        """Return the error for the line with this index."""
        return PolicyError(f"{plain(self.file)}:{index + 1}", message, hints=hints)


def read_layout(text: str, file: str, layer: Layer) -> Layout:
    """Return the layout of a valid file. Every line is whole TOML by itself, and so is the file."""
    layout = Layout(text.split("\n"), file, layer)
    bare = text.removeprefix(BOM).split("\n")
    for index, line in enumerate(bare):
        if _CONFLICT.match(line):
            raise _conflict(layout, index)
    for index, line in enumerate(bare):
        _read_line(layout, index, line.removesuffix("\r") if index + 1 < len(bare) else line)
    if layout.within is not None:
        opened = layout.blocks[layout.within].index
        raise layout.error(opened, f"the bracket that opens {layout.within!r} here is never closed")
    if layout.blocks and not layout.has_version:
        raise layout.error(0, "the key 'version' is missing: version = 1")
    _read_toml("\n".join(bare), layout)
    return layout


def _read_line(layout: Layout, index: int, line: str) -> None:
    if _NOTHING.fullmatch(line):
        return
    if layout.within is not None:
        _read_line_of_block(layout, index, line, layout.within)
    elif opened := OPENED.fullmatch(line):
        _open_block(layout, index, opened)
    elif version := _VERSION.fullmatch(line):
        if version["value"].rstrip(" \t") != "1":
            raise layout.error(
                index, f"version {plain(version['value'], 80)} is not known: this pipgate reads version 1"
            )
        layout.has_version = True
    else:
        raise layout.error(index, _otherwise(line))


def _open_block(layout: Layout, index: int, opened: re.Match[str]) -> None:
    key = opened["key"]
    if key in layout.blocks:
        raise layout.error(index, f"the key {key!r} stands there twice; put its entries into one")
    layout.blocks[key] = Block(index, empty=opened["closed"] is not None)
    layout.within = key if opened["closed"] is None else None


def _read_line_of_block(layout: Layout, index: int, line: str, key: str) -> None:
    if _CLOSED.fullmatch(line):
        layout.within = None
        return
    origin = Origin(layout.layer, layout.file, index + 1)
    entry = ENTRY.fullmatch(line)
    if entry is None:
        raise layout.error(index, _ALONE)
    try:
        tables: list[Any] = tomllib.loads(f"entry = [{entry['table']}]")["entry"]
    except (ValueError, RecursionError) as error:
        raise layout.error(index, f"the entry is not TOML: {_reason(error)}") from error
    if len(tables) != 1:
        raise layout.error(index, _ALONE)
    read = read_approval if key == "approvals" else read_revocation
    layout.blocks[key].rows.append(Row(index, read(tables[0], origin)))


def _otherwise(line: str) -> str:
    """Return what is said of a line that may not stand outside a block."""
    key = _KEY.fullmatch(line)
    if key and key["key"] not in _KEYS:
        return unknown_key(key["key"], _KEYS)
    if key or line.lstrip().startswith("{"):
        return f"{_ALONE}, between the lines `approvals = [` or `revoked = [`, and `]`"
    return "this line is no comment, no `version = 1`, no `approvals = [` and no `revoked = [`"


def _conflict(layout: Layout, index: int) -> PolicyError:
    """Return the way on from a conflict: what git's union merge would have done."""
    markers = ("/^|||||||/,/^=======/d", "/^<<<<<<</d", "/^=======/d", "/^>>>>>>>/d")
    expressions = [word for each in markers for word in ("-e", each)]
    command = shell_line(["sed", "-i", *expressions, "--", layout.file])
    return layout.error(
        index,
        "a merge conflict was left in the file; keep the entries of both sides and delete the marker lines",
        hints=(f"To do that: {command}",),
    )


def _read_toml(text: str, layout: Layout) -> None:
    """Refuse what no single line shows, such as a key that stands there twice."""
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise layout.error(int(line.group(1)) - 1 if line else 0, f"not TOML: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return plain(re.sub(r" \(at .*\)$", "", str(error)))
