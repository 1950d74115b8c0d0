"""Builds in a numbered list, one line each, and the numbers that a person answers with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipgate.plain_text import masked, single_spaced
from pipgate.rows import cells, cut, encodable, rows
from pipgate.subject_rows import LOOK_ALIKE, in_short, settings_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.build_request import BuildRequest
    from pipgate.rows import Screen

LISTED = 12  # so that head, rows and question fit on a screen of 24 lines with them
_OF_A_KIND = 3  # rows with one label
_LEAST = 8  # cells; less of a file name says nothing
_NARROW = 40  # cells
_USUAL = 200  # cells, where nothing wraps
_RANGES = 6


class Listed(NamedTuple):
    """One build of a list: the request, where its file lies, and why it is asked about, if it is."""

    request: BuildRequest
    path: str | None = None
    reason: str | None = None


def numbered(listed: Sequence[Listed], screen: Screen) -> list[str]:
    """Return one line for each, which no name and no file name makes longer than the screen."""
    digits = len(str(len(listed)))
    return [_line(f"  {number:>{digits}}  ", each, screen) for number, each in enumerate(listed, 1)]


def in_one_screen(listed: Sequence[Listed], screen: Screen) -> list[str]:
    """Return the list as far as a screen holds it, then what all or some of them have in common.

    What files tell builds stands there whole, however much that is.
    """
    few = len(listed) <= LISTED + 1  # a line that says "1 more" is no shorter
    lines = numbered(listed, screen)[: None if few else LISTED]
    lines += [] if few else [f"  ... and {len(listed) - LISTED} more"]
    common = [_row(label, value, screen) for label, value in _in_common(listed, _OF_A_KIND)]
    return [*lines, *common, *_settings(listed, screen)]


def whole(listed: Sequence[Listed], screen: Screen) -> list[str]:
    """Return the whole list, and all that some of them have in common."""
    common = [_row(label, value, screen) for label, value in _in_common(listed, len(listed))]
    return [*numbered(listed, screen), *common, *_settings(listed, screen)]


def read_numbers(answer: str, count: int) -> list[int] | None:
    """Return what ``1 3``, ``2,4`` or ``all`` names, from 0 on; None for what is no answer."""
    words = answer.replace(",", " ").split()
    if words == ["all"]:
        return list(range(count))
    if not all(re.fullmatch("[0-9]{1,6}", word) and 1 <= int(word) <= count for word in words):
        return None
    return sorted({int(word) - 1 for word in words})


def _line(start: str, each: Listed, screen: Screen) -> str:
    columns = _USUAL if screen.columns is None else screen.columns
    title = cut(_shown(each.request.title, screen), columns - len(start))
    room = columns - len(start) - cells(title) - 2
    what = f"  {cut(_shown(in_short(each.request, each.path), screen), room)}" if room >= _LEAST else ""
    return f"{start}{title}{what}"


def _settings(listed: Sequence[Listed], screen: Screen) -> list[str]:
    told = [settings_rows(each.request, f"{number}: ") for number, each in enumerate(listed, 1)]
    return [line for each in told for line in rows(each, screen)]


def _in_common(listed: Sequence[Listed], most: int) -> list[tuple[str, str]]:
    """Return the indexes and reasons, each with the numbers that it is for unless it is for all."""
    alike = [None if _is_ascii(each) else LOOK_ALIKE for each in listed]
    return [
        *_grouped("index", [_index(each) for each in listed], most),
        *_grouped("asked because", [each.reason for each in listed], most),
        *_grouped("note", alike, most),
    ]


def _grouped(label: str, values: Sequence[str | None], most: int) -> list[tuple[str, str]]:
    found: dict[str, list[int]] = {}
    for number, value in enumerate(values, 1):
        if value:
            found.setdefault(value, []).append(number)
    pairs = [
        (label, value if len(numbers) == len(values) else f"{_in_words(numbers)}: {value}")
        for value, numbers in found.items()
    ]
    few = len(found) <= most
    return pairs if few else [*pairs[: most - 1], (label, f"and {len(found) - most + 1} others")]


def _in_words(numbers: list[int]) -> str:
    """Return numbers as ``1-3, 7``; where that is long, how many there are."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    words = [f"{first}" if first == last else f"{first}-{last}" for first, last in ranges]
    return ", ".join(words) if len(words) <= _RANGES else f"{words[0]} and {len(numbers) - 1} others"


def _index(each: Listed) -> str | None:
    """Return the index of a file without the page of its project."""
    return each.request.offer.index and re.sub(r"(?<=[^/])/[^/?#]+/?$", "/", each.request.offer.index)


def _is_ascii(each: Listed) -> bool:
    return f"{each.request.title}{in_short(each.request)}".isascii()


def _row(label: str, value: str, screen: Screen) -> str:
    wide = screen.columns is None or screen.columns >= _NARROW
    return _fitted(
        f"  {label:14}{_shown(value, screen)}" if wide else f"  {label} {_shown(value, screen)}", screen
    )


def _fitted(line: str, screen: Screen) -> str:
    return cut(line, _USUAL if screen.columns is None else screen.columns)


def _shown(text: str, screen: Screen) -> str:
    return encodable(single_spaced(masked(text)), screen)
