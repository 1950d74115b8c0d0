"""The ways to pip, times the ways to stand in front of it, times pips: every cell is gated, or said to be open."""

from __future__ import annotations

import os
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.adopted import Surroundings
from support.environments import BASE, CENTRAL, HOOK, PIPS, WHEELHOUSE, environment, tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.canary import Canary
    from support.environments import Environment
    from support.index import Index

CONF = "pip.conf"
MODES = {HOOK: HOOK, BASE: BASE, CONF: CENTRAL}  # and which environment that takes
# Without the variable, in every run of the tests, on fewer pips: `nox -s ways` walks all of it.
EVERY = "PIPGATE_TEST_EVERY" in os.environ
BY_XARGS = 123  # what xargs makes of a status between 1 and 125
ENDS = (PIPS[0], PIPS[-1])
PIPS_OF = {HOOK: PIPS, CONF: PIPS, BASE: PIPS} if EVERY else {HOOK: ENDS, CONF: ENDS, BASE: ENDS[-1:]}

# What docs/adoption.md says to be open.
OPEN = {
    (CONF, "--python of another"),
    (CONF, "PIP_PYTHON"),
    (CONF, "without configuration"),
    (CONF, "a leaked variable"),
    *(
        (mode, way)
        for mode in (HOOK, BASE)
        for way in ("-S, PYTHONPATH", "-S, the directory", "-S, a zipapp")
    ),
    (BASE, "PYTHONHOME of another Python"),
    (BASE, "PYTHONPATH with a sitecustomize"),
}


class At:
    """An environment behind a gate, which stays as it is: what is installed goes into a directory of its own."""

    def __init__(self, env: Environment, around: Surroundings) -> None:
        self.env, self.around = env, around
        self.python = str(env.python)
        self.evil = ("install", "--target", str(around.tmp / "installed"), "evil")

    def bin(self, name: str) -> str:
        return str(self.env.root / "bin" / name)

    @property
    def zipapp(self) -> str:
        """Make what is published as pip.pyz."""
        made = self.around.tmp / "pip.pyz"
        with zipfile.ZipFile(self.wheel) as wheel, zipfile.ZipFile(made, "w") as zipped:
            for name in wheel.namelist():
                zipped.writestr(name, wheel.read(name))
            zipped.writestr(
                "__main__.py", "import runpy; runpy.run_module('pip', run_name='__main__', alter_sys=True)"
            )
        return str(made)

    @property
    def customized(self) -> Path:
        """Make a directory with a sitecustomize."""
        made = self.around.tmp / "customized"
        made.mkdir(exist_ok=True)
        (made / "sitecustomize.py").write_text("")
        return made

    def inside(self, name: str) -> str:
        """Return where a file of pip lies, or pip itself."""
        return str(self.env.site_packages / "pip" / name)

    @property
    def wheel(self) -> Path:
        return WHEELHOUSE / f"pip-{self.env.pip}-py3-none-any.whl"

    def code(self, text: str) -> list[str]:
        return [self.python, "-c", text.format(words=list(self.evil))]


