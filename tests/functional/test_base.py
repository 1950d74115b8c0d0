"""A gate in an interpreter itself: what it reaches, what it is refused for, and that it comes out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.adopted import Surroundings
from support.environments import ALL_PIPS, WHEELHOUSE, link_interpreter
from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

EVIL = ("-m", "pip", "install", "--no-deps", "evil")


class Base(Surroundings):
    """An interpreter of its own, and pip in it."""

    def __init__(self, tmp_path: Path, index: Index, canary: Canary) -> None:
        super().__init__(tmp_path, index, canary)
        self.root = tmp_path / "an interpreter, söme"
        link_interpreter(self.root)
        self.python = str(next((self.root / "bin").iterdir()))
        (self.root / "bin" / "python").symlink_to(self.python)
        self.give_pip(self.python)

    def give_pip(self, python: str) -> None:
        wheel = WHEELHOUSE / f"pip-{ALL_PIPS[-1]}-py3-none-any.whl"
        command = (str(wheel / "pip"), "install", "-q", "--no-index", "--break-system-packages", str(wheel))
        given = self.run(python, *command)
        assert given.returncode == 0, given.stderr

    def venv(self, name: str, *options: str) -> str:
        made = self.run(self.python, "-m", "venv", "--without-pip", *options, str(self.tmp / name))
        assert made.returncode == 0, made.stderr
        return str(self.tmp / name / "bin" / "python")

    def listing(self) -> list[str]:
        return sorted(str(path) for path in self.root.rglob("*") if "__pycache__" not in path.parts)


@pytest.fixture
def base(tmp_path: Path, index: Index, canary: Canary) -> Base:
    return Base(tmp_path, index, canary)


def test_it_reaches_every_environment_and_comes_out_again(base: Base) -> None:
    before = base.listing()
    for _ in range(2):
        enabled = base.central("enable", "--base", base.python)
        assert enabled.returncode == 0, enabled.stderr
    own, borrowing = base.venv("own"), base.venv("borrowing", "--system-site-packages")
    base.give_pip(own)
    for python in (base.python, own, borrowing):
        blocked = base.run(python, *EVIL, "--break-system-packages")
        assert blocked.returncode == 43, blocked.stderr
        assert (
            base.run(python, "-I", "-m", "pip", "install", "evil", "--break-system-packages").returncode == 43
        )
    proven = base.central("doctor", "--strict", "--env", str(base.tmp / "own"))
    assert proven.returncode == 0, proven.stdout
    assert base.central("doctor", "--strict", "--env", base.python).returncode == 0
    assert base.canary.silent
    assert base.central("disable", "--base", base.python).returncode == 0
    assert base.listing() == before
    assert base.run(own, *EVIL).returncode == 0
    assert not base.canary.silent


def test_it_and_the_hook_of_an_environment_are_one_gate(base: Base) -> None:
    python = base.venv("own")
    base.give_pip(python)
    assert base.central("enable", "--base", base.python).returncode == 0
    assert base.central("enable", str(base.tmp / "own")).returncode == 0
    blocked = base.run(python, *EVIL)
    assert (blocked.returncode, blocked.stderr.count("build-not-approved")) == (43, 1), blocked.stderr
    assert base.central("disable", "--base", base.python).returncode == 0
    assert base.run(python, *EVIL).returncode == 43
    assert base.canary.silent


def test_the_programs_of_an_environment_keep_their_packaging(base: Base) -> None:
    assert base.central("enable", "--base", base.python).returncode == 0
    python = base.venv("own")
    base.give_pip(python)
    make_wheel(
        base.index.root, "packaging", "99.0", files={"packaging/__init__.py": '__version__ = "99.0"\n'}
    )
    assert base.run(python, "-m", "pip", "install", "-q", "packaging==99.0").returncode == 0
    code = "import pip._internal.exceptions, packaging; print(packaging.__version__)"
    assert base.run(python, "-c", code).stdout == "99.0\n"


@pytest.mark.parametrize("gone", ["_pipgate_hook.py", "sitecustomize.py"])
def test_half_removed(base: Base, gone: str) -> None:
    assert base.central("enable", "--base", base.python).returncode == 0
    library = next(base.root.glob("lib*/python3*"))
    (library / gone).unlink()
    assert base.run(base.python, "-c", "import json").returncode == 0
    told = base.central("doctor", "--strict", "--env", base.python)
    assert told.returncode in {1, 2}, told.stdout
    assert "pipgate enable --base" in told.stdout
    if gone == "_pipgate_hook.py":
        stopped = base.run(base.python, *EVIL)
        assert stopped.returncode == 1
        assert "pip is not run" in stopped.stderr
        assert base.canary.silent
    assert base.central("enable", "--base", base.python).returncode == 0
    assert base.run(base.python, *EVIL).returncode == 43


def test_it_is_asked_for_by_its_name(base: Base) -> None:
    plain = base.central("enable", str(base.root))
    assert plain.returncode == 2
    assert "is no virtual environment" in plain.stderr
    assert "pipgate enable --base" in plain.stderr
    base.venv("own")
    wrong = base.central("enable", "--base", str(base.tmp / "own" / "bin" / "python"))
    assert wrong.returncode == 2
    assert "is that of an environment" in wrong.stderr
    theirs = next(base.root.glob("lib*/python3*")) / "sitecustomize.py"
    theirs.write_text("x = 1\n")
    refused = base.central("enable", "--base", base.python)
    assert refused.returncode == 2
    assert "was not written by pipgate" in refused.stderr
    assert theirs.read_text() == "x = 1\n"


def test_a_sitecustomize_that_would_have_been_found_still_is(base: Base) -> None:
    library = next(base.root.glob("lib*/python3*"))
    (library / "site-packages" / "sitecustomize.py").write_text("print('of the interpreter')\nmark = 1\n")
    assert base.central("enable", "--base", base.python).returncode == 0
    code = "import sys, sitecustomize; print(sitecustomize.mark, sitecustomize.__file__)"
    said = base.run(base.python, "-c", code).stdout
    assert said == f"of the interpreter\n1 {library}/site-packages/sitecustomize.py\n"
    python = base.venv("own")
    packages = next((base.tmp / "own").glob("lib*/python3*")) / "site-packages"
    assert base.run(python, "-c", "pass").stdout == ""
    (packages / "sitecustomize.py").write_text("print('of the environment')\nraise RuntimeError('theirs')\n")
    base.give_pip(python)
    blocked = base.run(python, *EVIL)
    assert blocked.returncode == 43, blocked.stderr
    assert "of the environment" in blocked.stdout
    assert base.canary.silent


def test_a_sitecustomize_that_is_a_package_or_the_same_again(base: Base) -> None:
    assert base.central("enable", "--base", base.python).returncode == 0
    package = base.tmp / "more" / "sitecustomize"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import part\n")
    (package / "part.py").write_text("print('part')\n")
    library = next(base.root.glob("lib*/python3*"))
    (library / "site-packages" / "sitecustomize").symlink_to(package)
    assert base.run(base.python, "-c", "pass").stdout == "part\n"
    (base.tmp / "link").symlink_to(library)
    again = base.run(base.python, "-c", "pass", PYTHONPATH=str(base.tmp / "link"))
    assert (again.stdout, again.stderr) == ("part\n", "")


def test_a_conda_environment_is_an_environment(base: Base) -> None:
    """As far as it can be shown without conda: an interpreter with a directory conda-meta."""
    (base.root / "conda-meta").mkdir()
    before = base.listing()
    enabled = base.central("enable", str(base.root))
    assert enabled.returncode == 0, enabled.stderr
    assert "_pipgate.pth" in enabled.stdout
    assert base.run(base.python, *EVIL, "--break-system-packages").returncode == 43
    assert base.canary.silent
    assert base.central("disable", CONDA_PREFIX=str(base.root)).returncode == 0
    assert base.listing() == before
