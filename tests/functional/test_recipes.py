"""The recipes for CI in docs/adoption.md: each is run as it is printed, but for the places that it writes to."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.adopted import Surroundings
from support.environments import ROOT, WHEELHOUSE, hermetic

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

DOCUMENT = (ROOT / "docs" / "adoption.md").read_text(encoding="utf-8")


def recipe(title: str) -> list[str]:
    """Return the commands of one recipe, each as a shell of that system is given it."""
    block = re.search(rf"^{re.escape(title)}:\n\n```\w+\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert block is not None, title
    text = block.group(1)
    if title == "Dockerfile":
        return re.findall(r"^RUN (.*)$", text, re.MULTILINE)
    text = re.sub(
        r"^- run: \|\n((?:    .*\n)+)", lambda found: re.sub(r"(?m)^    ", "- ", found.group(1)), text
    )
    return re.findall(r"^ *- (?:run: )?(.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(("title", "count"), [("GitHub Actions", 4), ("GitLab", 4), ("Dockerfile", 3)])
def test_it_gates_what_it_says(title: str, count: int, tmp_path: Path, index: Index, canary: Canary) -> None:
    around = Surroundings(tmp_path, index, canary)
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("evil\n")
    (project / "pipgate-approvals.toml").write_text("version = 1\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    surroundings = {
        **hermetic(around.home, index.url),
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "PIP_FIND_LINKS": str(WHEELHOUSE),
        "RUNNER_TEMP": str(tmp_path / "runner"),
    }
    commands = recipe(title)
    assert len(commands) == count
    for number, command in enumerate(commands, 1):
        here = command.replace("/opt/", f"{tmp_path}/opt/").replace(" /venv", f" {tmp_path}/venv")
        here = re.sub(r"^/venv", f"{tmp_path}/venv", here)
        done = subprocess.run(
            ["sh", "-ec", here],
            env=surroundings,
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        expected = 43 if number == count else 0
        assert done.returncode == expected, f"{here}\n{done.stdout}{done.stderr}"
    assert canary.silent
    around.allow_evil()
    allowed = subprocess.run(["sh", "-ec", here], env=surroundings, cwd=project, check=False)
    assert allowed.returncode == 0
    assert not canary.silent
