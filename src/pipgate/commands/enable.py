"""``pipgate enable``, ``disable`` and ``venv``: put the gate into a virtual environment, and take it out."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from pipgate import launcher
from pipgate.adoption import environment_hook
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import UsageError
from pipgate.plain_text import plain, shell_line
from pipgate.targets import NoTargetError, choose, of

if TYPE_CHECKING:
    from pipgate.adoption.environment_hook import EnvironmentFacts
    from pipgate.settings import Settings


def enable(settings: Settings, words: list[str]) -> int:
    """Write the hook into a virtual environment: every pip in it is gated from then on."""
    parser = VerbParser("enable", "gate every pip of a virtual environment")
    parser.add_argument("directory", nargs="?", help="the environment; without a word the active one")
    given = parser.parse_args(words)
    facts = environment_hook.look_at(_directory(given.directory or settings.env))
    _require_virtual(facts)
    files = _enable(facts)
    if given.json:
        say_json({"environment": facts.prefix, "files": files})
        return 0
    say_lines(
        [
            f"pip is gated in {plain(facts.prefix)}, however it is started. Written:",
            *(f"  {plain(each)}" for each in files),
            f"To take it away: {shell_line(['pipgate', 'disable', facts.prefix])}",
        ]
    )
    return 0


def disable(settings: Settings, words: list[str]) -> int:
    """Take the hook out of a virtual environment."""
    parser = VerbParser("disable", "take the gate out of a virtual environment")
    parser.add_argument("directory", nargs="?", help="the environment; without a word the active one")
    given = parser.parse_args(words)
    directory = _directory(given.directory or settings.env)
    try:
        facts = environment_hook.look_at(directory)
    except UsageError:
        known = environment_hook.left_behind(directory)
        if known is None:
            raise
        facts = known
    files = environment_hook.disable(facts)
    if given.json:
        say_json({"environment": facts.prefix, "removed": files})
        return 0
    say_lines(
        [
            f"pip is not gated in {plain(facts.prefix)} any more. Removed:",
            *(f"  {plain(each)}" for each in files),
        ]
        if files
        else [f"{plain(facts.prefix)} was not enabled."]
    )
    return 0


def venv(settings: Settings, words: list[str]) -> int:
    """Make a virtual environment as ``python -m venv`` does, with its options, and enable it."""
    parser = VerbParser("venv", "make a virtual environment whose pip is gated")
    parser.add_argument("directory")
    given, options = parser.parse_known_args(words)
    try:
        path = {"PATH": os.environ.get("PATH", os.defpath)}
        python = (of(settings.env) if settings.env else choose("", path)).python
    except NoTargetError as error:
        raise UsageError(f"{error}") from error
    made = subprocess.run([python, "-I", "-m", "venv", *options, given.directory], check=False)  # noqa: S603 -- as asked
    if made.returncode:
        raise UsageError(
            f"{shell_line([python, '-m', 'venv', given.directory])} ended with {made.returncode}"
        )
    return enable(settings._replace(env=None), [given.directory, *(["--json"] if given.json else [])])


def _enable(facts: EnvironmentFacts) -> list[str]:
    engine = os.path.join(launcher.PACKAGE, "engine.py")  # noqa: PTH118 -- strings
    return environment_hook.enable(facts, launcher.orders(launcher.PACKAGE), engine)


def _directory(given: str | None) -> str:
    """Return the environment that is meant; raises UsageError where none is."""
    directory = given or os.environ.get("VIRTUAL_ENV")
    if not directory:
        raise UsageError("which environment? None is active; name it: pipgate enable DIR")
    return os.path.abspath(directory)  # noqa: PTH100 -- strings


def _require_virtual(facts: EnvironmentFacts) -> None:
    if os.path.realpath(facts.prefix) == os.path.realpath(facts.base):
        raise UsageError(f"{plain(facts.prefix)} is no virtual environment")
    if facts.version < (3, 10):
        raise UsageError(
            f"{plain(facts.prefix)} has Python {'.'.join(map(str, facts.version))}; 3.10 is the oldest"
        )
