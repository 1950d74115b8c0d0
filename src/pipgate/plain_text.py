"""Text that came from a package, made harmless for a terminal and for a log."""

from __future__ import annotations

import re
import shlex
import unicodedata

_LONGEST = 300
# Not Z (blanks), C (control, format, unassigned, private) and M (marks, which change the character before).
_INKED = frozenset("LNPS")
_FROM_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
# Of the inked categories, and yet blank: Hangul fillers, Braille blank, null notehead, Egyptian blanks.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\U00013441\U00013442")
# Vowels and finals of Hangul that join the syllable before them and take no cell of their own.
_JOINING = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))
_CREDENTIALS = re.compile(  # up to the last @ of the authority, as the host is found
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*:/{1,2})(?:(?<!\bssh://)|(?=[^/?#\\\s@]*:))[^/?#\\\s]+@", re.IGNORECASE
)
# What acts on a terminal or reorders a line: controls but for tab and the ends of lines, and bidi.
_ACTING = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_PASTEABLE = frozenset(range(ord(" "), ord("~") + 1)) - frozenset(b"'\\")


def plain(text: str, longest: int = _LONGEST) -> str:
    r"""Return ``text`` on one line of at most ``longest`` characters, hostile characters shown as escapes.

    Shown as they are: printable ASCII, and letters, digits, punctuation and symbols that are written from
    left to right, leave ink and take cells of their own. All else, such as control, bidi, blank-looking and
    combining characters, is written as ``\\x1b`` or ``\\u202e``. A text that is too long keeps both ends.

    A backslash is not doubled, for the sake of paths: a text can look as if it held something hostile, never
    the other way round.
    """
    if len(text) > longest:
        kept = longest // 2
        return f"{plain(text[: longest - kept], longest)}...{plain(text[len(text) - kept :], longest)}"
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def single_spaced(text: str, longest: int = _LONGEST) -> str:
    """Return ``plain`` text whose runs of blanks are one: it cannot pass for a row of ours."""
    return plain(re.sub(" +", " ", text).strip(" "), longest)


def harmless(text: str) -> str:
    """Return a text of many lines in which what acts on a terminal is shown as escapes; all else stays."""
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def masked(text: str) -> str:
    """Return ``text`` with the credentials of URLs masked, as pip masks them; ``git@`` of ssh is none.

    So are those of a URL that was taken for a path, with one slash.
    """
    return _CREDENTIALS.sub(r"\g<scheme>****@", text)


def shell_line(words: list[str]) -> str:
    """Return a command line that works when pasted; hostile characters are written in ``$'...'`` quotes."""
    return " ".join(_shell_word(word) for word in words)


def _shell_word(word: str) -> str:
    if all(_shown(character) == character for character in word):
        return shlex.quote(word)
    octets = word.encode("utf-8", "surrogateescape")
    escaped = (chr(octet) if octet in _PASTEABLE else f"\\x{octet:02x}" for octet in octets)
    return f"$'{''.join(escaped)}'"


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    if _is_as_it_looks(character):
        return character
    return character.encode("unicode_escape").decode("ascii")


def _is_as_it_looks(character: str) -> bool:
    """Return whether a character beyond ASCII leaves ink, in cells of its own, where it stands."""
    return (
        unicodedata.category(character)[0] in _INKED
        and character not in _BLANK
        and unicodedata.bidirectional(character) not in _FROM_RIGHT_TO_LEFT
        and not any(first <= ord(character) <= last for first, last in _JOINING)
    )
