"""Shell functions: what is typed as pip is gated, whatever stands between, and nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, CENTRAL, WHEELHOUSE, environment, hermetic, tool
from support.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

HERE = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
GATED = (
    "pip install evil",
    "pip3 install evil",
    "pip3.{minor} install evil",
    "python -m pip install evil",
    "python -mpip install evil",
    "python -Im pip install evil",
    "python -Impip install evil",
    "python -I -m pip install evil",
    "python -W ignore -m pip install evil",
    "python -Wignore -X dev -m pip install evil",
    "python -sEm pip install evil",
    "python -sW ignore -mpip install evil",
    "python3 -m pip install evil",
    "python3.{minor} -m pip install evil",
    "python -m pip.__main__ install evil",
    "python -mpip.__pip-runner__ install evil",
    "python -x -m pip install evil",
    "python -xsW ignore -xm pip install evil",
    "PYTHONPATH='{packages}' python -S -m pip install evil",
    "\\pip install evil",
    "'pip' install evil",
    "time pip install evil",
    "eval 'pip install evil'",
    "pip --isolated install -i $PIP_INDEX_URL evil",
    "pip --python '{root}/bin/python' install evil",
    "PIP_PYTHON='{root}/bin/python' pip install evil",
    "PIP_CONFIG_FILE=/dev/null pip install evil",
    "_PIP_RUNNING_IN_SUBPROCESS=1 pip install evil",
    "touch sitecustomize.py; PYTHONPATH=. pip install evil",
    "PYTHONHOME='{home}' python -m pip install evil",
    "mkdir pip; echo 'raise SystemExit(7)' > pip/__init__.py; python -m pip install evil",
    "echo 'raise SystemExit(7)' > pip.py; python -m pip install evil",
)
# What a function does not see, as docs/adoption.md says: another program, or another way to the same file.
OPEN = (
    "command pip {words}",
    "exec pip {words}",
    "env pip {words}",
    "timeout 100 pip {words}",
    "nice pip {words}",
    "nohup pip {words}",
    "echo {words} | xargs pip",
    "sh -c 'pip {words}'",
    "bash -c 'pip {words}'",
    "sudo pip {words}",
    "./script",
    "'{root}/bin/pip' {words}",
    "'{root}/bin/python' -m pip {words}",
    "python '{root}/bin/pip' {words}",
    "python '{packages}/pip' {words}",
    "python -S '{packages}/pip' {words}",
    "python '{packages}/pip/__main__.py' {words}",
    "python '{wheel}/pip' {words}",
    "python -m runpy pip {words}",
    "python -m cProfile -o prof -m pip {words}",
    "python -c 'import pip, sys; sys.exit(pip.main(sys.argv[1:]))' {words}",
    "echo 'import pip; pip.main(\"{words}\".split())' | python",
    "py -m pip {words}",
)
WORDS = "install --target installed evil"
UNTOUCHED = {
    "python -c 'import sys; print(sys.argv[1:])' -m pip": "['-m', 'pip']",
    "python -m json.tool --help": "usage",
    "python script.py -m pip": "['-m', 'pip']",
    "python -Wignore script.py -m pip install": "['-m', 'pip', 'install']",
    "python -c'import sys; m = 1; print(sys.argv)' pip": "['-c', 'pip']",
    "python -Ic'import sys; print(sys.argv)' -m pip": "['-c', '-m', 'pip']",
    "python -c 'print(1)' m pip": "1",
    "echo 'print(2)' | python": "2",
    "echo 'print(3)' | python - -m pip": "3",
    "python -Wm -c 'print(4)'": "4",
    "python -Xm -c 'print(5)'": "5",
    "python --version": "Python 3",
    "command pip --version": "pip ",
}


class Shell:
    """A shell that has read the functions, with an environment of its own first on PATH."""

    def __init__(self, shell: str, tmp_path: Path, index: Index, canary: Canary) -> None:
        self.shell, self.canary = shell, canary
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.env = environment(ALL_PIPS[-1], through=CENTRAL)
        self.variables = hermetic(self.home, index.url)
        self.variables["PATH"] = f"{self.env.root / 'bin'}:{self.variables['PATH']}"
        self.bin = tmp_path / "bin, söme"
        self.bin.mkdir()
        (self.bin / "pipgate").symlink_to(tool().root / "bin" / "pipgate")
        (self.home / "script.py").write_text("import sys; print(sys.argv[1:])\n")
        Project("evil", "1.0", canary).sdist(index.root)

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        packages = self.env.site_packages
        places = {"minor": packages.parent.name.removeprefix("python3."), "packages": packages}
        places |= {
            "home": sys.base_prefix,
            "root": self.env.root,
            "wheel": WHEELHOUSE / f"pip-{self.env.pip}-py3-none-any.whl",
        }
        begin = f"'{self.bin}/pipgate' init {self.shell}"
        begin = f"{begin} | source" if self.shell == "fish" else f'eval "$({begin})"'
        command = f"{begin}\n{line.format(words=WORDS, **places)}"
        options = {"fish": ["--no-config"], "zsh": ["-f"], "bash": ["--norc"]}[self.shell]
        return subprocess.run(
            [self.shell, *options, "-c", command],
            env=self.variables,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(params=HERE)
def shell(request: pytest.FixtureRequest, tmp_path: Path, index: Index, canary: Canary) -> Shell:
    return Shell(request.param, tmp_path, index, canary)


@pytest.mark.parametrize("line", GATED)
def test_what_is_typed_is_gated(shell: Shell, line: str) -> None:
    ended = shell.run(line)
    assert ended.returncode == 43, ended.stdout + ended.stderr
    assert "build-not-approved" in ended.stderr
    assert shell.canary.silent


@pytest.mark.parametrize("line", OPEN)
def test_what_a_function_does_not_see(shell: Shell, line: str) -> None:
    for name, text in (("sudo", '"$@"'), ("py", 'python "$@"')):
        (shell.bin / name).write_text(f"#!/bin/sh\nexec {text}\n")
        (shell.bin / name).chmod(0o755)
    (shell.home / "script").write_text(f"#!/bin/sh\npip {WORDS}\n")
    (shell.home / "script").chmod(0o755)
    shell.variables["PATH"] += f":{shell.bin}"
    ended = shell.run(line)
    if shell.shell == "zsh" and line.startswith("exec"):  # there a function comes before a program
        assert (ended.returncode, shell.canary.silent) == (43, True), ended.stderr
        return
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not shell.canary.silent, "it is gated after all: mend the table in docs/adoption.md"


def test_without_site_there_is_no_pip(shell: Shell) -> None:
    """It would be the one of pipgate, in the environment of another interpreter."""
    for line in ("python -S -m pip install evil", "command python -S -m pip install evil"):
        ended = shell.run(line)
        assert ended.returncode == (1 if line.startswith("command") else 45), ended.stdout + ended.stderr
        assert shell.canary.silent


@pytest.mark.parametrize("line", UNTOUCHED)
def test_what_is_no_pip_is_untouched(shell: Shell, line: str) -> None:
    ended = shell.run(line)
    assert ended.returncode == 0, ended.stderr
    assert UNTOUCHED[line] in ended.stdout
    assert "error" not in ended.stderr.lower()


def test_without_the_tool_pip_is_not_run(shell: Shell) -> None:
    (shell.bin / "gone").symlink_to("nowhere")
    remove = f"command rm '{shell.bin}/pipgate'"
    ended = shell.run(f"{remove}\npip install evil")
    assert ended.returncode == 127, ended.stdout + ended.stderr
    assert "is gone, so pip was not run" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert shell.canary.silent


def test_an_alias_of_the_same_name_does_not_win(shell: Shell) -> None:
    if shell.shell == "fish":
        aliased = "functions -e pip; alias pip='echo mine'"
    else:
        aliased = "shopt -s expand_aliases 2>/dev/null; alias pip='echo mine'"
    begin = f"'{shell.bin}/pipgate' init {shell.shell}"
    again = f"{begin} | source" if shell.shell == "fish" else f'eval "$({begin})"'
    ended = shell.run(f"{aliased}\n{again}\npip install evil")
    assert ended.returncode == 43, ended.stdout + ended.stderr


@pytest.mark.skipif("bash" not in HERE, reason="it is about bash")
def test_a_bash_in_posix_mode_reads_them_too(tmp_path: Path, index: Index, canary: Canary) -> None:
    shell = Shell("bash", tmp_path, index, canary)
    begin = f"eval \"$('{shell.bin}/pipgate' init bash)\""
    command = ["bash", "--posix", "--norc", "-c", f"{begin}; echo goes on; pip install evil"]
    ended = subprocess.run(
        command, env=shell.variables, cwd=shell.home, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (43, "goes on"), ended.stderr
    assert canary.silent
