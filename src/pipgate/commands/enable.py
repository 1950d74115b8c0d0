"""``pipgate enable``, ``disable`` and ``venv``: put the gate into a virtual environment, and take it out."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from pipgate import launcher
from pipgate.adoption import environment_facts, environment_hook, written
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import UsageError
from pipgate.plain_text import plain, shell_line
from pipgate.targets import NoTargetError, choose, of

if TYPE_CHECKING:
    import argparse

    from pipgate.adoption.environment_facts import EnvironmentFacts
    from pipgate.settings import Settings


def enable(settings: Settings, words: list[str]) -> int:
    """Write the hook into an environment, or under ``--base`` into an interpreter for all that it makes."""
    given = _parser("enable", "gate every pip of an environment").parse_args(words)
    facts = _facts(given, settings)
    _require_possible(facts, is_base=given.base)
    files = _enable(facts)
    if given.json:
        say_json({"environment": facts.prefix, "files": files})
        return 0
    whose = f"every environment of {plain(facts.python)}" if facts.is_base else plain(facts.prefix)
    say_lines(
        [
            f"pip is gated in {whose}, however it is started. Written:",
            *(f"  {plain(each)}" for each in files),
            f"To take it away: {shell_line(['pipgate', 'disable', *facts.words])}",
        ]
    )
    return 0


def disable(settings: Settings, words: list[str]) -> int:
    """Take the hook out of an environment, or of an interpreter."""
    given = _parser("disable", "take the gate out of an environment").parse_args(words)
    named = given.environment or settings.env
    facts = _facts(given, settings) if given.base else environment_facts.still_there(_directory(named))
    _require_kind(facts, is_base=given.base)
    files = environment_hook.disable(facts)
    written.forget(*_place(facts), os.environ)
    if given.json:
        say_json({"environment": facts.prefix, "removed": files})
        return 0
    said = [
        f"The gate was taken out of {plain(facts.prefix)}. Removed:",
        *(f"  {plain(each)}" for each in files),
    ]
    say_lines(said if files else [f"{plain(facts.prefix)} was not enabled."])
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
    files = environment_hook.enable(facts, launcher.orders(launcher.PACKAGE), engine)
    written.note(*_place(facts), os.environ)
    return files


def _place(facts: EnvironmentFacts) -> tuple[str, str]:
    """Return what is remembered, so that ``purge`` finds it."""
    kind, place = (
        (written.INTERPRETER, facts.python) if facts.is_base else (written.ENVIRONMENT, facts.prefix)
    )
    return kind, os.path.realpath(place)


def _parser(verb: str, description: str) -> VerbParser:
    parser = VerbParser(verb, description)
    parser.add_argument(
        "environment", nargs="?", help="a directory, without a word the active one; under --base a Python"
    )
    parser.add_argument(
        "--base",
        action="store_true",
        help="an interpreter and every environment that is made with it: for images and machines of your own",
    )
    return parser


def _facts(given: argparse.Namespace, settings: Settings) -> EnvironmentFacts:
    """Ask what was named; raises UsageError where that is nothing."""
    named = given.environment or settings.env
    if not given.base:
        return environment_facts.look_at(_directory(named))
    try:
        path = {"PATH": os.environ.get("PATH", os.defpath)}
        return environment_facts.ask((of(named) if named else choose("", path)).python)
    except NoTargetError as error:
        raise UsageError(str(error)) from error


def _directory(given: str | None) -> str:
    """Return the environment that is meant; raises UsageError where none is."""
    directory = given or os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if not directory:
        raise UsageError("which environment? None is active; name it: pipgate enable DIR")
    return os.path.abspath(directory)  # noqa: PTH100 -- strings


def _require_kind(facts: EnvironmentFacts, *, is_base: bool) -> None:
    if facts.is_base and not is_base:
        raise UsageError(
            f"{plain(facts.prefix)} is no virtual environment. In an image or on a machine of your own: "
            f"{shell_line(['pipgate', 'enable', *facts.words])}"
        )
    if is_base and not facts.is_base:
        raise UsageError(
            f"{plain(facts.python)} is that of an environment: "
            f"{shell_line(['pipgate', 'enable', *facts.words])}"
        )


def _require_possible(facts: EnvironmentFacts, *, is_base: bool) -> None:
    _require_kind(facts, is_base=is_base)
    if facts.version < (3, 10):
        version = ".".join(map(str, facts.version))
        raise UsageError(f"{plain(facts.prefix)} has Python {version}; 3.10 is the oldest")
