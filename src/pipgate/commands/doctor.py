"""``pipgate doctor``: prove which entry points are gated, and say what undermines that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.adoption import environment_facts, environment_hook, proof
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import UsageError
from pipgate.plain_text import plain, shell_line
from pipgate.targets import NoTargetError, choose, of

if TYPE_CHECKING:
    from pipgate.adoption.environment_facts import EnvironmentFacts
    from pipgate.adoption.proof import Probe
    from pipgate.settings import Settings

_OLDEST = (3, 10)


def doctor(settings: Settings, words: list[str]) -> int:
    """Ask the entry points. With ``--strict``: 0 all are gated, 1 some are not, 2 it cannot be told."""
    parser = VerbParser("doctor", "prove which pips are gated")
    parser.add_argument(
        "--strict", action="store_true", help="1 if some are not gated, 2 if it cannot be told"
    )
    parser.add_argument("--env", dest="environments", action="append", metavar="DIR")
    given = parser.parse_args(words)
    named = given.environments or ([settings.env] if settings.env else [])
    places = [environment_facts.ask(_python(each)) for each in named] or [environment_facts.ask(_active())]
    probes = [probe for facts in places for probe in proof.probe_environment(facts, os.environ)]
    if not named and not given.strict:
        probes += proof.probe_shell(os.environ)
    found = [line for facts in places for line in proof.findings(facts, os.environ)]
    found += [line for facts in places for line in proof.findings_in_pip_conf(facts, probes, os.environ)]
    found += proof.findings_in_shell(probes)
    if given.json:
        say_json({"probes": [_as_json(each) for each in probes], "findings": list(dict.fromkeys(found))})
    else:
        say_lines(_as_lines(places, probes, list(dict.fromkeys(found))))
    return proof.summed_up(probes) if given.strict else 0


def _active() -> str:
    """Return the Python of the target; raises UsageError where there is none."""
    try:
        return choose("", os.environ).python
    except NoTargetError as error:
        raise UsageError(str(error)) from error


def _python(place: str) -> str:
    """Return the Python of an environment, or of what else was named; raises UsageError."""
    try:
        return of(place).python
    except NoTargetError as error:
        raise UsageError(str(error)) from error


def _as_json(probe: Probe) -> dict[str, object]:
    return {
        "command": list(probe.command),
        "verdict": probe.verdict.value,
        "detail": probe.detail,
        "answer": probe.answer,
    }


def _command(probe: Probe) -> str:
    return shell_line(list(probe.command))


def _as_lines(places: list[EnvironmentFacts], probes: list[Probe], found: list[str]) -> list[str]:
    lines = [f"{each.verdict.value:12} {_command(each)}  ({plain(each.detail)})" for each in probes]
    lines += [f"note: {plain(each, len(each))}" for each in found]
    for facts in places:
        inside = [each for each in probes if each.command[0].startswith(f"{facts.prefix}{os.sep}")]
        can_be = facts.version >= _OLDEST and not environment_hook.is_as_written(facts)
        if can_be and any(each.verdict is not proof.Verdict.GATED for each in inside):
            lines.append(f"To gate it: {shell_line(['pipgate', 'enable', *facts.words])}")
    return lines
