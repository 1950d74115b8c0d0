"""The answer of a command does not depend on how often it has run: the same home, the same files, three times."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.environments import Ended
    from support.world import World

RULE = '[[rule]]\nname = "thing"\nverdict = "allow"\n'
SCENES: dict[str, tuple[str, bool]] = {
    "nothing": ("", False),
    "an approval": ("", True),
    "a policy": ('default = "block"\n', False),
    "a policy and an approval": ('default = "block"\n', True),
    "an older wheel is blocked": ('on-older-wheel = "block"\n', False),
    "an older wheel is blocked, the newer approved": ('on-older-wheel = "block"\n', True),
    "a rule": (RULE, False),
    "a rule and an age": (f'min-age = "P3D"\n{RULE}', False),
    "a denied name": ('deny = ["thing"]\n', True),
    "observed": ('mode = "observe"\n', False),
}
OFFERS: dict[str, Callable[[World], object]] = {
    "sdist": lambda world: world.project("thing", "2.0").sdist(world.index.root),
    "older wheel": lambda world: (
        make_wheel(world.index.root, "thing", "1.0"),
        world.project("thing", "2.0").sdist(world.index.root),
    ),
}
COMMANDS = {
    "install": ("install", "--ignore-installed"),
    "dry run": ("install", "--dry-run", "--ignore-installed"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run said, and what it came to."""

    status: int
    said: str
    requests: tuple[tuple[str, str], ...]
    built: bool
    taken: tuple[str, ...]


def answer(world: World, command: str, number: int) -> Answer:
    target = world.tmp / f"target{number}"
    report = world.tmp / "report.json"
    report.unlink(missing_ok=True)
    words = ("--gate-report", str(report), *COMMANDS[command], "--target", str(target), "thing")
    ended: Ended = world.pipgate(*words, cwd=world.tmp / "project")
    assert "Traceback" not in ended.err, ended.text
    rows = json.loads(report.read_text())["requests"] if report.exists() else []
    taken = tuple(sorted(each.name for each in target.iterdir())) if target.exists() else ()
    built = not world.canary.silent
    world.canary.path.unlink(missing_ok=True)
    decided = tuple((each["name"], each["decision"]["code"]) for each in rows)
    return Answer(ended.status, ended.err.replace(f"target{number}", "target"), decided, built, taken)


@pytest.mark.parametrize(
    ("offer", "command"), [("sdist", "install"), ("older wheel", "install"), ("older wheel", "dry run")]
)
@pytest.mark.parametrize("scene", SCENES)
def test_the_same_command_three_times(newest: World, scene: str, offer: str, command: str) -> None:
    world = newest
    OFFERS[offer](world)
    world.index.uploaded = {path.name: "2020-01-01T00:00:00Z" for path in world.index.root.iterdir()}
    policy, is_approved = SCENES[scene]
    project = world.tmp / "project"
    project.mkdir()
    home = {"home": world.home, "index": world.index.url, "cwd": project}
    if is_approved:
        approved = world.env.pipgate("approve", "thing==2.0", **home)
        assert approved.status == 0, approved.text
    if policy:
        (project / "pipgate.toml").write_text(f"version = 1\n{policy}")
    trusted = world.env.pipgate("trust", **home)
    assert trusted.status == 0, trusted.text
    first, second, third = (answer(world, command, number) for number in range(3))
    assert second == third, "what was remembered of the first run changes nothing"
    # pip builds once, and its cache serves what is allowed.
    assert Answer(first.status, first.said, second.requests, second.built, first.taken) == second
    if first.status == 0 and command == "install" and second.taken:
        assert second.taken == first.taken
