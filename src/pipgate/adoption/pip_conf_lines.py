"""pipgate's lines in a pip.conf: put in between marks and taken away again, the rest of the file kept."""

from __future__ import annotations

import re
from configparser import Error
from typing import TYPE_CHECKING, NamedTuple

from pipgate.errors import UsageError
from pipgate.pip_conf import SECTION, key_of, parse
from pipgate.pip_conf_words import BACKSTOP
from pipgate.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = "# pipgate team install: begin"
_MADE = " (made this file in {} new directories)"
_HELP = "# To take it away: pipgate team uninstall; without a pipgate: delete the lines between these marks."
_ENDED = " (and the end of the line above)"
_END = "# pipgate team install: end"
_GLOBAL = "[global]"
_SECTION_LINE = f"[{SECTION}]"
_OURS = re.compile(
    rf"{re.escape(_BEGIN)}.*|{re.escape(_HELP)}|\[global\]|\[{SECTION}\]"
    rf"|python = .*|policy = .*|only-binary = {re.escape(BACKSTOP)}|"
)
_MADE_IN = re.compile(r"\(made this file in (\d+) new directories\)")


class Wanted(NamedTuple):
    """What is to stand in a pip.conf: the stand-in for Python, a policy or None, and whether the backstop.

    ``new_directories`` is how many were made for the file, None where it was there before.
    """

    python: str
    policy: str | None
    backstop: bool
    new_directories: int | None = None


class Held(NamedTuple):
    """A pip.conf without our lines, and what those said; ``policy`` and ``new_directories`` as in Wanted."""

    rest: str
    is_installed: bool
    policy: str | None = None
    new_directories: int | None = None


def take_away(text: str, path: str) -> Held:
    """Return the file without our lines; raises UsageError where others stand between our marks."""
    kept: list[str] = []
    ours: list[str] = []
    begun = None
    for number, line in enumerate(_lines(text), 1):
        bare = line.strip("\r\n")
        if bare.startswith(_BEGIN) and begun is None:
            begun = number
            if bare.endswith(_ENDED) and kept:
                kept[-1] = kept[-1].rstrip("\r\n")
        if begun is None:
            kept.append(line)
        elif bare == _END:
            begun = None
        elif not _OURS.fullmatch(bare):
            raise UsageError(
                f"{plain(path)}:{number}: this line stands between the marks of pipgate and is not its own; "
                "move it, and try again. Nothing was changed"
            )
        else:
            ours.append(bare)
    if begun is not None:
        raise UsageError(f"{plain(path)}:{begun}: this mark has no end; nothing was changed")
    policy = next((each.removeprefix("policy = ") for each in ours if each.startswith("policy = ")), None)
    made = next((found for each in ours if (found := _MADE_IN.search(each))), None)
    return Held("".join(kept), bool(ours), policy, int(made.group(1)) if made else None)


def put_in(rest: str, wanted: Wanted, path: str) -> str:
    """Return the file with our lines; raises UsageError where it cannot hold them beside what it says."""
    said = _values(rest, path)
    _require_free(said, wanted, path)
    newline = "\r\n" if "\r\n" in rest else "\n"
    in_global = [f"python = {wanted.python}"]
    if wanted.backstop and ("global", "only-binary") not in said:
        in_global.append(f"only-binary = {BACKSTOP}")
    in_ours = [] if wanted.policy is None else [_SECTION_LINE, f"policy = {wanted.policy}"]
    made = "" if wanted.new_directories is None else _MADE.format(wanted.new_directories)
    lines = _lines(rest)
    at = _end_of_global(lines)
    if at is None:
        block = [_BEGIN + made, _HELP, _GLOBAL, *in_global, *in_ours, _END]
        text = _with(lines, len(lines), block, newline)
    else:
        text = _with(lines, at, [_BEGIN, _HELP, *in_global, _END], newline)
        if in_ours:
            text = _with(_lines(text), len(_lines(text)), [_BEGIN, *in_ours, _END], newline)
    _require_the_rest_kept(said, text, path)
    return text


def _require_free(said: dict[tuple[str, str], str], wanted: Wanted, path: str) -> None:
    if ("global", "python") in said:
        other = said["global", "python"]
        raise UsageError(f"{plain(path)} has `python = {plain(other)}` in [global]; take that line out first")
    if wanted.policy is not None and any(section == SECTION for section, _ in said):
        raise UsageError(f"{plain(path)} has a section {_SECTION_LINE} of its own; take it out first")
    for value in (wanted.python, wanted.policy or "/"):
        if value != value.strip() or not value.isprintable():
            raise UsageError(f"a pip.conf cannot hold this path: {plain(value)}")


def _require_the_rest_kept(said: dict[tuple[str, str], str], text: str, path: str) -> None:
    """Read what would be written: a layout that we have not thought of must not change its meaning."""
    now = _values(text, path)
    if any(now.get(key) != value for key, value in said.items()) or not now.keys() - said.keys():
        raise UsageError(
            f"{plain(path)} is laid out in a way that lines cannot be added to; nothing was changed. "
            "Begin each section and each key in the first column, and try again"
        )


def _values(text: str, path: str) -> dict[tuple[str, str], str]:
    """Return all values of a pip.conf by section and key; raises UsageError where pip could not read it."""
    try:
        parser = parse(text)
        sections = [(section, parser.items(section)) for section in parser.sections()]
    except Error as error:
        raise UsageError(f"{plain(path)} cannot be read: {plain(' '.join(str(error).split()))}") from error
    values = {(section, key_of(key)): value for section, items in sections for key, value in items}
    return values | {(section, ""): "" for section in parser.sections()}


def _end_of_global(lines: list[str]) -> int | None:
    """Return where the section [global] ends, before the blank lines and comments that lead to the next."""
    begins = next((number for number, line in enumerate(lines) if line.startswith(_GLOBAL)), None)
    if begins is None:
        return None
    ends = begins + 1
    for number, line in enumerate(lines[begins + 1 :], begins + 1):
        if line.lstrip().startswith("["):
            break
        if line.strip() and not line.startswith(("#", ";")):
            ends = number + 1
    return ends


def _with(lines: list[str], at: int, block: list[str], newline: str) -> str:
    before, after = lines[:at], lines[at:]
    if before and not before[-1].endswith("\n"):
        before[-1] += newline
        block = [block[0] + _ENDED, *block[1:]]
    return "".join([*before, *(f"{line}{newline}" for line in block), *after])


def _lines(text: str) -> list[str]:
    """Return the lines with their ends, as a parser of a file has them."""
    return list(_split(text))


def _split(text: str) -> Iterator[str]:
    while text:
        line, end, text = text.partition("\n")
        yield line + end
