"""Lines and rows, measured in the cells of a terminal: no value can pass for a line of ours."""

# A terminal goes on at the left edge where a line is too long for it, and there our own words stand.

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from pipgate.plain_text import masked, single_spaced

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

Row = tuple[str, str]

_LONGEST_VALUE = 1_000  # characters
_INDENT, _NARROW_INDENT, _NARROWEST_VALUE = 16, 4, 24  # cells
_NARROWEST, _WIDEST, _USUAL = 8, 200, 80  # columns; a terminal that does not know says 0
_ONE_CELL = frozenset({"Na", "N", "H"})  # of the East Asian widths (UAX 11)


class Screen(NamedTuple):
    """Where lines are shown: its width in cells, None where nothing wraps them, and what it can show."""

    columns: int | None
    encoding: str


def screen_of(stream: TextIO) -> Screen:
    """Return what a stream leads to. The terminal itself is asked, and not the environment."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        columns = os.get_terminal_size(stream.fileno()).columns or _USUAL
    except (AttributeError, OSError, ValueError):
        return Screen(None, encoding)
    return Screen(max(_NARROWEST, min(columns, _WIDEST)), encoding)


def rows(pairs: Iterable[Row], screen: Screen) -> list[str]:
    """Return lines of a label and a value each; a long value goes on below itself, where no label stands.

    The values may be anything: credentials are masked, and hostile characters shown as escapes. Where the
    screen is narrow, the value stands below its label.
    """
    lines = []
    for label, value in pairs:
        shown = encodable(single_spaced(masked(value), _LONGEST_VALUE), screen)
        if screen.columns is None:
            lines.append(f"  {label:14}{shown}")
        elif screen.columns < _INDENT + _NARROWEST_VALUE:
            parts = wrapped(shown, screen.columns - _NARROW_INDENT)
            lines += [f"  {label}"[: screen.columns], *(f"{'':{_NARROW_INDENT}}{each}" for each in parts)]
        else:
            first, *rest = wrapped(shown, screen.columns - _INDENT)
            lines += [f"  {label:14}{first}", *(f"{'':{_INDENT}}{each}" for each in rest)]
    return lines


def hanging(line: str, screen: Screen) -> list[str]:
    """Return a line of plain text in lines that fit; all but the first stand further to the right."""
    line = encodable(line, screen)
    if screen.columns is None:
        return [line]
    text = line.lstrip(" ")
    indent = min(len(line) - len(text), screen.columns // 4)
    deeper = indent + min(_NARROW_INDENT, screen.columns // 4)
    first = wrapped(text, screen.columns - indent)[0]
    rest = text[len(first) :].lstrip(" ")
    parts = wrapped(rest, screen.columns - deeper) if rest else []
    return [f"{'':{indent}}{first}", *(f"{'':{deeper}}{each}" for each in parts)]


def wrapped(text: str, width: int) -> list[str]:
    """Return plain text in parts of at most ``width`` cells, broken at blanks where that can be done."""
    parts: list[str] = []
    start, used, blank = 0, 0, -1
    for at, character in enumerate(text):
        if used + cells(character) > width:
            end = at if character == " " or blank <= start else blank
            parts.append(text[start:end])
            start, blank = end + (text[end] == " "), -1
            used = cells(text[start:at])
        if at < start:
            continue
        used += cells(character)
        blank = at if character == " " else blank
    return [*parts, text[start:]]


def pieces(text: str, width: int) -> list[str]:
    """Return plain text in parts of at most ``width`` cells, all of it, blanks included."""
    parts, used = [""], 0
    for character in text:
        if used + cells(character) > width:
            parts.append("")
            used = 0
        parts[-1] += character
        used += cells(character)
    return parts


def cut(text: str, width: int) -> str:
    """Return plain text in at most ``width`` cells; one that is too long keeps both ends."""
    if cells(text) <= width:
        return text
    dots = "..."[: max(width, 0)]
    of_end = (width - len(dots)) // 2
    end = pieces(text[::-1], of_end)[0][::-1] if of_end > 0 else ""
    of_start = width - len(dots) - cells(end)
    return f"{pieces(text, of_start)[0] if of_start > 0 else ''}{dots}{end}"


def cells(text: str) -> int:
    """Return how many cells plain text takes up at most.

    Beyond ASCII, all but letters and digits count two: terminals differ over symbols.
    """
    if text.isascii():
        return len(text)
    return sum(1 if _takes_one(character) else 2 for character in text)


def encodable(text: str, screen: Screen) -> str:
    """Return text with escapes in the place of what the screen cannot show."""
    return text.encode(screen.encoding, "backslashreplace").decode(screen.encoding)


def _takes_one(character: str) -> bool:
    return character.isascii() or (
        character.isalnum() and unicodedata.east_asian_width(character) in _ONE_CELL
    )
