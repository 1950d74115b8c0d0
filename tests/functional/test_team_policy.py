"""Policies that a pip.conf names: whose they are, and that those of others only tighten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, tool
from support.projects import Project

if TYPE_CHECKING:
    from support.adopted import Team

PIPS_HERE = (ALL_PIPS[0], ALL_PIPS[-1])


def test_a_policy_that_pip_conf_names(newest_team: Team) -> None:
    at = newest_team
    policy = at.tmp / "team.toml"
    policy.write_text('version = 1\n[[rule]]\nname = "evil"\nverdict = "allow"\n')
    assert at.central("team", "install", "--policy", str(at.tmp / "nowhere.toml")).returncode == 44
    at.install("--policy", str(policy))
    at.install()  # and keeps it
    assert at.pip(*at.into, "evil").returncode == 0
    assert at.central("--env", str(at.env.root), *at.into, "evil").returncode == 0, (
        "also where pip.conf is not needed"
    )
    shown = at.central("policy", "show", "--origin")
    assert f"{policy}:2" in shown.stdout
    policy.write_text('version = 1\ndeny = ["evil"]\n')
    assert at.pip(*at.into, "evil").returncode == 43
    policy.write_text("version = 1\nnonsense = 1\n")
    broken = at.pip(*at.into, "good")
    assert broken.returncode == 44
    assert f"{policy}:2" in broken.stderr
    policy.unlink()
    assert at.pip(*at.into, "good").returncode == 44
    assert at.pip("list").returncode == 0


def test_the_pip_conf_of_an_environment_only_tightens(newest_team: Team) -> None:
    """A wheel can bring one, and a repository can have one that PIP_CONFIG_FILE names."""
    at = newest_team
    at.install()
    policy, conf = at.tmp / "their.toml", at.tmp / "their.conf"
    policy.write_text(
        'version = 1\ndefault = "ask"\nmode = "observe"\n[[rule]]\nname = "evil"\nverdict = "allow"\n'
    )
    conf.write_text(f"[pipgate]\npolicy = {policy}\n")
    env = at.env.copy(at.tmp / "copy")
    (env.root / "pip.conf").write_bytes(conf.read_bytes())
    for command, variables in (
        ((str(env.python), "-m", "pip"), {}),
        ((str(tool().python), str(tool().root / "bin" / "pipgate"), "--env", str(env.root)), {}),
        (
            (str(at.env.python), "-m", "pip"),
            {"PIP_CONFIG_FILE": str(conf), "PIP_PYTHON": str(at.stand_in)},
        ),
    ):
        blocked = at.run(*command, *at.into, "evil", **variables)
        assert blocked.returncode == 43, blocked.stderr
    assert at.canary.silent
    policy.write_text('version = 1\ndeny = ["good"]\n')
    Project("good", "2.0", at.canary).sdist(at.index.root)
    denied = at.run(str(env.python), "-m", "pip", *at.into, "--no-binary", "good", "good")
    assert denied.returncode == 43
    assert "their.toml" in denied.stderr


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("[pipgate]\npolicy = team.toml\n", ":2: the policy has to be named by its whole path"),
        ("[pipgate]\n\npolciy = /x\n", ":3: there is no key 'polciy'"),
        ("[pipgate\npolicy = /x\n", "cannot be read"),
    ],
)
def test_a_section_that_is_not_valid(newest_team: Team, lines: str, reason: str) -> None:
    at = newest_team
    at.write(lines)
    wrong = at.central("--env", str(at.env.root), *at.into, "good")
    assert wrong.returncode == 44, wrong.stderr
    assert reason in wrong.stderr
