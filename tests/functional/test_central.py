"""A central pipgate: which environment it works on, with which pip, and that nothing of it is left there."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, CENTRAL, DIRECT, Environment, environment, hermetic, tool
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index


class Central:
    """A link to the tool, as ``pipx`` and ``uv tool`` make one, an index with an sdist that sings, and a home."""

    def __init__(self, tmp_path: Path, index: Index, canary: Canary) -> None:
        self.tmp, self.canary, self.index = tmp_path, canary, index
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.link = tmp_path / "bin" / "pipgate"
        self.link.parent.mkdir()
        self.link.symlink_to(tool().root / "bin" / "pipgate")
        Project("evil", "1.0", canary).sdist(index.root)
        make_wheel(index.root, "good", "1.0")

    def run(self, *args: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        surroundings = {**hermetic(self.home, self.index.url), **variables}
        return subprocess.run(
            [str(self.link), *args],
            env=surroundings,
            cwd=cwd or self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def shell(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        surroundings = {**hermetic(self.home, self.index.url), **variables}
        command = ["/bin/sh", "-c", line]
        return subprocess.run(
            command, env=surroundings, cwd=self.home, capture_output=True, text=True, check=False, timeout=60
        )

    def bare(self) -> Environment:
        """Make an environment without pip."""
        root = self.tmp / "a bare env, söme"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root)], check=True)
        return Environment(root, "", CENTRAL)


@pytest.fixture
def central(tmp_path: Path, index: Index, canary: Canary) -> Central:
    return Central(tmp_path, index, canary)


def test_the_target_in_the_order_of_the_documentation(central: Central) -> None:
    envs = [environment(pip, through=CENTRAL) for pip in (ALL_PIPS[0], ALL_PIPS[-1], ALL_PIPS[-2])]
    roots = [str(env.root) for env in envs]
    path = f"{roots[2]}/bin:/usr/bin:/bin"
    both = {"VIRTUAL_ENV": roots[1], "CONDA_PREFIX": roots[2]}
    for place in (roots[0], str(envs[0].python), f"{roots[0]}/bin/pip"):
        named = central.run("--env", place, "--version", **both)
        assert (roots[0] in named.stdout, named.stderr) == (True, ""), place
    for variables, root in ((both, roots[1]), ({"CONDA_PREFIX": roots[2]}, roots[2])):
        active = central.run("--version", PATH=path, **variables)
        assert (root in active.stdout, active.stderr) == (True, "")
    first = central.run("--version", PATH=path)
    assert roots[2] in first.stdout
    assert (
        first.stderr
        == f"pipgate: pip of {envs[2].python}; its pip is the first on PATH, {roots[2]}/bin/pip\n"
    )


def test_an_environment_that_somebody_made_for_pipgate_is_taken_where_it_is_meant(central: Central) -> None:
    own, other = environment(ALL_PIPS[-1], through=DIRECT), environment(ALL_PIPS[-1], through=CENTRAL)
    assert not (own.root / "uv-receipt.toml").exists()
    by_path, before, behind = (
        (f"{own.root}/bin/pipgate", f"{other.root}/bin:/usr/bin:/bin"),
        ("pipgate", f"{own.root}/bin:{other.root}/bin:/usr/bin:/bin"),
        ("pipgate", f"{other.root}/bin:{own.root}/bin:/usr/bin:/bin"),
    )
    is_own, active, conda = (
        {"VIRTUAL_ENV": str(own.root)},
        {"VIRTUAL_ENV": str(other.root)},
        {"CONDA_PREFIX": str(other.root)},
    )
    for (word, path), variables, root, is_said in (
        (by_path, {}, own.root, False),
        (by_path, conda, own.root, True),
        (before, is_own, own.root, False),
        (before, {}, own.root, True),
        (before, conda, own.root, True),
        (behind, is_own, own.root, False),
        (behind, active, other.root, False),
        (behind, conda, other.root, False),
        (behind, {}, other.root, True),
    ):
        done = central.shell(f"'{word}' --version", PATH=path, **variables)
        assert str(root / "lib") in done.stdout, (word, path, variables, done.stderr)
        assert done.stderr.startswith("pipgate: pip of ") == is_said, (word, path, variables, done.stderr)
    for word, path in (before, by_path):  # an alias may name it by a path
        unclear = central.shell(f"'{word}' --version", PATH=path, **active)
        assert (unclear.returncode, unclear.stdout) == (45, "")
        assert f"pipgate lies in {own.root}, and VIRTUAL_ENV names {other.root}" in unclear.stderr
        for named in (own, other):
            said = central.shell(f"'{word}' --env '{named.root}' --version", PATH=path, **active)
            assert (str(named.root / "lib") in said.stdout, said.stderr) == (True, "")


def test_an_environment_of_uvx_is_that_of_a_tool(central: Central) -> None:
    """It is made for one call, in uv's cache, and holds no receipt."""
    own = environment(ALL_PIPS[-1], through=DIRECT).copy(central.tmp / "cache" / "archive-v0" / "x1")
    for script in (own.root / "bin").glob("pip*"):
        script.write_text(f"#!{own.python}\n{script.read_text().partition(chr(10))[2]}")
    other = environment(ALL_PIPS[-1], through=CENTRAL)
    path = f"{own.root}/bin:{other.root}/bin:/usr/bin:/bin"
    for word in ("pipgate", f"'{own.root}/bin/pipgate'"):
        done = central.shell(f"{word} --version", PATH=path)
        assert str(other.root / "lib") in done.stdout, done.stderr
    assert central.shell("pipgate --version", PATH=path, VIRTUAL_ENV=str(own.root)).returncode == 45


