"""Each row of the table on each pip: the canary is silent without an approval, and sings with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routes.table import ROUTES, Case, Route
from support.environments import ENDS, TABLE_PIPS, THIN, release_of

if TYPE_CHECKING:
    from support.world import World

FIRST_LOCK = (25, 1)


def _cells() -> list[object]:
    """Return one parameter set for every route, command and pip that exist together.

    In a thin session the newest pip takes every command of a route, and the others one command each, in turn.
    """
    return [
        pytest.param(each, command, pip, id=f"{each.name}-{command}-{pip}")
        for turn, each in enumerate(ROUTES)
        for shift, pip in enumerate(TABLE_PIPS)
        if each.since <= release_of(pip) < each.until
        for command in _commands(each, pip, turn + shift)
    ]


def _commands(each: Route, pip: str, turn: int) -> list[str]:
    there = [name for name in each.commands if name != "lock" or release_of(pip) >= FIRST_LOCK]
    return [there[turn % len(there)]] if THIN and pip != ENDS[-1] and there else there


def options(allowed: tuple[str, ...]) -> list[str]:
    return [word for name in allowed for word in ("--allow-build", name)]


every_cell = pytest.mark.parametrize(("each", "command", "pip"), _cells())


def argv(world: World, case: Case, command: str) -> list[str]:
    target = str(world.tmp / "target")
    words = {
        "install": ["install", "--prefix", target, "--no-warn-script-location"],
        "wheel": ["wheel", "-w", target],
        "download": ["download", "-d", target],
        "dry-run": ["install", "--dry-run", "--ignore-installed"],
        "lock": ["lock", "-o", str(world.tmp / "pylock.out.toml")],
    }
    return [*case.before, *words[command], *case.args]


@every_cell
def test_silent_without_an_approval(world: World, each: Route, command: str) -> None:
    world = world.with_tools(*each.tools)
    case = each.arrange(world)
    ended = world.pipgate(*options(case.given), *argv(world, case, command), env=case.env, stdin=case.stdin)
    assert world.canary.silent, ended.text
    assert ended.status == 43, ended.text
    assert "Traceback" not in ended.err, ended.text
    assert "build-not-approved" in ended.err, ended.text
    assert any(name in ended.err for name in ("evil", *case.allow)), ended.text
    assert "bug in pipgate" not in ended.err, ended.text


@every_cell
def test_sings_with_an_approval(world: World, each: Route, command: str) -> None:
    world = world.with_tools(*each.tools)
    case = each.arrange(world)
    ended = world.pipgate(
        *options((*case.allow, *case.given)), *argv(world, case, command), env=case.env, stdin=case.stdin
    )
    assert any("evil" in song for song in world.canary.songs), ended.text
    assert ended.status == 0, ended.text
    assert "error" not in ended.err.lower(), ended.text
