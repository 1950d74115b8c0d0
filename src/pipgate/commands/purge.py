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
    ended = [
        (f"{kind} {plain(place)}", _take_away(kind, place)) for kind, place in written.places(os.environ)
    ]
    left = tuple(f"{name}: {error.message}" for name, error in ended if error is not None)
    if left:
        raise FileNotWrittenError("not everything could be taken away", context=left)
    done = [name for name, _ in ended]
    state = state_home(os.environ)
    if os.path.isdir(state):  # noqa: PTH112 -- strings
        shutil.rmtree(state, ignore_errors=True)
        _leave_no_empty(Path(state))
        done.append(f"what was remembered in {plain(state)}")
    if given.json:
        say_json({"removed": done})
        return 0
    say_lines(
        [*(["Removed:", *(f"  {each}" for each in done)] if done else ["There was nothing to remove."])]
    )
    say_lines(_what_stays())
    return 0


def _take_away(kind: str, place: str) -> PipgateError | None:
    """Take the gate out of one place, if it is still there, and return why that failed."""
    try:
        if not os.path.lexists(place):
            pass
        elif kind == written.PIP_CONF:
            pip_conf_file.clean(pip_conf_file.look_at(place))
        elif kind == written.INTERPRETER:
            environment_hook.disable(environment_facts.ask(place))
        else:
            environment_hook.disable(environment_facts.still_there(place))
    except PipgateError as error:
        return error
    written.forget(kind, place, os.environ)
    return None


def _leave_no_empty(state: Path) -> None:
    """Take away the usual directories above, which may have been made for ours, where they are empty."""
    usual = Path.home() / ".local" / "state"
    if state.parent == usual:
        with contextlib.suppress(OSError):
            usual.rmdir()
            usual.parent.rmdir()


def _what_stays() -> list[str]:
    config = config_home(os.environ)
    kept = [f"Your own policy and approvals stay: {plain(config)}"] if Path(config).is_dir() else []
    lines = "lines with `pipgate init` in the files that your shell reads"
    tool = " or ".join(
        shell_line(words)
        for words in (["uv", "tool", "uninstall", "pipgate"], ["pipx", "uninstall", "pipgate"])
    )
    return [*kept, f"Take out {lines}, then pipgate itself: {tool}"]