def test_an_environment_without_pip_is_served(central: Central) -> None:
    env = central.bare()
    active = {"VIRTUAL_ENV": str(env.root)}
    assert json.loads(central.run("list", "--format=json", **active).stdout) == []
    blocked = central.run("install", "evil", **active)
    assert (blocked.returncode, central.canary.silent) == (43, True), blocked.stderr
    assert central.run("install", "good", **active).returncode == 0
    assert (env.site_packages / "good-1.0.dist-info").is_dir()
    assert central.run("freeze", "--all", **active).stdout == "good==1.0\n"
    allowed = central.run("--allow-build", "evil", "install", "evil", **active)
    assert allowed.returncode == 0, allowed.stderr
    assert not central.canary.silent
    assert central.run("uninstall", "-y", "good", "evil", **active).returncode == 0
    assert not list(env.root.glob("lib/python3*/site-packages/*"))


@pytest.mark.parametrize("pip", [ALL_PIPS[0], ALL_PIPS[-1]])
def test_what_plain_pip_sees_is_seen(central: Central, pip: str) -> None:
    env = environment(pip, through=CENTRAL)
    for words in (["list"], ["freeze", "--all"], ["check"], ["inspect"], ["--version"], ["debug"]):
        plain = env.plain_pip(*words, home=central.home, index=central.index.url)
        gated = central.run(*words, VIRTUAL_ENV=str(env.root))
        assert (gated.stdout, gated.returncode) == (plain.out, plain.status), words


def test_a_hint_names_the_environment_again(central: Central) -> None:
    env = central.bare()
    blocked = central.run("--env", str(env.root), "install", "evil")
    assert blocked.returncode == 43
    hint = blocked.stderr.partition("hint: To allow it for this run: pipgate ")[2].splitlines()[0]
    again = central.run(*shlex.split(hint))
    assert again.returncode == 0, again.stderr
    assert (env.site_packages / "evil-1.0.dist-info").is_dir()


def test_what_is_no_target(central: Central) -> None:
    empty = central.tmp / "empty"
    empty.mkdir()
    for args, variables, why in (
        (("list",), {"VIRTUAL_ENV": str(empty)}, "has no Python that can be run"),
        (("--env", str(empty), "list"), {}, "has no Python that can be run"),
        (("--env", "/nowhere", "list"), {}, "is no environment and no Python"),
        (("list",), {"PATH": str(empty)}, "there is no active environment"),
        (("list",), {"VIRTUAL_ENV": str(tool().root)}, "holds the tool itself"),
    ):
        wrong = central.run(*args, **variables)
        assert wrong.returncode == 45, wrong.stderr
        assert why in wrong.stderr
        assert "No Python" not in wrong.stdout
    broken = central.tmp / "broken"
    (broken / "bin").mkdir(parents=True)
    (broken / "bin" / "python").write_text("#!/nowhere/sh\n")
    (broken / "bin" / "python").chmod(0o755)
    assert central.run("list", VIRTUAL_ENV=str(broken)).returncode == 45


def test_what_lies_in_the_current_directory_is_not_imported(central: Central) -> None:
    traps = central.tmp / "traps"
    for name in ("pip", "packaging", "pipgate", "json", "importlib"):
        (traps / name).mkdir(parents=True)
        (traps / name / "__init__.py").write_text(central.canary.sings_from(f"{name} imported"))
    for name in ("os.py", "site.py", "sitecustomize.py", "typing.py", "subprocess.py"):
        (traps / name).write_text(central.canary.sings_from(f"{name} imported"))
    for env in (central.bare(), environment(ALL_PIPS[0], through=CENTRAL)):
        blocked = central.run("install", "evil", cwd=traps, VIRTUAL_ENV=str(env.root))
        assert (blocked.returncode, central.canary.silent) == (43, True), blocked.stderr
    subprocess.run([sys.executable, "-c", "import packaging"], cwd=traps, check=True, env={**os.environ})
    assert not central.canary.silent, "the traps work"


def test_an_old_python_is_refused_by_name(central: Central) -> None:
    old = central.tmp / "old" / "bin"
    old.mkdir(parents=True)
    real = sys.executable
    (old / "python").write_text(
        f"#!/bin/sh\nexec {shlex.quote(real)} -c 'import sys; sys.version_info = (3, 8, 1); "
        'path = sys.argv[1]; sys.argv = sys.argv[1:]; sys.path.insert(0, ""); exec(open(path).read())\' "$@"\n'
    )
    (old / "python").chmod(0o755)
    refused = central.run("install", "evil", VIRTUAL_ENV=str(old.parent))
    assert refused.returncode == 45, refused.stderr
    assert "pipgate needs Python 3.10" in refused.stderr
