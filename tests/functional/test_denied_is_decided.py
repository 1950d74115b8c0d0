"""What is denied, by whatever and wherever, is decided: nothing of it is pending, offered or recorded."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, install, on_both_ends, run
from functional.test_policy_files import project_policy, user_policy
from functional.test_prompt import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.world import World


def by_the_project(world: World) -> None:
    assert run(world, "deny", "evil").status == 0


def by_the_user(world: World) -> None:
    file = world.home / ".config" / "pipgate" / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    assert run(world, "--approvals", str(file), "deny", "evil").status == 0


def by_the_users_policy(world: World) -> None:
    user_policy(world, 'deny = ["evil"]\n')


def by_the_projects_policy(world: World) -> None:
    project_policy(world, 'deny = ["evil"]\n')


def by_a_rule_for_versions(world: World) -> None:
    user_policy(world, '[[rule]]\nname = "evil"\nversion = ">=2"\nverdict = "block"\n')


@on_both_ends
@pytest.mark.parametrize(
    "denying",
    [by_the_project, by_the_user, by_the_users_policy, by_the_projects_policy, by_a_rule_for_versions],
)
def test_what_is_denied_is_decided_everywhere(world: World, denying: Callable[[World], None]) -> None:
    for version in ("2.0", "3.0"):
        info = f"Metadata-Version: 2.2\nName: evil\nVersion: {version}\n"
        world.project(version=version, files={"PKG-INFO": info}).sdist(world.index.root)
    world.project("worse", files={"PKG-INFO": "Metadata-Version: 2.2\nName: worse\nVersion: 1.0\n"}).sdist(
        world.index.root
    )
    assert install(world, "evil", "worse").status == 43
    assert install(world, "evil==2.0", "worse").status == 43, "what was pending is of another version then"
    denying(world)
    assert [each["name"] for each in json.loads(run(world, "pending", "--json").out)["requests"]] == ["worse"]
    assert "evil" not in run(world, "pending").out
    offered = run(world, "approve")
    assert "evil" not in offered.err
    for wanted in ("evil", "evil==2.0", "evil~=2.0"):
        blocked = install(world, wanted)
        assert blocked.status == 43
        [hint] = re.findall(r"^hint: .*: pipgate (.*)$", blocked.err, re.MULTILINE)
        explained = run(world, *shlex.split(hint))
        assert explained.status == 0
        assert "blocked (denied)" in explained.out
        assert "pipgate approve" not in explained.out
        assert run(world, "pending").out == "Nothing is pending here.\n"
        assert "recorded in" not in run(world, "approve", "--pending").out
    status, shown = on_a_terminal(world, [], "install", "--prefix", str(world.tmp / "t"), "evil", "worse")
    assert status == 43
    assert "[?]" not in shown
    for command in re.findall(
        r"to change it: pipgate (.*)$", run(world, "explain", "evil==3.0").out, re.MULTILINE
    ):
        assert run(world, *shlex.split(command)).status == 0
        assert "blocked (needs-approval)" in run(world, "explain", "evil==3.0").out.replace(
            "asked", "blocked"
        )
    assert world.canary.silent
