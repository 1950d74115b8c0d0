"""No text from a package makes a line of ours, whatever the terminal is."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipgate.plain_text import plain, single_spaced
from pipgate.rows import Screen, cells, hanging, pieces, rows, screen_of, wrapped

BLANK = "\u00a0\u1680\u2000\u2007\u200a\u202f\u205f\u3000\u2800\u3164\u115f\u1160\uffa0\U0001d159"
ZERO_WIDTH = "\u200b\u200d\u2060\ufeff\u034f\u0301\u0338\u20dd\ufe0f\ufe00\U000e0041\U000e0100\u11a8\ud7cb"
TURNING = "\u202e\u2066\u200f\u061c\u05d0\u0627"
HOSTILE = BLANK + ZERO_WIDTH + TURNING + "\x1b\x00\x7f\x9b\r\n\t\u2028\ue000"
WIDE = "漢\uff21\U0001f600\U0001f1e6\u00b1"
# Any text, with more of what can be used to forge a row than chance would bring.
any_text = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE + WIDE + " ab"))) | st.text(
    st.sampled_from(HOSTILE + WIDE + "  ab"), min_size=60, max_size=400
)
screens = st.builds(Screen, st.integers(8, 200), st.sampled_from(["utf-8", "ascii", "latin-1"]))


def width(line: str) -> int:
    """Return the cells of a line by the width that Unicode gives its characters, told apart from ours."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in line
    )


def is_safe(line: str) -> bool:
    return not any(
        each in HOSTILE or unicodedata.category(each)[0] in "CM" or (each != " " and each.isspace())
        for each in line
    )


@given(any_text)
def test_nothing_that_is_not_as_it_looks_is_left(text: str) -> None:
    assert is_safe(plain(text))
    assert is_safe(single_spaced(text))
    assert "  " not in single_spaced(text)


@pytest.mark.parametrize("character", HOSTILE)
def test_each_hostile_character_can_be_seen(character: str) -> None:
    shown = plain(f"a{character}b")
    assert shown == f"a{character.encode('unicode_escape').decode()}b"
    assert shown.isascii()


def test_what_people_write_stays_readable() -> None:
    for text in ("naïve 漢字 한글 Привет ελ 😀 “x” €5 a\\b", r"C:\new\users"):
        assert plain(text) == text


@given(st.lists(st.tuples(st.sampled_from(["file", "sha256", "asked because"]), any_text)), screens)
def test_a_value_is_no_row_and_no_line_is_longer_than_the_screen(
    pairs: list[tuple[str, str]], screen: Screen
) -> None:
    lines = rows(pairs, screen)
    assert screen.columns is not None
    assert all(is_safe(line) and width(line) <= cells(line) <= screen.columns for line in lines)
    assert all("\n" not in line.encode(screen.encoding).decode(screen.encoding) for line in lines)
    labels = [line for line in lines if not line.startswith("    ")]
    assert [line.split()[0] for line in labels] == [label.split()[0] for label, _ in pairs]


@given(any_text, screens, st.integers(0, 8))
def test_a_line_goes_on_further_to_the_right(text: str, screen: Screen, indent: int) -> None:
    first, *rest = hanging(" " * indent + plain(text, 500), screen)
    at = len(first) - len(first.lstrip(" "))
    assert all(line.startswith(" " * (at + 1)) for line in rest)
    assert screen.columns is not None
    assert all(width(line) <= screen.columns for line in (first, *rest))


@given(any_text, st.integers(2, 40))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    shown = plain(text, 1_000)
    assert "".join(wrapped(shown, columns)).replace(" ", "") == shown.replace(" ", "")
    assert "".join(pieces(shown, columns)) == shown
    assert all(cells(each) <= columns for each in (*wrapped(shown, columns), *pieces(shown, columns)))


def test_where_nothing_wraps_a_row_is_one_line() -> None:
    assert rows([("file", "a" * 500)], Screen(None, "utf-8")) == [f"  {'file':14}{'a' * 500}"]


def test_a_long_value_keeps_its_end() -> None:
    shown = plain(f"https://good.example/{'a' * 400}@evil.example/x.tar.gz", 100)
    assert shown.startswith("https://good.example/a")
    assert shown.endswith("@evil.example/x.tar.gz")


@pytest.mark.parametrize(("columns", "taken"), [(0, 80), (1, 8), (20, 20), (60_000, 200)])
def test_the_terminal_is_asked(monkeypatch: pytest.MonkeyPatch, columns: int, taken: int) -> None:
    monkeypatch.setenv("COLUMNS", "999")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(slave, "w") as stream:
        assert screen_of(stream).columns == taken
    os.close(master)


def test_a_file_is_no_terminal() -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as stream:
        assert screen_of(stream) == Screen(None, "utf-8")
