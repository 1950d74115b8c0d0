"""Text from a package does nothing to a terminal."""

from __future__ import annotations

import subprocess
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipgate.plain_text import plain, shell_line


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
