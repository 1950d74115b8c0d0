"""The options of a pip command line that say where it looks for files, to be said again of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITH_VALUE = {
    "--index-url": "-i",
    "--extra-index-url": "",
    "--find-links": "-f",
    "--trusted-host": "",
}
_ALONE = ("--no-index", "--pre")


def index_words(command: Sequence[str]) -> list[str]:
    """Return those options of a command, in its order, each value as a word of its own."""
    found: list[str] = []
    words = iter(command)
    for word in words:
        if word in _ALONE:
            found.append(word)
            continue
        for option, short in _WITH_VALUE.items():
            if word == option or (short and word == short):
                found += [option, *[value for value in (next(words, None),) if value is not None]]
            elif word.startswith(f"{option}="):
                found += [option, word.partition("=")[2]]
            elif short and word.startswith(short) and not word.startswith("--") and word != short:
                found += [option, word.removeprefix(short)]
    return found
