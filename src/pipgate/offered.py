"""The commands that messages offer, with what they have to say again to speak of the same."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pipgate.index_words import index_words
from pipgate.plain_text import masked, shell_line
from pipgate.public_urls import public_url
from pipgate.settings import said_again_of
from pipgate.targets import is_on_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.settings import Settings

SAYING_WHY = ", with the reason in the place of WHY"
_NAME = "pipgate"
_TO_SCRIPTS = ("..", "..", "..", "..", "bin")  # from the package, as installers lay out an environment
_FIND_LINKS = "--find-links"


class Again(NamedTuple):
    """What a command says again to speak of the same.

    ``options`` are our own: the environment, the policy, the approvals. ``places`` are pip's options that say
    where it looks. ``wants_reason`` says that the policy wants a reason for an approval.
    """

    options: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    wants_reason: bool = False

    def command(self, *words: str) -> str:
        """Return a command of pipgate's own as it is pasted."""
        return ours([*self.options, *words])

    def approving(self, *keys: str) -> str:
        """Return the command that approves what the keys find, with a place for a reason that is wanted."""
        why = ("--reason", "WHY") if self.wants_reason else ()
        return self.command("approve", *self.places, *keys, *why)

    @property
    def saying_why(self) -> str:
        """What is said before ``approving``, where something has to be filled in."""
        return SAYING_WHY if self.wants_reason else ""


def ours(words: Sequence[str]) -> str:
    """Return a command of pipgate's own as it is pasted."""
    return masked(shell_line([program(os.environ.get("PATH", os.defpath)), *words]))


@cache
def program(path: str) -> str:
    """Return the word that starts pipgate: its name, or its place where that name leads to nothing on PATH.

    So it is in an enabled environment, and where a script was called by its path.
    """
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), *_TO_SCRIPTS, _NAME)  # noqa: PTH100, PTH118, PTH120 -- strings
    if is_on_path(_NAME, path) or not os.access(beside, os.X_OK):
        return _NAME
    return os.path.normpath(beside)


def said_again(command: Sequence[str], *, wants_reason: bool = False) -> Again:
    """Return what of a command line, without the word ``pipgate``, the next one has to say again."""
    return Again(tuple(said_again_of(command)), tuple(index_words(command)), wants_reason)


def of_settings(settings: Settings) -> tuple[str, ...]:
    """Return those of our options that a verb was given and the next one has to say again."""
    return tuple(said_again_of(settings.command))


def to_keep(again: Again, cwd: str) -> Again:
    """Return the same for another directory and another day: whole paths, and no credentials."""
    pairs = zip(again.options[::2], again.options[1::2], strict=True)
    options = [word for option, value in pairs for word in (option, os.path.join(cwd, value))]  # noqa: PTH118 -- strings
    places: list[str] = []
    for word in again.places:
        is_path = places[-1:] == [_FIND_LINKS] and "://" not in word
        places.append(os.path.join(cwd, word) if is_path else public_url(word))  # noqa: PTH118 -- same
    return again._replace(options=tuple(options), places=tuple(places))
