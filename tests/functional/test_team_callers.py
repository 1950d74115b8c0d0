"""A gate put up by pip.conf: which interpreter has called, and that no other is worked on."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.adopted import STAND_IN, Team
from support.environments import ALL_PIPS, CENTRAL, WHEELHOUSE, environment, tool
from support.projects import Project

PIPS_HERE = (ALL_PIPS[0], ALL_PIPS[-1])


def test_gated_pips_do_not_start_it_again(team: Team) -> None:
    """Neither the central one nor its children, for build requirements or in another interpreter."""
    tree = Project("tree", "1.0", team.canary, build_requires=("evil",)).tree(team.tmp / "tree")
    (team.tmp / "python").write_text("#!/bin/sh\nexit 9\n")
    (team.tmp / "python").chmod(0o755)
    stand_in = team.tmp / STAND_IN
    stand_in.symlink_to(team.tmp / "python")
    variables = {"PIP_PYTHON": str(stand_in), "VIRTUAL_ENV": str(team.env.root)}
    good = team.central(*team.into, "good", **variables)
    assert good.returncode == 0, good.stderr
    blocked = team.central(*team.into, str(tree), **variables)
    assert blocked.returncode == 43, blocked.stderr
    assert "evil 1.0" in blocked.stderr
    other = team.central(
        "--python", str(environment(ALL_PIPS[3], through=CENTRAL).python), *team.into, "evil", **variables
    )
    assert other.returncode == 43, other.stderr
    assert team.canary.silent
    assert team.pip("list", PIP_PYTHON=str(stand_in)).returncode == 9, "a pip that is not gated does start it"


def test_build_requirements_are_gated(team: Team) -> None:
    tree = Project("tree", "1.0", team.canary, build_requires=("evil",)).tree(team.tmp / "tree")
    team.install()
    blocked = team.pip(*team.into, str(tree))
    assert blocked.returncode == 43, blocked.stderr
    assert team.canary.silent
    team.allow_evil()
    assert team.pip(*team.into, str(tree)).returncode == 0
    assert "build_wheel" in team.canary.path.read_text()


def test_pip_replaces_itself(team: Team) -> None:
    copy = team.env.copy(team.tmp / "copy")
    team.install()
    python = str(copy.python)
    other = ALL_PIPS[-2]
    changed = team.run(
        *(python, "-m", "pip", "install", "-q", "--no-index", "--find-links", str(WHEELHOUSE)),
        f"pip=={other}",
    )
    assert changed.returncode == 0, changed.stderr
    assert f"pip {other} " in team.run(python, "-m", "pip", "--version").stdout
    assert team.run(python, "-m", "pip", "install", "evil").returncode == 43


def test_an_unknown_pip_is_not_run(newest_team: Team) -> None:
    at = newest_team
    copy = at.env.copy(at.tmp / "copy")
    init = copy.site_packages / "pip" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{copy.pip}"', '"99.0"'))
    at.install()
    told = at.run(str(copy.python), "-m", "pip", "--version")
    assert str(tool().site_packages) in told.stdout, told.stderr
    assert at.run(str(copy.python), "-m", "pip", "install", "evil").returncode == 43


def test_output_and_status_are_those_of_pip(team: Team) -> None:
    pip = str(team.env.root / "bin" / "pip")  # as `python -m pip`, pip itself says that in its help
    plain = {
        words: team.run(pip, *words)
        for words in (
            ("list",),
            ("freeze", "--all"),
            ("check",),
            ("inspect",),
            ("nonsense",),
            ("--version",),
            ("help",),
            ("install",),
        )
    }
    team.install("--no-backstop")
    for words, without in plain.items():
        gated = team.run(pip, *words)
        assert (gated.returncode, gated.stdout, gated.stderr) == (
            without.returncode,
            without.stdout,
            without.stderr,
        ), words


CALLERS = {
    "by hand": "exec {stand_in}",
    "something that is no pip": "exec {stand_in} /etc/passwd install evil",
    "a name that leads elsewhere": "export PYTHONPATH={packages}; exec -a /nowhere/bin/python {python} -m pip install evil",
    "a name on no PATH": "export PYTHONPATH={packages}; exec -a nonsense {python} -m pip install evil",
    "a relative path, to run a program": 'cd {root} && exec bin/python -c \'from pip._internal.cli.main import main; import sys; sys.exit(main(["install", "evil"]))\'',
}


@pytest.mark.parametrize("case", CALLERS)
def test_it_refuses_to_guess(newest_team: Team, case: str) -> None:
    at = newest_team
    at.install()
    stand_in = tool().root / "bin" / STAND_IN
    line = CALLERS[case].format(
        stand_in=stand_in, python=at.env.python, root=at.env.root, packages=at.env.site_packages
    )
    refused = at.run("bash", "-c", line)
    assert refused.returncode == 45, refused.stdout + refused.stderr
    assert "no-target" in refused.stderr
    assert "pip was not run" in refused.stderr
    assert at.canary.silent


def test_a_relative_path_to_run_pip(newest_team: Team) -> None:
    at = newest_team
    at.install()
    for line in (
        "bin/python -m pip",
        "PATH=bin:/bin:/usr/bin python -m pip",
        "exec -a bin/python bin/python -Ism pip",
    ):
        told = at.run("bash", "-c", f"cd {at.env.root} && {line} pipgate-verify x")
        assert json.loads(told.stdout)["python"] == str(at.env.root / "bin" / "python"), told.stderr


def test_an_environment_that_borrows_its_pip(newest_team: Team) -> None:
    """Where pip lies does not say for which environment it was called."""
    at = newest_team
    root = at.tmp / "borrower"
    subprocess.run([at.env.python, "-m", "venv", "--without-pip", root], check=True)
    at.install()
    python = str(root / "bin" / "python")
    told = at.run(python, "-m", "pip", "pipgate-verify", "x", PYTHONPATH=str(at.env.site_packages))
    assert json.loads(told.stdout)["python"] == python, told.stderr
