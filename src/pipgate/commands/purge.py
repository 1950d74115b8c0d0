"""``pipgate purge``: take away everything that pipgate has written for this user, but for policies."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.adoption import environment_facts, environment_hook, pip_conf_file, written
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import FileNotWrittenError, PipgateError
from pipgate.plain_text import plain, shell_line
from pipgate.user_directories import config_home, state_home

if TYPE_CHECKING:
    from pipgate.settings import Settings


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
    if os.path.isdir(state):  # noqa: PTH112 -- strings
        _remove(state)
        done.append(f"what was remembered in {plain(state)}")
        _leave_no_empty()
    if given.json:
        say_json({"removed": done})
        return 0
    say_lines(["Removed:", *(f"  {each}" for each in done)] if done else ["There was nothing to remove."])
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


def _remove(state: str) -> None:
    """Take away what was remembered, through a link too: trust is among it."""
    try:
        shutil.rmtree(os.path.realpath(state))
        if os.path.islink(state):  # noqa: PTH114 -- a string
            os.unlink(state)  # noqa: PTH108 -- same
    except OSError as error:
        raise FileNotWrittenError(f"{plain(state)} cannot be taken away: {error.strerror}") from error


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
