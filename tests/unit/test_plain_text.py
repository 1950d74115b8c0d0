"""Text from a package does nothing to a terminal."""

from __future__ import annotations

import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipgate.errors import UsageError
from pipgate.plain_text import harmless, masked, plain, shell_line
from pipgate.terminal import show


@given(st.text())
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    shown = plain(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in shown)
    assert len(plain(text, longest=20)) <= 20 * 10 + 3


def test_what_is_hostile_can_be_seen() -> None:
    assert plain("a\x1b[31m\u202eb\r\nc\u200d") == "a\\x1b[31m\\u202eb\\r\\nc\\u200d"
    assert plain("naïve 漢字") == "naïve 漢字"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=3
    )
)
def test_a_shell_line_is_harmless(words: list[str]) -> None:
    line = shell_line(words)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in line)


def test_a_shell_line_says_the_same_when_pasted() -> None:
    words = ["it's", "a b", "$(touch x)", "r\x1b[2J.txt", "back\\slash", "\u202e'\n", "ok"]
    printed = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {shell_line(words)}"], check=True, capture_output=True
    ).stdout
    assert printed.decode().split("\0")[:-1] == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://kim:PASS@h/x: no", "at https://****@h/x: no"),
        ("https://kim:P@SS@PASS@h/x", "https://****@h/x"),
        ("git+ssh://kim:PASS@h/x.git@abc", "git+ssh://****@h/x.git@abc"),
        ("/home/kim/git+https:/kim:PASS@h/x.git", "/home/kim/git+https:/****@h/x.git"),
        ("ssh:/kim:PASS@h/x", "ssh:/****@h/x"),
        ("https://****@h/x", "https://****@h/x"),
        ("git+ssh://git@h/x.git@abc", "git+ssh://git@h/x.git@abc"),
        ("ssh://git@h:22/x", "ssh://git@h:22/x"),
        ("https://h/x.git@0123#egg=a@b", "https://h/x.git@0123#egg=a@b"),
        ("https://h?to=kim@h", "https://h?to=kim@h"),
        ("file:/home/kim@work/x", "file:/home/kim@work/x"),
        ("see https://h, or kim@h", "see https://h, or kim@h"),
    ],
)
def test_credentials_in_urls_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_no_error_that_is_shown_leaks_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    url = "git+ssh://kim:P@SSWORD@h/x"
    show(UsageError(f"what is {url}", context=(repr(url),), note=url, hints=(f"pipgate approve {url}",)))
    shown = capsys.readouterr().err
    assert shown.count("****@h/x") == 4
    assert "SSWORD" not in shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_a_text_of_many_lines_stays_but_for_what_acts(text: str) -> None:
    bidi = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ordinary = "".join(each for each in text if each not in bidi)
    assert harmless(f"\t{ordinary}\r\n{ordinary}\n") == f"\t{ordinary}\r\n{ordinary}\n"
    acting = [*map(chr, (*range(9), *range(11, 32), *range(127, 160))), *bidi]
    shown = harmless(text.join(acting))
    assert not [each for each in acting if each in shown]
