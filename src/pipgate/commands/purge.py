"""``pipgate purge``: take away everything that pipgate has written for this user, but for policies."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.adoption import environment_facts, environment_hook, pip_conf_file, written
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import FileNotWrittenError, PipgateError
from pipgate.plain_text import plain, shell_line
from pipgate.state_files import LOCKS
from pipgate.user_directories import config_home, state_home
from pipgate.whole_files import OpenDirectory, opened_directory

if TYPE_CHECKING:
    from pipgate.settings import Settings

# What is remembered: two files and, in directories, those of ``state_files``. Older versions left NAME.PID.
_UNDONE = r"\.pipgate-[0-9a-f]{16}\.tmp"
_OURS = re.compile(rf"(?:trusted|written)\.json(?:\.[0-9]+)?|{_UNDONE}")
_DIRECTORIES = ("pending", "parsed", "valid", "built", LOCKS)
_IN_DIRECTORIES = re.compile(rf"[0-9a-f]{{32}}\.json(?:\.[0-9]+)?|[0-9a-f]{{64}}|{_UNDONE}")


def purge(_settings: Settings, words: list[str]) -> int:
    """Take the gate out of all that it was put into, and forget what was remembered.

    Raises FileNotWrittenError where something is left, which is then still remembered.
    """
    parser = VerbParser("purge", "take away all that pipgate has written for this user")
    given = parser.parse_args(words)
    known = written.places(os.environ)
    ended = [(f"{kind} {plain(place)}", _take_away(kind, place)) for kind, place in known]
    left = tuple(f"{name}: {found.message}" for name, found in ended if isinstance(found, PipgateError))
    if left:
        raise FileNotWrittenError("not everything could be taken away", context=left)
    done = [name if found else f"{name} (it was gone before)" for name, found in ended]
    state = state_home(os.environ)
    kept: list[str] = []
    if os.path.isdir(state):  # noqa: PTH112 -- strings
        kept = _remove(state)
        done.append(f"what was remembered in {plain(state)}")
        _leave_no_empty()
    if given.json:
        say_json({"removed": done, "kept": kept})
        return 0
    say_lines(["Removed:", *(f"  {each}" for each in done)] if done else ["There was nothing to remove."])
    if kept:
        say_lines(["Not ours, and left:", *(f"  {plain(each)}" for each in kept)])
    say_lines(_what_stays())
    return 0


def _take_away(kind: str, place: str) -> bool | PipgateError:
    """Take the gate out of one place; returns whether it was there, or why that failed."""
    try:
        found = _cleaned(kind, place)
    except PipgateError as error:
        return error
    written.forget(kind, place, os.environ)
    return found


def _cleaned(kind: str, place: str) -> bool:
    if kind == written.PIP_CONF:
        return pip_conf_file.clean(pip_conf_file.look_at(place)).is_installed
    if not os.path.lexists(place):
        return False
    if kind == written.INTERPRETER:
        return bool(environment_hook.disable(environment_facts.ask(place)))
    facts = environment_facts.left_in(place)
    return facts is not None and bool(environment_hook.disable(facts))


def _remove(state: str) -> list[str]:
    """Take away the files that we remember things in, by their names, and each directory that is empty then.

    Returns what else lies there, which stays. A link in it is never gone through. One in its place is, where
    it is the user's own: trust is among what is remembered.
    """
    try:
        found = os.lstat(state)
        if stat.S_ISLNK(found.st_mode) and found.st_uid != os.geteuid():
            raise FileNotWrittenError(f"{plain(state)} is a link that somebody else has made; it was left")
        real = os.path.realpath(state)
        with opened_directory(real) as place:
            kept = _clear(place, real, _OURS)
            for name in _DIRECTORIES:
                kept += _clear_below(place, name, os.path.join(real, name))  # noqa: PTH118 -- strings
        if not kept:
            os.rmdir(real)  # noqa: PTH106 -- a string
            if real != state and stat.S_ISLNK(found.st_mode):
                os.unlink(state)  # noqa: PTH108 -- same
    except OSError as error:
        raise FileNotWrittenError(f"{plain(state)} cannot be taken away: {error.strerror}") from error
    return kept


def _clear_below(place: OpenDirectory, name: str, path: str) -> list[str]:
    """Clear a directory of ours and take it away where it is empty then; returns what stays."""
    found = place.status(name)
    if found is None:
        return []
    if not stat.S_ISDIR(found.st_mode):
        return [path]
    with place.below(name) as inside:
        kept = _clear(inside, path, _IN_DIRECTORIES)
    if not kept:
        os.rmdir(place.named(name), dir_fd=place.descriptor)
    return kept


def _clear(place: OpenDirectory, path: str, ours: re.Pattern[str]) -> list[str]:
    """Take the plain files of ours away; returns what else is there but for our directories."""
    kept = []
    for name in place.names():
        found = place.status(name)
        if found is not None and stat.S_ISREG(found.st_mode) and ours.fullmatch(name):
            place.unlink(name)
        elif name not in _DIRECTORIES or ours is not _OURS:
            kept.append(os.path.join(path, name))  # noqa: PTH118 -- strings
    return kept


def _leave_no_empty() -> None:
    """Take away the usual directories, which may have been made for ours, where they are empty."""
    local = Path.home() / ".local"
    for place in (local / "state", local / "share", local):
        with contextlib.suppress(OSError):
            place.rmdir()


def _what_stays() -> list[str]:
    config = config_home(os.environ)
    kept = [f"Your own policy and approvals stay: {plain(config)}"] if Path(config).is_dir() else []
    lines = "lines with `pipgate init` in the files that your shell reads"
    tool = " or ".join(
        shell_line(words)
        for words in (["uv", "tool", "uninstall", "pipgate"], ["pipx", "uninstall", "pipgate"])
    )
    return [*kept, f"Take out {lines}, then pipgate itself: {tool}"]
