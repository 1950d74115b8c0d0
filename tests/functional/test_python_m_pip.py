"""In an enabled environment pip is the environment's own, whatever of that name lies where Python looks first."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.adopted import EVIL, Adopted
from support.environments import ALL_PIPS, environment, hermetic

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "from pip._internal.cli.main import main; import sys; sys.exit(main())"
SHAPES = {
    "a package": ("pip/__init__.py", "pip/__main__.py", "pip/_internal/__init__.py"),
    "a module": ("pip.py",),
    "a directory": ("pip/__main__.py", "pip/_internal/__init__.py"),
    "a module that pip imports": ("typing.py", "contextlib.py", "json.py"),
    "the hook": ("_pipgate_hook.py",),
}
CALLS = {
    "-m pip": ("-m", "pip", *EVIL),
    "-mpip": ("-W", "ignore", "-smpip", *EVIL),
    "-m pip.__main__": ("-m", "pip.__main__", *EVIL),
    "-m pip._internal": ("-m", "pip._internal", *EVIL),
}


class Beside:
    """A directory with something of pip's name in it that makes the canary sing."""

    def __init__(self, at: Adopted, shape: str) -> None:
        self.at, self.place = at, at.tmp / "clone"
        for name in SHAPES[shape]:
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{at.canary.sings_from(name)}\n__version__ = {at.env.pip!r}\n")

    def run(
        self, *words: str, where: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.at.python, *words],
            env={**hermetic(self.at.home, self.at.index.url), **variables},
            cwd=where or self.place,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("call", CALLS)
def test_the_current_directory(hooked: Adopted, shape: str, call: str) -> None:
    beside = Beside(hooked, shape)
    blocked = beside.run(*CALLS[call])
    assert hooked.canary.silent, hooked.canary.path.read_text()
    assert blocked.returncode in ({43} if call != "-m pip._internal" else {1, 43}), blocked.stderr
    if shape in {"a package", "a module"}:
        assert "this is the pip of the environment; to run the other one: " in blocked.stderr
    else:
        assert "to run the other one" not in blocked.stderr


@pytest.mark.parametrize("shape", ["a package", "a module", "a directory"])
@pytest.mark.parametrize("how", ["-c", "a script", "PYTHONPATH", "PYTHONPATH, relative", "PYTHONPATH, a zip"])
def test_what_is_imported(newest_hooked: Adopted, shape: str, how: str) -> None:
    at, beside = newest_hooked, Beside(newest_hooked, shape)
    (beside.place / "tool.py").write_text(f"import sys; sys.argv[1:] = {list(EVIL)}\n{MAIN}\n")
    zipped = at.tmp / "pip.zip"
    at.run("sh", "-c", f"cd '{beside.place}' && '{at.python}' -m zipfile -c '{zipped}' *")
    words, variables = {
        "-c": (["-c", MAIN, *EVIL], {}),
        "a script": ([str(beside.place / "tool.py")], {}),
        "PYTHONPATH": (["-m", "pip", *EVIL], {"PYTHONPATH": str(beside.place)}),
        "PYTHONPATH, relative": (["-m", "pip", *EVIL], {"PYTHONPATH": "clone"}),
        "PYTHONPATH, a zip": (["-m", "pip", *EVIL], {"PYTHONPATH": str(zipped)}),
    }[how]
    blocked = beside.run(*words, where=beside.place if how == "-c" else at.tmp, **variables)
    assert blocked.returncode == 43, blocked.stderr
    assert at.canary.silent


def test_a_project_on_pythonpath_is_seen_from_its_own_directory(newest_hooked: Adopted) -> None:
    """pip takes the current directory off the import path itself, once."""
    at, beside = newest_hooked, Beside(newest_hooked, "the hook")
    info = beside.place / "simple.egg-info" / "PKG-INFO"
    info.parent.mkdir()
    info.write_text("Metadata-Version: 1.0\nName: simple\nVersion: 1.0\n")
    for words in (("-m", "pip", "freeze"), ("-mpip", "list")):
        seen = beside.run(*words, PYTHONPATH=str(beside.place))
        assert "simple" in seen.stdout, seen.stderr
        assert "simple" not in beside.run(*words).stdout
    assert at.canary.silent


