"""Environments with a gate in front of their pip, which a test may change."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from support.environments import CENTRAL, HOOK, Environment, environment, hermetic, tool
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

EVIL = ("install", "evil")
STAND_IN = "pipgate-python"
SHEBANG = """#!/bin/sh
\'\'\'exec' "{python}" "$0" "$@"
' \'\'\'
"""


class Surroundings:
    """A home, an index with an sdist that sings and a wheel, and a central pipgate."""

    def __init__(self, tmp_path: Path, index: Index, canary: Canary) -> None:
        self.tmp, self.index, self.canary = tmp_path, index, canary
        self.home = tmp_path / "home"
        self.home.mkdir()
        Project("evil", "1.0", canary).sdist(index.root)
        make_wheel(index.root, "good", "1.0")

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        surroundings = {**hermetic(self.home, self.index.url), **variables}
        return subprocess.run(
            command, env=surroundings, cwd=self.home, capture_output=True, text=True, check=False, timeout=180
        )

    def allow_evil(self) -> None:
        """Write a policy of the user that allows it."""
        config = self.home / ".config" / "pipgate"
        config.mkdir(parents=True, exist_ok=True)
        (config / "pipgate.toml").write_text('version = 1\n[[rule]]\nname = "evil"\nverdict = "allow"\n')

    def central(self, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = tool()
        return self.run(str(env.python), str(env.root / "bin" / "pipgate"), *args, **variables)


class Adopted(Surroundings):
    """The same with a copy of an environment that a test may change."""

    def __init__(self, source: Environment, tmp_path: Path, index: Index, canary: Canary) -> None:
        super().__init__(tmp_path, index, canary)
        self.env = source.copy(tmp_path / "an env, söme")
        for script in (self.env.root / "bin").glob("pip*"):  # as pip writes them for such a path
            begin = SHEBANG.format(python=self.env.python)
            script.write_text(begin + script.read_text().partition("\n")[2])

    @property
    def python(self) -> str:
        return str(self.env.python)

    @property
    def pip(self) -> list[str]:
        return [str(self.env.root / "bin" / "pip")]

    def call_pip_newer(self) -> None:
        """Let pip say that it is of a version that nobody knows."""
        init = self.env.site_packages / "pip" / "__init__.py"
        init.write_text(init.read_text().replace(f'"{self.env.pip}"', '"99.0"'))

    def listing(self) -> list[str]:
        return sorted(str(path) for path in self.env.root.rglob("*"))


class Team(Surroundings):
    """Surroundings, and an environment that knows nothing of pipgate."""

    def __init__(self, pip: str, tmp_path: Path, index: Index, canary: Canary) -> None:
        super().__init__(tmp_path, index, canary)
        self.env: Environment = environment(pip, through=CENTRAL)
        self.conf = self.home / ".config" / "pip" / "pip.conf"

    @property
    def into(self) -> tuple[str, ...]:
        return ("install", "--target", str(self.tmp / "installed"))

    @property
    def stand_in(self) -> Path:
        return self.home / ".local" / "share" / "pipgate" / STAND_IN

    def pip(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run(str(self.env.python), "-m", "pip", *words, **variables)

    def install(self, *words: str) -> None:
        installed = self.central("team", "install", *words)
        assert installed.returncode == 0, installed.stderr

    def write(self, text: str) -> None:
        self.conf.parent.mkdir(parents=True)
        self.conf.write_bytes(text.encode())

    def listing(self) -> list[str]:
        return sorted(str(path) for path in self.home.rglob("*") if ".local" not in path.parts)


def adopted_by_hook(pip: str, tmp_path: Path, index: Index, canary: Canary) -> Adopted:
    """Return a copy of an enabled environment."""
    return Adopted(environment(pip, through=HOOK), tmp_path, index, canary)
