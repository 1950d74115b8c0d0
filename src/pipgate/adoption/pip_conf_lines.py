"""pipgate's lines in a pip.conf: put in between marks and taken away again, the rest of the file kept."""

from __future__ import annotations

import re
from configparser import Error
from typing import NamedTuple

from pipgate.errors import UsageError
from pipgate.pip_conf import SECTION, SIGNATURE, key_of, parse
from pipgate.pip_conf_words import BACKSTOP, STAND_IN
from pipgate.plain_text import plain

_MARK = "# pipgate team install: "
_BEGIN = f"{_MARK}begin"
_MADE = " (made this file in {} new directories)"
_ENDED = " (and the end of the line above)"
_HELP = "# To take it away: pipgate team uninstall; without a pipgate: delete the lines between these marks."
_END = f"{_MARK}end"
_GLOBAL = "global"
_SIGNATURE = "pipgate team install"
_MADE_IN = re.compile(r"\(made this file in (\d+) new directories\)")
# What is ours says so by itself: `pip config set` writes a file anew, without its comments.
_PYTHON = re.compile(rf"python\s*[=:]\s*(.*/{STAND_IN})\s*")
_BACKSTOP = re.compile(rf"only-binary\s*[=:]\s*{re.escape(BACKSTOP)}\s*")
_POLICY = re.compile(r"policy\s*[=:]\s*(.*?)\s*")
_SIGNED = re.compile(rf"{SIGNATURE}\s*[=:]\s*{re.escape(_SIGNATURE)}\s*")
_HEADER = re.compile(r"\[(.+)\]")  # as configparser has it
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_Values = dict[tuple[str, str], str]


class Wanted(NamedTuple):
    """What is to stand in a pip.conf: the program in the place of Python, a policy, and whether the backstop.

    ``new_directories`` is how many were made for the file, None where it was there before.
    """

    python: str
    policy: str | None
    backstop: bool
    new_directories: int | None = None


class Held(NamedTuple):
    """A pip.conf without our lines, and what those said, in the words of Wanted."""

    rest: str
    is_installed: bool
    python: str | None = None
    policy: str | None = None
    new_directories: int | None = None


def take_away(text: str, path: str) -> Held:
    """Return the file without our lines; raises UsageError where the rest would not mean the same then.

    What others have written between the marks, or below a section that we began, stays with its section.
    """
    lines = _LINE.findall(text)
    ours = _ours(lines)
    said = [lines[number].rstrip("\r\n") for number in sorted(ours)]
    kept = [number for number in range(len(lines)) if number not in ours]
    rest = "".join(lines[number] for number in kept)
    following = lines[kept[-1] + 1 :] if kept else []
    if following and following[0].rstrip("\r\n").endswith(_ENDED):
        rest = rest.rstrip("\r\n")
    pythons = [found.group(1) for each in said if (found := _PYTHON.fullmatch(each))]
    policies = [found.group(1) for each in said if (found := _POLICY.fullmatch(each))]
    made = next((int(found.group(1)) for each in said if (found := _MADE_IN.search(each))), None)
    if ours:
        _require_kept(text, rest, path)
    return Held(rest, bool(ours), (pythons or [None])[-1], (policies or [None])[-1], made)


def put_in(rest: str, wanted: Wanted, path: str) -> str:
    """Return the file with our lines; raises UsageError where it cannot hold them beside what it says."""
    said = _values(rest, path)
    _require_free(said, wanted, path)
    newline = "\r\n" if "\r\n" in rest else "\n"
    keys = [f"python = {wanted.python}"]
    if wanted.backstop and (_GLOBAL, "only-binary") not in said:
        keys.append(f"only-binary = {BACKSTOP}")
    # At the top, so that what somebody adds below goes into the section that was last before.
    signed = f"{SIGNATURE} = {_SIGNATURE}"
    top = [] if wanted.policy is None else [f"[{SECTION}]", f"policy = {wanted.policy}", signed]
    lines = _LINE.findall(rest)
    end = _end_of_global(lines)
    if end is None:
        top += [f"[{_GLOBAL}]", *keys]
    else:
        lines = _with(lines, end, [_BEGIN, _HELP, *keys, _END], newline)
    if top:
        made = "" if wanted.new_directories is None else _MADE.format(wanted.new_directories)
        lines = _with(lines, 0, [_BEGIN + made, _HELP, *top, _END], newline)
    text = "".join(lines)
    _require_the_rest_kept(said, text, keys, wanted, path)
    return text


