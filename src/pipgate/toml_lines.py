"""The line on which a key or a list element stands in a TOML text, which tomllib does not say."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_HEADER = re.compile(r"\[")
_ARRAY_HEADER = re.compile(r"\[\[")
_REST_OF_LINE = re.compile(r"[^\n]*")  # the brackets that end a header, the time after a date
_SCALAR = re.compile(r"""[^\s,\[\]{}#="']+""")
# What ends a string, by what opens it; an escaped quote is matched as the escape and goes on.
_STRING_END: Final = {
    '"""': re.compile(r'\\.|"{3,5}', re.DOTALL),
    "'''": re.compile(r"'{3,5}"),
    '"': re.compile(r'\\.|["\n]'),
    "'": re.compile(r"['\n]"),
}


class TomlLines:
    """Where the keys of a TOML text stand; made in time that grows with its length.

    Of a text that is no TOML, the keys are known up to the place where it stops being one.
    """

    def __init__(self, text: str) -> None:
        reader = _Reader(text)
        with suppress(_NotTomlError):
            reader.read()
        self._root = reader.root

    def line_of(self, path: KeyPath) -> int:
        """Return the line, from 1, of the key or element at ``path``, or else of what would hold it."""
        place = self._root
        for step in path:
            if step not in place.below:
                break
            place = place.below[step]
        return place.line


class _NotTomlError(Exception):
    """The text is no TOML from here on; tomllib says why better than we could."""


@dataclass(slots=True)
class _Place:
    """A key or element, and those in it; ``tables`` counts the ``[[headers]]`` that it has had."""

    line: int
    implied: bool = False
    tables: int = 0
    below: dict[str | int, _Place] = field(default_factory=dict)

    def at(self, step: str | int, line: int) -> _Place:
        return self.below.setdefault(step, _Place(line, implied=True))


@dataclass(slots=True)
class _Open:
    """An array or inline table whose end has not been read yet."""

    place: _Place
    closing: str
    element: int = 0


class _Reader:
    """Reads forward only, and nests by a list of its own: no text makes it slow or its stack deep."""

    def __init__(self, text: str) -> None:
        self.root = _Place(1)
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._table = self.root

    def read(self) -> None:
        self._skip_blank()
        while self._at < len(self._text):
            if self._took(_ARRAY_HEADER):
                self._table = self._next_table()
            elif self._took(_HEADER):
                self._table = self._declared()
            else:
                self._value(self._assigned(self._table))
            self._took(_REST_OF_LINE)
            self._skip_blank()

    def _declared(self) -> _Place:
        """Read the key of a header, which may say again what another header only implied."""
        place = self._key(self.root)
        if place.implied:
            place.line, place.implied = self._line, False
        return place

    def _next_table(self) -> _Place:
        array = self._declared()
        array.tables += 1
        return array.at(array.tables - 1, self._line)

    def _assigned(self, table: _Place) -> _Place:
        place = self._key(table)
        place.implied = False
        self._take(_EQUALS)
        return place

    def _key(self, place: _Place) -> _Place:
        self._skip_blank()
        while True:
            if place.tables:  # below [[this]] is below its last element
                place = place.at(place.tables - 1, self._line)
            place = place.at(self._key_part(), self._line)
            if not self._took(_DOT):
                return place

    def _key_part(self) -> str:
        start = self._at
        if not self._text.startswith(('"', "'"), start):
            self._take(_BARE_KEY)
            return self._text[start : self._at]
        self._string()
        raw = self._text[start : self._at]
        if "\\" not in raw or raw[0] == "'":
            return raw[1:-1]
        try:
            return str(tomllib.loads(f"key = {raw}")["key"])
        except ValueError as error:
            raise _NotTomlError from error

    def _value(self, place: _Place) -> None:
        """Read a value, and with it all that is nested in it."""
        opened: list[_Open] = []
        self._begin(place, opened)
        while opened:
            self._skip_blank()
            inner = opened[-1]
            if self._text.startswith(inner.closing, self._at):
                self._at += 1
                opened.pop()
            elif self._text.startswith(",", self._at):
                self._at += 1
                inner.element += 1
            elif inner.closing == "}":
                self._begin(self._assigned(inner.place), opened)
            else:
                self._begin(inner.place.at(inner.element, self._line), opened)

    def _begin(self, place: _Place, opened: list[_Open]) -> None:
        """Read a value without parts, or the opening of one that has parts."""
        match self._text[self._at : self._at + 1]:
            case "[":
                self._at += 1
                opened.append(_Open(place, "]"))
            case "{":
                self._at += 1
                opened.append(_Open(place, "}"))
            case '"' | "'":
                self._string()
            case _:
                self._take(_SCALAR)

    def _string(self) -> None:
        """Read a string of any of the four kinds; the caller has seen its quote."""
        quote = next(each for each in _STRING_END if self._text.startswith(each, self._at))
        self._at += len(quote)
        while (end := _STRING_END[quote].search(self._text, self._at)) is not None:
            self._at = end.end()
            if end.group()[0] == quote[0]:
                return
            if end.group() == "\n":
                break
        raise _NotTomlError

    def _took(self, token: re.Pattern[str]) -> bool:
        found = token.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found is not None

    def _take(self, token: re.Pattern[str]) -> None:
        if not self._took(token):
            raise _NotTomlError

    def _skip_blank(self) -> None:
        self._took(_BLANK)
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
