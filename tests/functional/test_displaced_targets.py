"""What ``--target`` and ``--prefix`` would replace where files end up is refused while nothing has changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from support.adopted import Adopted
    from support.world import World

UPGRADE = ("--upgrade", "--target")
DATA = "evil-2.0.data/data/"
# By what lies where it is installed to: how it is installed, what is refused, and what is like it.
KINDS: dict[str, tuple[dict[str, str], tuple[str, ...], str, str]] = {
    "another environment": ({".venv/pyvenv.cfg": ""}, UPGRADE, ".venv/bin/x", ".venv2/bin/x"),
    "an environment below": ({"sub/.venv/pyvenv.cfg": ""}, UPGRADE, "sub/x", "sub2/x"),
    "an environment, by data": ({".venv/pyvenv.cfg": ""}, UPGRADE, f"{DATA}.venv/x", f"{DATA}.venv2/x"),
    "a hook in a base": ({"base/_pipgate_hook.py": ""}, UPGRADE, "base/x", "base2/x"),
    "a policy below": ({"sub/pipgate.toml": ""}, UPGRADE, "sub/x.py", "sub2/x.py"),
    "approvals below": ({"sub/pipgate-approvals.toml": ""}, UPGRADE, "sub/x.py", "sub2/x.py"),
    "a policy of pyproject.toml below": (
        {"sub/x/pyproject.toml": "[tool.pipgate]\nversion = 1\n"},
        UPGRADE,
        "sub/x.py",
        "sub2/x.py",
    ),
    "a policy": ({}, UPGRADE, "pipgate.toml", "pip-gate.toml"),
    "approvals, not there yet": ({}, ("--target",), "pipgate-approvals.toml", "approvals.toml"),
    "a policy in pyproject.toml": (
        {"pyproject.toml": "[tool.pipgate]\nversion = 1\n"},
        UPGRADE,
        "pyproject.toml",
        "pyproject.txt",
    ),
    "a pip.conf": ({}, UPGRADE, f"{DATA}pip.conf", f"{DATA}my-pip.conf"),
    "the repository": ({".git/HEAD": ""}, UPGRADE, ".git/hooks/post-checkout", ".github/x"),
    "a repository, not there yet": ({"HEAD": ""}, ("--target",), ".git/config", ".gitignore"),
    "--prefix, the program of an environment": (
        {".venv/pyvenv.cfg": ""},
        ("--prefix",),
        f"{DATA}.venv/bin/python",
        f"{DATA}.venv/share/python",
    ),
    "--prefix, what makes it one": (
        {".venv/pyvenv.cfg": ""},
        ("--prefix",),
        f"{DATA}.venv/pyvenv.cfg",
        f"{DATA}.venv/pyvenv.txt",
    ),
}


def state(*roots: Path) -> dict[str, str]:
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not {"__pycache__", ".cache", "state"}.intersection(path.parts)
    }


def run_in(at: Adopted, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return at.run("sh", "-c", 'cd "$0" && exec "$@"', str(directory), *words)


def require_refused(at: Adopted, cwd: Path, words: tuple[str, ...], roots: tuple[Path, ...]) -> str:
    before = state(*roots)
    refused = run_in(at, cwd, *at.pip, "install", *words, "evil")
    assert refused.returncode == 43, refused.stdout + refused.stderr
    assert "displaces-gate" in refused.stderr
    assert "No project code has run. Nothing was installed" in refused.stderr
    assert "Successfully installed" not in refused.stdout
    assert "Traceback" not in refused.stderr
    assert state(*roots) == before
    return refused.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_there(hooked: Adopted, kind: str) -> None:
    at = hooked
    files, way, bad, good = KINDS[kind]
    project = at.tmp / "project"
    project.mkdir()
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    make_wheel(at.index.root, "evil", "2.0", files={bad: ""})
    said = require_refused(at, project, (*way, "."), (project,))
    assert bad in said
    make_wheel(at.index.root, "evil", "2.0", files={good: ""})
    for _ in range(2):  # the second time it replaces what the first has put there
        passed = run_in(at, project, *at.pip, "install", *way, ".", "evil")
        assert passed.returncode == 0, passed.stdout + passed.stderr


def test_the_environment_of_this_pip(hooked: Adopted) -> None:
    at = hooked
    make_wheel(at.index.root, "evil", "2.0", files={f"{at.env.root.name}/bin/x": ""})
    directory = at.tmp / "linked"
    directory.symlink_to(at.tmp)
    for target, cwd in ((".", at.tmp), ("..", at.env.root), (str(directory), at.home)):
        require_refused(at, cwd, (*UPGRADE, target), (at.env.root, at.home))
    make_wheel(at.index.root, "evil", "2.0", files={"lib/x.py": ""})
    require_refused(at, at.home, (*UPGRADE, str(at.env.root)), (at.env.root, at.home))
    make_wheel(at.index.root, "evil", "2.0", files={"x/bin/x": ""})
    assert run_in(at, at.tmp, *at.pip, "install", *UPGRADE, ".", "evil").returncode == 0


def test_what_is_the_users(hooked: Adopted) -> None:
    at = hooked
    at.allow_evil()
    for member in (".config/pipgate/x", ".config/x", ".config/pip/pip.conf"):
        make_wheel(at.index.root, "evil", "2.0", files={member: ""})
        require_refused(at, at.tmp, (*UPGRADE, str(at.home)), (at.env.root, at.home))
    make_wheel(at.index.root, "evil", "2.0", files={".confidence/x": ""})
    assert run_in(at, at.tmp, *at.pip, "install", *UPGRADE, str(at.home), "evil").returncode == 0


def test_the_gates_own_projects_still_go_to_a_target(newest_hooked: Adopted) -> None:
    at = newest_hooked
    target = at.env.site_packages
    make_wheel(at.index.root, "packaging", "99.0", files={"packaging/__init__.py": '__version__ = "99.0"\n'})
    for words in (("--target", str(at.tmp / "t")), (*UPGRADE, str(at.tmp / "t"))):
        done = at.run(*at.pip, "install", *words, "packaging")
        assert done.returncode == 0, done.stdout + done.stderr
    make_wheel(at.index.root, "evil", "2.0", files={"pip/_internal/more.py": ""})
    require_refused(at, at.home, ("--target", str(target)), (at.env.root,))


# What a wheel would lay below the root of a project, by where it is installed from and to.
NEARER: dict[str, tuple[str, tuple[str, ...], str, str, int]] = {
    "a target": ("sub", ("--target", "."), "pyproject.toml", "[tool.pipgate]\nversion = 1\n", 43),
    "a prefix": ("sub", ("--prefix", "."), f"{DATA}pyproject.toml", "[tool.pipgate]\nversion = 1\n", 43),
    "on the way, no word of us": ("sub/more", ("--target", ".."), "pyproject.toml", "", 43),
    "from elsewhere": ("..", ("--target", "project/sub"), "pyproject.toml", "[tool.pipgate]\n", 43),
    "from elsewhere, below": (
        "..",
        ("--prefix", "project"),
        f"{DATA}x/PyProject.toml",
        "[tool.pipgate]\n",
        43,
    ),
    "from elsewhere, no word of us": ("..", ("--target", "project/sub"), "pyproject.toml", "[tool.x]\n", 0),
    "a mention": ("..", ("--target", "project/sub"), "pyproject.toml", "[x]\na = 'pipgate'\n", 0),
    "a library": ("sub", ("--prefix", "."), "pyproject.toml", "[tool.pipgate]\n", 0),
}


@pytest.mark.parametrize("kind", NEARER)
def test_a_policy_nearer_than_the_projects_own(newest: World, kind: str) -> None:
    """It would hide what the project denies from every run there."""
    where, way, member, text, status = NEARER[kind]
    project = newest.tmp / "project"
    (project / "sub" / "more").mkdir(parents=True)
    (project / "pipgate.toml").write_text("version = 1\n")
    before = state(project)
    make_wheel(newest.index.root, "evil", "2.0", files={member: text})
    done = newest.pipgate("install", *way, "evil", cwd=project / where)
    assert done.status == status, done.text
    assert ("displaces-gate" in done.text) == (status == 43)
    assert (state(project) == before) == (status == 43)
