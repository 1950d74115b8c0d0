"""Verbs that need no pip work wherever pipgate itself does, whatever the environment that is active."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from functional.test_central import Central
from support.environments import ALL_PIPS, CENTRAL, environment

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

HASH = "a" * 64
APPROVING = ("approve", "evil==1.0", "--sha256", HASH)
# Each verb, and what it says; they run one after another in one project.
VERBS = (
    (APPROVING, "recorded in"),
    (("approvals",), f"evil 1.0  sha256:{HASH}"),
    (("explain", "evil==1.0"), "evil 1.0: allowed (approved)"),
    (("revoke", "evil"), "revoked: evil 1.0"),
    (("prune", "--dry-run"), "pruned: evil 1.0"),
    (("deny", "worse"), "denied: worse"),
    (("undeny", "worse"), "undenied: worse"),
    (("approve", "!worst"), "recorded in"),
    (("pending",), "Nothing is pending here."),
    (("policy", "check"), "are valid"),
    (("policy", "show", "--origin"), "default"),
    (("trust",), "is trusted as it is now"),
    (("trust", "--forget"), "is trusted no longer"),
)


@pytest.fixture
def central(tmp_path: Path, index: Index, canary: Canary) -> Central:
    return Central(tmp_path, index, canary)


def project(central: Central) -> Path:
    directory = central.tmp / "project"
    (directory / ".git").mkdir(parents=True)
    return directory


def python_that(central: Central, script: str) -> str:
    """Make an environment whose Python is a script."""
    python = central.tmp / "an odd env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return str(python.parent.parent)


def stale(_central: Central) -> dict[str, str]:
    return {"VIRTUAL_ENV": "/nonexistent"}


def broken(central: Central) -> dict[str, str]:
    return {"VIRTUAL_ENV": python_that(central, "echo 'no module named encodings' >&2; exit 1")}


def old(central: Central) -> dict[str, str]:
    version = "import sys; sys.version_info = (3, 8, 1); sys.argv = sys.argv[1:]; "
    run = f"{version}sys.path.insert(0, ''); exec(open(sys.argv[0]).read())"
    return {"VIRTUAL_ENV": python_that(central, f'exec {sys.executable} -c {shlex.quote(run)} "$@"')}


def nothing(central: Central) -> dict[str, str]:
    (central.tmp / "empty").mkdir()
    return {"PATH": str(central.tmp / "empty")}


@pytest.mark.parametrize("surroundings", [stale, broken, old, nothing])
def test_each_verb_that_needs_no_pip(central: Central, surroundings: object) -> None:
    variables = surroundings(central)  # type: ignore[operator]  # one of the functions above
    there = project(central)
    for words, said in VERBS:
        done = central.run(*words, cwd=there, **variables)
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stderr)
        assert said in done.stdout, (words, done.stdout)
    needs_pip = central.run("approve", "evil==1.0", cwd=there, **variables)
    assert needs_pip.returncode != 0, "these surroundings have no pip, so the test tells something"
    assert "nothing was approved" not in needs_pip.stdout


def test_a_named_environment_need_not_run_and_has_to_be_one(central: Central) -> None:
    there, named = project(central), broken(central)["VIRTUAL_ENV"]
    for words, said in VERBS:
        done = central.run("--env", named, *words, cwd=there)
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stderr)
        assert said in done.stdout, (words, done.stdout)
        gone = central.run("--env", "/nonexistent", *words, cwd=there)
        assert gone.returncode == 45, "somebody has named it, and it is none"


def test_the_policy_of_the_active_environment_is_still_told(central: Central) -> None:
    env = environment(ALL_PIPS[-1], through=CENTRAL).copy(central.tmp / "env")
    policy = central.tmp / "of the environment.toml"
    policy.write_text('version = 1\ndeny = ["evil"]\n')
    (env.root / "pip.conf").write_text(f"[pipgate]\npolicy = {policy}\n")
    there = project(central)
    for before, variables in (((), {"VIRTUAL_ENV": str(env.root)}), (("--env", str(env.root)), {})):
        told = central.run(*before, "explain", "evil", cwd=there, **variables)
        assert "blocked (denied)" in told.stdout, told.stdout
        assert central.run(*before, "install", "evil", cwd=there, **variables).returncode == 43
    assert "blocked (denied)" not in central.run("explain", "evil", cwd=there, PATH="/nowhere").stdout
