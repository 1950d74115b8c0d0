"""What is typed as pip in a shell with the functions is the pip that the shell would have run, and gated."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.environments import ALL_PIPS, CENTRAL, DIRECT, environment, hermetic, tool
from support.projects import Project

if TYPE_CHECKING:
    from support.canary import Canary
    from support.environments import Environment
    from support.index import Index

HERE = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
SYSTEM = "/usr/bin:/bin"
ACTIVATE = {"fish": "source '{0}/bin/activate.fish'"}
WORD = "pip pipgate-verify nonce"


class Typed(NamedTuple):
    """How a line ended, and the environment that pip of it works on."""

    status: int
    out: str
    err: str

    @property
    def root(self) -> Path | None:
        """Where the gate has answered from; None where it has not."""
        lines = [line for line in self.out.splitlines() if line.startswith('{"nonce"')]
        return Path(json.loads(lines[-1])["python"]).parents[1] if lines else None


class Desk:
    """A home with a shell, environments with a pip of their own, and a pipgate of each kind."""

    def __init__(self, shell: str, tmp_path: Path, index: Index, canary: Canary) -> None:
        self.shell, self.tmp, self.canary = shell, tmp_path, canary
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.base = hermetic(self.home, index.url)
        self.first = environment(ALL_PIPS[-1], through=CENTRAL)
        self.second = environment(ALL_PIPS[0], through=CENTRAL)
        self.own = environment(ALL_PIPS[-1], through=DIRECT)  # as: python3 -m venv /opt/pipgate
        self.tool = tool()  # as uv and pipx make it
        Project("evil", "1.0", canary).sdist(index.root)

    def activate(self, env: Environment | Path) -> str:
        root = env if isinstance(env, Path) else env.root
        return ACTIVATE.get(self.shell, ". '{0}/bin/activate'").format(root)

    def path(self, *places: Environment | Path) -> str:
        roots = [each if isinstance(each, Path) else each.root / "bin" for each in places]
        return ":".join([*map(str, roots), SYSTEM])

    def bare(self) -> Path:
        """Make an environment without pip, as uv does."""
        root = self.tmp / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root)], check=True)
        return root

    def type(self, *lines: str, by: Environment | None = None, begin: str = "", **variables: str) -> Typed:
        """Type lines into a shell that has read the functions of ``by`` at its start, or ``begin``."""
        init = f"'{(by or self.own).root}/bin/pipgate' init {self.shell}"
        init = f"{init} | source" if self.shell == "fish" else f'eval "$({init})"'
        options = {"fish": ["--no-config"], "zsh": ["-f"], "bash": ["--norc"]}[self.shell]
        done = subprocess.run(
            [self.shell, *options, "-c", "\n".join([begin or init, *lines])],
            env={**self.base, **variables},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Typed(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=HERE)
def desk(request: pytest.FixtureRequest, tmp_path: Path, index: Index, canary: Canary) -> Desk:
    return Desk(request.param, tmp_path, index, canary)


@pytest.fixture(params=["own", "tool"])
def by(request: pytest.FixtureRequest, desk: Desk) -> Environment:
    """Return the environment of pipgate: one that somebody has made, and one that uv or pipx has made."""
    env = getattr(desk, request.param)
    assert (env.root / "uv-receipt.toml").exists() == (request.param == "tool")
    return env  # type: ignore[no-any-return]  # one of the two


@pytest.mark.parametrize("name", ["pip", "pip3", "pip3.{minor}", "python -m pip", "python3 -m pip"])
def test_what_is_active_is_what_is_meant(desk: Desk, by: Environment, name: str) -> None:
    word = f"{name.format(minor=sys.version_info[1])} pipgate-verify nonce"
    active = {"PATH": desk.path(desk.first), "VIRTUAL_ENV": str(desk.first.root)}
    typed = desk.type(word, by=by, **active)
    assert (typed.root, typed.err) == (desk.first.root, "")
    behind = desk.type(word, by=by, PATH=desk.path(desk.first, by))
    assert (behind.root, behind.err) == (desk.first.root, "")


def test_the_first_on_path_wins_over_variables_and_that_is_said(desk: Desk, by: Environment) -> None:
    path = desk.path(desk.first)
    for variables in (
        {"VIRTUAL_ENV": str(desk.second.root)},
        {"VIRTUAL_ENV": "/nowhere"},
        {"CONDA_PREFIX": str(desk.second.root)},
        {"VIRTUAL_ENV": str(by.root)},
    ):
        typed = desk.type(WORD, by=by, PATH=path, **variables)
        assert typed.root == desk.first.root, variables
        assert len(typed.err.splitlines()) == 1, typed.err
        assert f"pipgate: pip of {desk.first.python}; " in typed.err
        assert next(iter(variables)) in typed.err
        module = desk.type(f"python -m {WORD}", by=by, PATH=path, **variables)
        assert (module.root, module.err) == (desk.first.root, "")


def test_what_is_activated_later_counts(desk: Desk, by: Environment) -> None:
    path = desk.path(desk.second)
    nested = [desk.activate(desk.first), WORD, desk.activate(desk.second), WORD, "deactivate", WORD]
    for count, root in ((2, desk.first.root), (4, desk.second.root), (6, desk.second.root)):
        typed = desk.type(*nested[:count], by=by, PATH=path)
        assert (typed.root, typed.err) == (root, ""), nested[:count]


def test_an_alias_takes_what_is_active(desk: Desk, by: Environment) -> None:
    link = desk.tmp / "bin"
    link.mkdir()
    (link / "pipgate").symlink_to(by.root / "bin" / "pipgate")
    expand = {"bash": "shopt -s expand_aliases", "zsh": "setopt aliases", "fish": "true"}[desk.shell]
    for path in (
        desk.path(desk.first, by),
        desk.path(desk.first, link),
        desk.path(link, desk.first),
    ):
        for variables in ({"VIRTUAL_ENV": str(desk.first.root)}, {}):
            begin = f"{expand}\nalias pip=pipgate"
            typed = desk.type(f"eval '{WORD}'", begin=begin, PATH=path, **variables)
            assert typed.root == desk.first.root, (path, variables, typed)


@pytest.mark.parametrize("name", ["pip", "pip3", "python -m pip"])
def test_what_holds_pipgate_is_taken_only_when_it_is_active(desk: Desk, by: Environment, name: str) -> None:
    word = f"{name} pipgate-verify nonce"
    path = desk.path(by, desk.first)
    for variables in ({}, {"VIRTUAL_ENV": str(desk.first.root)}):
        typed = desk.type(word, by=by, PATH=path, **variables)
        assert (typed.status, typed.root) == (45, None)
        assert typed.err.startswith("error: no-target\n")
        assert "no project code has run" in typed.err
    active = desk.type(desk.activate(by), word, by=by, PATH=desk.path(desk.first))
    assert (active.status, active.root) == ((45, None) if by is desk.tool else (0, by.root)), active


def test_an_environment_without_pip(desk: Desk, by: Environment) -> None:
    bare = desk.bare()
    other = desk.type(desk.activate(bare), WORD, by=by, PATH=desk.path(desk.first))
    assert other.root == desk.first.root, "what the shell would have run"
    assert "VIRTUAL_ENV names another" in other.err
    empty = desk.tmp / "empty"
    empty.mkdir()
    for program in ("dirname", "uname", "cat", "sh", desk.shell):
        (empty / program).symlink_to(shutil.which(program) or "/nowhere")
    alone = desk.type(
        f"set -x PATH '{bare}/bin'" if desk.shell == "fish" else f"PATH='{bare}/bin'",
        WORD,
        by=by,
        PATH=f"{bare}/bin:{empty}",
        VIRTUAL_ENV=str(bare),
    )
    assert (alone.root, alone.err) == (bare, ""), "there is no other"


def shims(desk: Desk, name: str, text: str) -> Path:
    """Make a pip and a Python that do not say themselves what they run."""
    made = desk.tmp / name
    made.mkdir()
    for program in ("pip", "pip3", "python", "python3"):
        (made / program).write_text(text.format(bin=desk.first.root / "bin", name=program))
        (made / program).chmod(0o755)
    return made


@pytest.mark.parametrize(
    "text",
    [
        '#!/usr/bin/env bash\nexec "{bin}/${{0##*/}}" "$@"\n',
        '#!/usr/bin/env bash\n# plugin: python\nexec {bin}/{name} "$@"\n',
    ],
    ids=["the same for all", "each with its name"],
)
def test_a_shim_is_asked_through_the_python_beside_it(desk: Desk, by: Environment, text: str) -> None:
    made = shims(desk, "shims", text)
    for word in (WORD, f"python -m {WORD}", "pip3 pipgate-verify nonce"):
        typed = desk.type(word, by=by, PATH=desk.path(made))
        assert (typed.root, typed.err) == (desk.first.root, ""), word


def test_a_pip_that_does_not_say_its_python_is_not_guessed_at(desk: Desk, by: Environment) -> None:
    made = shims(desk, "made", '#!/bin/sh\nexec "{bin}/{name}" "$@"\n')
    (made / "pip").write_text(f'#!/bin/sh\n# mine\nexec "{desk.second.python}" -m pip "$@"\n')
    typed = desk.type(WORD, by=by, PATH=desk.path(made))
    assert (typed.status, typed.root) == (45, None)
    assert "does not say which Python it runs in" in typed.err


def test_a_pip_behind_a_link(desk: Desk, by: Environment) -> None:
    links = desk.tmp / "links"
    links.mkdir()
    (links / "pip").symlink_to(desk.first.root / "bin" / "pip")
    typed = desk.type(WORD, by=by, PATH=desk.path(links, desk.second))
    assert (typed.root, typed.err) == (desk.first.root, "")
    (links / "pip").unlink()
    (links / "pip").symlink_to(by.root / "bin" / "pip")
    own = desk.type(WORD, by=by, PATH=desk.path(links, desk.second))
    assert (own.status, own.root) == (45, None)


@pytest.mark.parametrize("name", ["pip", "python -m pip"])
def test_a_hint_leads_to_the_same_environment(desk: Desk, by: Environment, name: str) -> None:
    for variables in ({}, {"VIRTUAL_ENV": str(desk.second.root)}, {"VIRTUAL_ENV": str(desk.first.root)}):
        path = desk.path(desk.first, by)
        blocked = desk.type(f"{name} install evil", by=by, PATH=path, **variables)
        assert (blocked.status, desk.canary.silent) == (43, True), blocked
        hint = blocked.err.partition("hint: To allow it for this run: ")[2].splitlines()[0]
        words = shlex.split(hint)
        again = f"{shlex.join(words[: words.index('install')])} pipgate-verify nonce"
        shown = desk.type(again, by=by, PATH=path, **variables)
        assert shown.root == desk.first.root, hint
        if name == "pip":
            assert ("--env" in words) == (variables == {"VIRTUAL_ENV": str(desk.second.root)}), hint


def test_init_through_the_module_names_the_command(desk: Desk, by: Environment) -> None:
    init = f"'{by.python}' -m pipgate init {desk.shell}"
    begin = f"{init} | source" if desk.shell == "fish" else f'eval "$({init})"'
    typed = desk.type(WORD, begin=begin, PATH=desk.path(desk.first))
    assert (typed.status, typed.root, typed.err) == (0, desk.first.root, "")
    assert os.access(by.root / "bin" / "pipgate", os.X_OK)
