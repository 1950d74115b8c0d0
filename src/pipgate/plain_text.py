"""Text that came from a package, made harmless for a terminal and for a log."""

from __future__ import annotations

import re
import shlex
import unicodedata

# Cc: control, Cf: format (bidi marks, zero width), Cs: lone surrogates, Co: private use, Zl/Zp: line breaks.
_HOSTILE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST = 300
_CREDENTIALS = re.compile(
    r"(?P<scheme>\b(?!(?:git\+|hg\+|bzr\+|svn\+)?ssh:)[a-z][a-z0-9+.-]*://)[^/?#\\\s@]+@", re.IGNORECASE
)
_PASTEABLE = frozenset(range(ord(" "), ord("~") + 1)) - frozenset(b"'\\")


def plain(text: str, longest: int = _LONGEST) -> str:
    r"""Return ``text`` on one line of at most ``longest`` characters, hostile characters shown as escapes.

    Control characters, bidi and zero-width marks, line separators and what has no meaning in Unicode are
    written as ``\\x1b`` or ``\\u202e``: they can be seen, and they do nothing.
    """
    shown = "".join(_shown(character) for character in text[:longest])
    return shown + "..." if len(text) > longest else shown


def single_spaced(text: str, longest: int = _LONGEST) -> str:
    """Return ``plain`` text whose runs of blanks are one: it cannot pass for a row of ours."""
    return plain(" ".join(text.split()), longest)


def masked(text: str) -> str:
    """Return ``text`` with the credentials of URLs masked, as pip masks them; ``git@`` of ssh is none."""
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
    if unicodedata.category(character) in _HOSTILE_CATEGORIES:
        return character.encode("unicode_escape").decode("ascii")
    return character
