"""How each value of a policy file is read from what TOML gives, and written for a person."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pipgate.plain_text import masked, plain
from pipgate.policy import Mode, OlderWheel, Verdict
from pipgate.public_urls import public_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import Enum

    from pipgate.toml_lines import KeyPath

T = TypeVar("T")
E = TypeVar("E", bound="Enum")

_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)  # PEP 508
_PATTERN = re.compile(r"[A-Z0-9._*-]+", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(r"P(?=[0-9T])(?:([0-9]{1,6})W|(?:([0-9]{1,6})D)?(?:T([0-9]{1,6})H)?)")
_LONGEST_DURATION = timedelta(days=36_500)  # so that no sum with a date of today overflows
_LONGEST_SPECIFIER = 1_000  # characters
_INDEX_SCHEMES = ("https", "http", "file")
_NOT_IN_URL = re.compile(r"[\s\\?#]")
_VCS_SCHEME = re.compile(r"(?:git|hg|svn|bzr)\+[a-z]+", re.ASCII)
# Control and format characters (bidi and zero-width marks), lone surrogates, and what breaks a line.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    (int, "a whole number"),
    (float, "a number"),
    (list, "an array"),
    (dict, "a table"),
    (datetime, "a date with a time"),
    (date, "a date"),
    (time, "a time"),
)


class WrongValueError(Exception):
    """A value that the key cannot have; ``inside`` leads from the key to the element that is wrong."""

    def __init__(self, message: str, inside: KeyPath = ()) -> None:
        super().__init__(message)
        self.inside = inside


def kind_of(raw: object) -> str:
    """Return what a TOML value is, in words."""
    return next((words for kind, words in _KINDS if isinstance(raw, kind)), "nothing")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "did you mean" with the nearest of the known words, or the list of them all."""
    words = list(known)
    close = get_close_matches(word[:80].lower().replace("_", "-"), words, n=1)
    return f'did you mean "{close[0]}"?' if close else f"possible are {', '.join(words)}"


def text(raw: object) -> str:
    """Return a string that is not empty and hides nothing; raises WrongValueError, as all below do."""
    if not isinstance(raw, str):
        raise WrongValueError(f"must be a string, and is {kind_of(raw)}")
    for character in raw:
        if unicodedata.category(character) in _HIDDEN:
            raise WrongValueError(f"holds the control or invisible character {plain(character)}")
    if not raw.strip():
        raise WrongValueError("is empty")
    return raw


def word_of(words: type[E], known: Iterable[str]) -> Callable[[object], E]:
    """Return a reader of the members of an enumeration, of which only the ``known`` may be written."""
    known = tuple(known)

    def read(raw: object) -> E:
        word = text(raw)
        if word not in known:
            raise WrongValueError(f'cannot be "{plain(word, 80)}"; {nearest(word, known)}')
        return words[word.upper()]

    return read


verdict = word_of(Verdict, ("allow", "ask", "block"))
mode = word_of(Mode, ("auto", "interactive", "ci", "observe"))
older_wheel = word_of(OlderWheel, ("tell", "ask", "block", "allow"))
_asked_or_blocked = word_of(Verdict, ("ask", "block"))


def default_verdict(raw: object) -> Verdict:
    """Return what holds where no rule does: never ``allow``."""
    if raw == "allow":
        raise WrongValueError(
            'cannot be "allow", which would build whatever comes; possible are "ask" and "block". '
            'For single packages write a [[rule]] with verdict = "allow" or record an approval; '
            'to stop nothing while rolling out, set mode = "observe"'
        )
    return _asked_or_blocked(raw)


def truth(raw: object) -> bool:
    """Return a boolean."""
    if not isinstance(raw, bool):
        raise WrongValueError(f"must be true or false, and is {kind_of(raw)}")
    return raw


def day(raw: object) -> date:
    """Return a date without a time."""
    if not isinstance(raw, date) or isinstance(raw, datetime):
        raise WrongValueError(f"must be a date such as 2027-06-30, without quotes, and is {kind_of(raw)}")
    return raw


def duration(raw: object) -> timedelta:
    """Return an ISO 8601 duration of whole weeks, or of whole days and hours."""
    found = _DURATION.fullmatch(text(raw))
    if found is None or not any(found.groups()):
        shown = plain(text(raw), 80)
        raise WrongValueError(
            f'cannot be "{shown}"; write weeks, or days and hours, as P2W, P3D, P1DT12H, PT36H'
        )
    weeks, days, hours = (int(each or 0) for each in found.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours)
    if length > _LONGEST_DURATION:
        raise WrongValueError(f"is longer than {as_duration(_LONGEST_DURATION)}")
    return length


