"""A gate put up by pip.conf: which interpreter has called, and that no other is worked on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

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
    stand_in = at.stand_in
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


def test_nothing_of_the_callers_surroundings_is_imported(newest_team: Team) -> None:
    """Under -I plain pip imports nothing from there, and so the stand-in must not, though it starts without."""
    at = newest_team
    at.install()
    trap = at.tmp / "trap"
    for module in ("sitecustomize", "pipgate", "re", "json", "os"):
        (trap / module).mkdir(parents=True)
        (trap / module / "__init__.py").write_text(at.canary.sings_from(f"{module} imported"))
    told = at.run(
        *(str(at.env.python), "-I", "-m", "pip", "pipgate-verify", "x"),
        PYTHONPATH=str(trap),
        PYTHONHOME="/nowhere",
    )
    assert json.loads(told.stdout)["mode"] == "pip.conf", told.stderr
    assert at.canary.silent


def test_a_script_of_a_name_like_pips_may_have_gone_elsewhere(newest_team: Team) -> None:
    at = newest_team
    at.install()
    places = [at.tmp / name for name in ("one", "other")]
    for place in places:
        at.env.copy(place / "venv")
    script = at.tmp / "pipeline.py"
    script.write_text(
        "import os, sys; os.chdir(sys.argv.pop(1)); from pip._internal.cli.main import main; sys.exit(main())"
    )
    line = f"cd {places[0]} && exec venv/bin/python {script} {places[1]} install good"
    refused = at.run("sh", "-c", line)
    assert refused.returncode == 45, refused.stdout + refused.stderr
    assert "depends on the directory" in refused.stderr
    assert not list(at.tmp.glob("*/venv/lib/*/site-packages/good.py"))
    by_path = at.run(
        "sh",
        "-c",
        line.replace("exec venv", f"PATH={places[0]}/venv/bin:/bin && exec python").replace(
            "/bin/python ", " ", 1
        ),
    )
    assert by_path.returncode == 0, by_path.stderr
    assert [path.parts[-6] for path in at.tmp.glob("*/venv/lib/*/site-packages/good.py")] == ["one"]


def test_a_program_that_is_no_python_by_its_name(newest_team: Team) -> None:
    at = newest_team
    at.install()
    program = at.tmp / "application"
    program.write_bytes(Path(os.path.realpath(at.env.python)).read_bytes())
    program.chmod(0o755)
    code = "from pip._internal.cli.main import main; import sys; sys.exit(main(['install', 'evil']))"
    refused = at.run(
        str(program), "-c", code, PYTHONPATH=str(at.env.site_packages), PYTHONHOME=sys.base_prefix
    )
    assert refused.returncode == 45, refused.stderr
    assert "no Python by its name" in refused.stderr
    assert at.canary.silent


def test_who_has_taken_over_is_not_who_has_called(newest_team: Team) -> None:
    """Where pip is killed, another process becomes the parent; it is pip by no words, or by others."""
    at = newest_team
    at.install()
    runner = str(at.env.site_packages / "pip" / "__pip-runner__.py")
    later = f"(sleep 1; exec {at.stand_in} {runner} install evil > {at.tmp}/out 2>&1) &"
    at.run("sh", "-c", later)
    time.sleep(3)
    assert "no-target" in (at.tmp / "out").read_text()
    assert at.canary.silent


def test_a_copy_of_pip_in_another_program(newest_team: Team) -> None:
    """pipenv has one. Its work is done by a pip that is gated."""
    at = newest_team
    env = at.env.copy(at.tmp / "copy")
    vendor = env.site_packages / "vendor"
    vendor.mkdir()
    (vendor / "__init__.py").touch()
    shutil.copytree(env.site_packages / "pip", vendor / "pip")
    for file in vendor.rglob("*.py"):
        file.write_text(
            file.read_text()
            .replace("from pip.", "from vendor.pip.")
            .replace("import pip.", "import vendor.pip.")
        )
    at.install()
    (at.home / "run.py").write_text(
        "import sys; from vendor.pip._internal.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    blocked = at.run(str(env.python), "run.py", "install", "evil")
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert at.canary.silent
    assert at.run(str(env.python), "run.py", "install", "good").returncode == 0