def test_without_a_pip_of_its_own_it_stops(newest_hooked: Adopted) -> None:
    at, beside = newest_hooked, Beside(newest_hooked, "a package")
    (at.env.site_packages / "pip").rename(at.tmp / "gone")
    stopped = beside.run("-m", "pip", *EVIL)
    assert stopped.returncode == 45, stopped.stderr
    assert "is not taken for it" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    imported = beside.run("-c", "import pip")
    assert imported.returncode == 1
    assert "is not taken for it" in imported.stderr
    assert at.canary.silent


def test_the_one_that_is_passed_by_can_be_run_by_its_path(newest_hooked: Adopted) -> None:
    """Whoever works on pip itself says so; what the message says works when pasted."""
    at, beside = newest_hooked, Beside(newest_hooked, "a package")
    told = beside.run("-m", "pip", "--version")
    assert told.returncode == 0, told.stderr
    assert str(at.env.site_packages) in told.stdout
    command = told.stderr.rpartition("to run the other one: ")[2].replace("\\xf6", "ö")
    at.run("sh", "-c", command)
    assert not at.canary.silent


def test_a_checkout_of_pip_that_is_installed_editable(newest_hooked: Adopted) -> None:
    """What a .pth file puts on the import path belongs to the environment, also where it is called from there."""
    at = newest_hooked
    checkout = at.tmp / "src"
    checkout.mkdir()
    (at.env.site_packages / "pip").rename(checkout / "pip")
    (at.env.site_packages / "__editable__.pip.pth").write_text(f"{checkout}\n")
    [info] = at.env.site_packages.glob("pip-*.dist-info")
    (info / "direct_url.json").write_text(
        json.dumps({"url": checkout.as_uri(), "dir_info": {"editable": True}})
    )
    for where in (checkout, at.tmp):
        told = Beside(at, "the hook").run("-m", "pip", *EVIL, where=where)
        assert told.returncode == 43, told.stderr
        assert str(checkout) in Beside(at, "the hook").run("-m", "pip", "--version", where=where).stdout
    assert at.canary.silent


def test_a_program_with_modules_beside_it_is_as_before(newest_hooked: Adopted) -> None:
    at = newest_hooked
    beside = Beside(at, "the hook")
    (beside.place / "pipper.py").write_text("print('mine')")
    told = beside.run("-m", "pipper")
    assert told.stdout == "mine\n", told.stderr
    other = environment(ALL_PIPS[0], through="central")
    assert ALL_PIPS[0] in beside.run(str(other.site_packages / "pip"), "--version", where=at.tmp).stdout


@pytest.mark.parametrize("loaded", ["runpy", "multiprocessing.spawn"])
@pytest.mark.parametrize("how", ["pth", "sitecustomize"])
def test_what_has_loaded_runpy_before(hooked: Adopted, loaded: str, how: str) -> None:
    """Nobody asks for it again then; the directory is left when pip is looked for."""
    name = "zz.pth" if how == "pth" else "sitecustomize.py"
    (hooked.env.site_packages / name).write_text(f"import {loaded}\n")
    beside = Beside(hooked, "a package")
    for module in ("shlex.py", "typing.py", "contextlib.py", "site.py", "json.py"):
        (beside.place / module).write_text(hooked.canary.sings_from(module) + "\n")
    told = beside.run("-m", "pip", "--version")
    assert told.returncode == 0, told.stderr
    assert "this is the pip of the environment; to run the other one: " in told.stderr
    blocked = beside.run("-m", "pip", *EVIL)
    assert blocked.returncode == 43, blocked.stderr
    assert hooked.canary.silent, hooked.canary.path.read_text()
    beside.run("-c", "import shlex")
    assert not hooked.canary.silent