def _ours(lines: list[str]) -> set[int]:
    """Return the numbers of the lines that are ours."""
    bare = [line.rstrip("\r\n") for line in lines]
    is_signed = any(map(_SIGNED.fullmatch, bare))
    found: set[int] = set()
    headers: dict[str, int | None] = {}
    section, begun = "", False
    for number, line in enumerate(bare):
        header = _HEADER.match(line)
        if line.startswith(_MARK) or line == _HELP:
            begun = line.startswith(_BEGIN) or (begun and line != _END)
            found.add(number)
        elif header is not None:
            section = header.group(1)
            is_ours = is_signed if section == SECTION else begun and section == _GLOBAL
            headers[section] = number if is_ours else None
        elif any(ours.fullmatch(line) for ours in (_PYTHON, _BACKSTOP, _SIGNED)) or (
            is_signed and section == SECTION and _POLICY.fullmatch(line)
        ):
            found.add(number)
        elif line.strip() and not line.lstrip().startswith(("#", ";")):
            headers[section] = None  # somebody's own key needs it
    return found | {number for number in headers.values() if number is not None}


def _require_kept(text: str, rest: str, path: str) -> None:
    try:
        before = _values(text, path)
    except UsageError:
        return  # pip cannot read it as it is, and our lines are known by themselves
    if _of_others(before) != _of_others(_values(rest, path)):
        raise _laid_out(path)


def _of_others(values: _Values) -> _Values:
    """Return what is not ours to put in or take away; that [global] is there says nothing by itself."""
    return {
        (section, key): value
        for (section, key), value in values.items()
        if section != SECTION
        and value != BACKSTOP
        and (section, key) != (_GLOBAL, "")
        and not (key == "python" and value.endswith(f"/{STAND_IN}"))
    }


def _require_free(said: _Values, wanted: Wanted, path: str) -> None:
    if (_GLOBAL, "python") in said:
        other = said[_GLOBAL, "python"]
        raise UsageError(f"{plain(path)} has `python = {plain(other)}` in [global]; take that line out first")
    if wanted.policy is not None and (SECTION, "") in said:
        raise UsageError(f"{plain(path)} has a section [{SECTION}] of its own; take it out first")
    for value in (wanted.python, wanted.policy or "/"):
        if value != value.strip() or not value.isprintable():
            raise UsageError(f"a pip.conf cannot hold this path: {plain(value)}")


def _require_the_rest_kept(said: _Values, text: str, keys: list[str], wanted: Wanted, path: str) -> None:
    """Read what would be written: a layout that we have not thought of must not change its meaning."""
    now = _values(text, path)
    pairs = (line.partition(" = ") for line in keys)
    expected = said | {(_GLOBAL, ""): ""} | {(_GLOBAL, key): value for key, _, value in pairs}
    others = {key: value for key, value in now.items() if key[0] != SECTION}
    if others != {key: value for key, value in expected.items() if key[0] != SECTION}:
        raise _laid_out(path)
    if wanted.policy is not None and now.get((SECTION, "policy")) != wanted.policy:
        raise _laid_out(path)


def _laid_out(path: str) -> UsageError:
    return UsageError(
        f"{plain(path)} is laid out in a way that pipgate's lines cannot be added to or taken from; nothing "
        "was changed. Begin each section and each key in the first column, without [DEFAULT], and try again"
    )


def _values(text: str, path: str) -> _Values:
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
    headers = [_HEADER.match(line) for line in lines]
    begins = next((at for at, header in enumerate(headers) if header and header.group(1) == _GLOBAL), None)
    if begins is None:
        return None
    ends = begins + 1
    for number, line in enumerate(lines[begins + 1 :], begins + 1):
        if line.lstrip().startswith("["):
            break
        if line.strip() and not line.startswith(("#", ";")):
            ends = number + 1
    return ends


def _with(lines: list[str], at: int, block: list[str], newline: str) -> list[str]:
    before, after = lines[:at], lines[at:]
    if before and not before[-1].endswith(("\n", "\r")):
        before[-1] += newline
        block = [block[0] + _ENDED, *block[1:]]
    return [*before, *(f"{line}{newline}" for line in block), *after]