def as_duration(length: timedelta) -> str:
    """Return a duration of whole hours as it is written in a policy."""
    hours = length.seconds // 3600
    days = f"{length.days}D" if length.days or not hours else ""
    return f"P{days}T{hours}H" if hours else f"P{days}"


def name(raw: object) -> str:
    """Return a project's name, normalised (PEP 503)."""
    if not _NAME.fullmatch(text(raw)):
        raise WrongValueError(f'"{plain(text(raw), 80)}" is no name of a project, without a version')
    return _normalised(text(raw))


def pattern(raw: object) -> str:
    """Return a name, or a pattern in which ``*`` stands for any characters; normalised (PEP 503)."""
    if "*" not in text(raw):
        return name(raw)
    if not _PATTERN.fullmatch(text(raw)):
        raise WrongValueError(f'"{plain(text(raw), 80)}" is no pattern of names, such as acme-*')
    return _normalised(text(raw))


def specifier(raw: object) -> str:
    """Return a version specifier (PEP 440) in the form that packaging writes."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 -- policies without one do without

    written = text(raw)
    try:
        if len(written) <= _LONGEST_SPECIFIER:
            return str(SpecifierSet(written))
    except (InvalidSpecifier, ValueError):
        pass
    raise WrongValueError(f'"{plain(written, 80)}" is no version specifier, such as >=2.0,<3 or ==1.4')


def index(raw: object) -> str:
    """Return the URL of an index, without credentials and without a slash at its end."""
    return _url(raw, lambda scheme: scheme in _INDEX_SCHEMES, "https://index.example.org/simple").rstrip("/")


def vcs(raw: object) -> str:
    """Return the start of the URLs of repositories, as pip writes them, without credentials."""
    return _url(raw, _VCS_SCHEME.fullmatch, "git+https://git.example.org/team/")


def folder(raw: object) -> str:
    """Return a directory, or ``*``; what lies in its spelling alone (``./a/``) is taken away."""
    return str(PurePosixPath(text(raw)))


def one_folder(raw: object) -> str:
    """Return a directory, which ``*`` is not."""
    written = folder(raw)
    if written == "*":
        raise WrongValueError('"*" is every directory; name the ones that your own archives are made in')
    return written


def absolute_folder(raw: object) -> str:
    """Return a directory that does not depend on where the command is called."""
    written = text(raw)
    if not PurePosixPath(written).is_absolute() and not PureWindowsPath(written).is_absolute():
        raise WrongValueError(f'"{plain(written, 80)}" is no absolute path')
    return written


def several(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Return a reader of an array, each element of which ``read`` reads."""

    def read_all(raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list):
            raise WrongValueError(f"must be an array of strings, and is {kind_of(raw)}")
        return tuple(_element(read, each, place) for place, each in enumerate(raw))

    return read_all


def written(value: object) -> str:
    """Return a value of a policy for a person to read: as a file has it, on one line and harmless."""
    match value:
        case Verdict() | Mode() | OlderWheel():
            return value.name.lower()
        case bool():
            return str(value).lower()
        case timedelta():
            return as_duration(value)
        case tuple():
            return ", ".join(map(written, value)) or "(none)"
        case None:
            return "(no limit)"
        case _:
            return plain(masked(str(value)))


def _element(read: Callable[[object], T], raw: object, place: int) -> T:
    try:
        return read(raw)
    except WrongValueError as error:
        raise WrongValueError(f"element {place + 1} {error}", (place,)) from None


def _url(raw: object, is_known: Callable[[str], object], example: str) -> str:
    """Return a URL in the form in which two of them are compared."""
    url = text(raw)
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket in the host that is no IPv6 address
        parts = urlsplit("")
    known = is_known(parts.scheme) and (
        parts.netloc or (parts.scheme.endswith("file") and parts.path.strip("/"))
    )
    if not known or _NOT_IN_URL.search(url):
        raise WrongValueError(f'"{plain(masked(url))}" is no URL such as {example}')
    if masked(url) != url or parts.password is not None:
        raise WrongValueError("holds credentials; they belong in a keyring or in .netrc")
    return public_url(url)


def _normalised(raw: str) -> str:
    return re.sub(r"[-_.]+", "-", raw).lower()