ENTRY_POINTS: dict[str, Callable[[At], list[str]]] = {
    "bin/pip": lambda at: [at.bin("pip"), *at.evil],
    "bin/pip3": lambda at: [at.bin("pip3"), *at.evil],
    "-m pip": lambda at: [at.python, "-m", "pip", *at.evil],
    "-I -m pip": lambda at: [at.python, "-I", "-m", "pip", *at.evil],
    "-W ignore -Esm pip": lambda at: [at.python, "-W", "ignore", "-Esm", "pip", *at.evil],
    "pip on PATH": lambda at: ["env", f"PATH={at.bin('')}:/usr/bin:/bin", "pip", *at.evil],
    "python on PATH": lambda at: ["env", f"PATH={at.bin('')}:/usr/bin:/bin", "python", "-m", "pip", *at.evil],
    "-m pip.__main__": lambda at: [at.python, "-m", "pip.__main__", *at.evil],
    "-m pip.__pip-runner__": lambda at: [at.python, "-m", "pip.__pip-runner__", *at.evil],
    "-m runpy": lambda at: [at.python, "-m", "runpy", "pip", *at.evil],
    "the directory": lambda at: [at.python, at.inside(""), *at.evil],
    "__main__.py": lambda at: [at.python, at.inside("__main__.py"), *at.evil],
    "__pip-runner__.py": lambda at: [at.python, at.inside("__pip-runner__.py"), *at.evil],
    "the script": lambda at: [at.python, at.bin("pip"), *at.evil],
    "programs in front": lambda at: [
        *(
            "env",
            "timeout",
            "100",
            "nice",
            "sh",
            "-c",
            'printf "%s\\n" "$@" | xargs env',
            "sh",
            at.bin("pip"),
        ),
        *at.evil,
    ],
    "-S, PYTHONPATH": lambda at: [
        *("env", f"PYTHONPATH={at.env.site_packages}", at.python, "-S", "-m", "pip"),
        *at.evil,
    ],
    "-S, the directory": lambda at: [at.python, "-S", at.inside(""), *at.evil],
    "PYTHONPATH with a sitecustomize": lambda at: [
        "env",
        f"PYTHONPATH={at.customized}",
        at.bin("pip"),
        *at.evil,
    ],
    "PYTHONHOME of another Python": lambda at: [
        *(
            "env",
            f"PYTHONHOME={sys.base_prefix}",
            f"PYTHONPATH={at.env.site_packages}",
            at.python,
            "-m",
            "pip",
        ),
        *at.evil,
    ],
    "-S, a zipapp": lambda at: [at.python, "-S", at.zipapp, *at.evil],
    "sh": lambda at: ["sh", "-c", f"'{at.python}' -m pip {' '.join(at.evil)}"],
    "a subprocess": lambda at: at.code(
        "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-m', 'pip', *{words}]))"
    ),
    "cli.main": lambda at: at.code(
        "import sys; from pip._internal.cli.main import main; sys.exit(main({words}))"
    ),
    "pip.main": lambda at: at.code("import sys, pip; sys.exit(pip.main({words}))"),
    "runpy": lambda at: at.code(
        "import runpy, sys; sys.argv = ['pip', *{words}]; runpy.run_module('pip', run_name='__main__')"
    ),
    "a wheel of pip": lambda at: [at.python, str(at.wheel / "pip"), *at.evil],
    "a zipapp of pip": lambda at: [at.python, at.zipapp, *at.evil],
    "--isolated": lambda at: [at.bin("pip"), "--isolated", *at.evil, "-i", at.around.index.url],
    "--python of another": lambda at: [
        str(environment(at.env.pip, through=CENTRAL).python),
        *("-m", "pip", "--python", at.python),
        *at.evil,
    ],
    "pipgate itself": lambda at: [
        str(tool().python),
        str(tool().root / "bin" / "pipgate"),
        *("--env", at.python),
        *at.evil,
    ],
    "PIP_PYTHON": lambda at: ["env", f"PIP_PYTHON={at.python}", at.bin("pip"), *at.evil],
    "a leaked variable": lambda at: ["env", "_PIP_RUNNING_IN_SUBPROCESS=1", at.bin("pip"), *at.evil],
    "without configuration": lambda at: ["env", "PIP_CONFIG_FILE=/dev/null", at.bin("pip"), *at.evil],
}


@pytest.fixture
def around(tmp_path: Path, index: Index, canary: Canary) -> Surroundings:
    return Surroundings(tmp_path, index, canary)


@pytest.mark.parametrize("way", ENTRY_POINTS)
@pytest.mark.parametrize(("mode", "pip"), [(mode, pip) for mode, pips in PIPS_OF.items() for pip in pips])
def test_every_cell(mode: str, pip: str, way: str, around: Surroundings) -> None:
    at, canary = At(environment(pip, through=MODES[mode]), around), around.canary
    if mode == CONF:
        installed = at.around.central("team", "install", "--no-backstop")
        assert installed.returncode == 0, installed.stderr
    command = ENTRY_POINTS[way](at)
    first = at.around.run(*command)
    if (mode, way) in OPEN:
        assert first.returncode == 0, first.stderr
        assert not canary.silent, "it is gated after all: mend the table in docs/adoption.md"
        return
    assert first.returncode == (BY_XARGS if way == "programs in front" else 43), first.stdout + first.stderr
    assert first.stderr.count("build-not-approved") == 1, "one gate, and one message"
    assert canary.silent
    at.around.allow_evil()
    allowed = at.around.run(*command)
    assert allowed.returncode == 0, allowed.stderr
    assert not canary.silent, "allowed, it runs"
