"""doctor proves by asking: what answers is gated, and what undermines the gate is said."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import sysconfig
import time
from typing import TYPE_CHECKING

import pytest

from support.adopted import Adopted, adopted_by_hook
from support.environments import ALL_PIPS, tool

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index


@pytest.fixture
def hooked(tmp_path: Path, index: Index, canary: Canary) -> Adopted:
    return adopted_by_hook(ALL_PIPS[-1], tmp_path, index, canary)


def test_strict_says_whether_all_is_gated(hooked: Adopted) -> None:
    env = str(hooked.env.root)
    proven = hooked.central("doctor", "--strict", "--env", env, "--json")
    assert proven.returncode == 0, proven.stdout + proven.stderr
    probes = json.loads(proven.stdout)["probes"]
    assert len(probes) >= 4
    for probe in probes:
        answer = probe["answer"]
        assert (probe["verdict"], answer["mode"], answer["pip"]) == ("gated", "the hook", ALL_PIPS[-1])
        assert answer["engine"] == str(tool().site_packages / "pipgate")
    assert len({probe["answer"]["nonce"] for probe in probes}) == len(probes)
    assert hooked.central("disable", env).returncode == 0
    unproven = hooked.central("doctor", "--strict", "--env", env)
    assert unproven.returncode == 1
    assert unproven.stdout.count("not gated") == len(probes)
    assert "To gate it: pipgate enable" in unproven.stdout


def test_what_does_not_answer_is_not_called_gated(hooked: Adopted) -> None:
    (hooked.env.site_packages / "_pipgate_hook.py").unlink()
    unclear = hooked.central("doctor", "--strict", "--env", str(hooked.env.root))
    assert unclear.returncode == 2, unclear.stdout
    assert "cannot tell" in unclear.stdout
    shutil.rmtree(hooked.env.site_packages / "pip")
    assert hooked.central("doctor", "--strict", "--env", str(hooked.env.root)).returncode == 2


def test_an_answer_without_the_nonce_is_none(hooked: Adopted) -> None:
    assert hooked.central("disable", str(hooked.env.root)).returncode == 0
    script = hooked.env.root / "bin" / "pip"
    script.write_text('#!/bin/sh\necho \'{"nonce": "guess", "mode": "the hook"}\'\n')
    script.chmod(0o755)
    fooled = hooked.central("doctor", "--strict", "--env", str(hooked.env.root))
    assert fooled.returncode == 1
    assert "by the hook" not in fooled.stdout


def test_what_undermines_it_is_said(hooked: Adopted) -> None:
    pth = hooked.env.site_packages / "_pipgate.pth"
    pth.write_text(pth.read_text() + "import colorsys\n")
    env = tool()
    said = hooked.run(
        str(env.python),
        str(env.root / "bin" / "pipgate"),
        *("doctor", "--env", str(hooked.env.root)),
        PIP_NO_BINARY="evil",
    )
    assert said.returncode == 0
    assert "PIP_NO_BINARY is set" in said.stdout
    assert "is not as it was written" in said.stdout


def test_it_is_the_policy_that_is_proven(hooked: Adopted) -> None:
    def digest() -> str:
        told = hooked.central("doctor", "--env", str(hooked.env.root), "--json")
        return str(json.loads(told.stdout)["probes"][0]["answer"]["policy"])

    before = digest()
    config = hooked.home / ".config" / "pipgate"
    config.mkdir(parents=True)
    (config / "pipgate.toml").write_text('version = 1\ndeny = ["evil"]\n')
    assert digest() != before


def test_an_environment_without_pip_is_gated_when_it_is_enabled(hooked: Adopted) -> None:
    assert hooked.run(*hooked.pip, "uninstall", "-qy", "pip").returncode == 0
    env = str(hooked.env.root)
    assert hooked.central("doctor", "--strict", "--env", env).returncode == 0
    assert hooked.central("disable", env).returncode == 0
    assert hooked.central("doctor", "--strict", "--env", env).returncode == 2


def test_what_a_shell_leaves_running_holds_nothing_up(hooked: Adopted) -> None:
    (hooked.home / ".bashrc").write_text("sleep 50 &\n")
    env = tool()
    began = time.monotonic()
    hooked.run(
        str(env.python),
        str(env.root / "bin" / "pipgate"),
        "doctor",
        SHELL="/bin/bash",
        VIRTUAL_ENV=str(hooked.env.root),
    )
    assert time.monotonic() - began < 45


@pytest.mark.parametrize("program", ["uv", "poetry", "pdm", "pipenv", "conda"])
def test_what_is_not_pip_is_named(hooked: Adopted, program: str) -> None:
    """What docs/adoption.md says to be open."""
    (hooked.tmp / "bin").mkdir()
    (hooked.tmp / "bin" / program).write_text("#!/bin/sh\n")
    (hooked.tmp / "bin" / program).chmod(0o755)
    env = tool()
    command = [str(env.python), str(env.root / "bin" / "pipgate"), "doctor", "--env", str(hooked.env.root)]
    said = hooked.run(*command, PATH=f"{hooked.tmp / 'bin'}:/usr/bin:/bin")
    assert f"note: {program} is on PATH: it is not pip, and not covered" in said.stdout


def test_what_only_a_shell_gates_is_said(hooked: Adopted) -> None:
    env = tool()
    command = [str(env.python), str(env.root / "bin" / "pipgate"), "doctor"]
    (hooked.home / ".bashrc").write_text(f"eval \"$('{env.root}/bin/pipgate' init bash)\"\n")
    path = f"{hooked.env.root}/bin:/usr/bin:/bin"
    for is_enabled in (True, False):
        said = hooked.run(*command, SHELL="/bin/bash", VIRTUAL_ENV=str(hooked.env.root), PATH=path)
        typed = next(line for line in said.stdout.splitlines() if "as it is typed" in line)
        assert typed.startswith("gated ")
        assert f"for {hooked.env.python}" in typed
        assert ("what is typed is gated, and what other programs start is not" in said.stdout) != is_enabled
        assert hooked.central("disable", str(hooked.env.root)).returncode == 0


@pytest.mark.parametrize("name", ["python3", "python3.11"])
def test_each_name_of_the_python_is_asked_where_it_may_start_otherwise(hooked: Adopted, name: str) -> None:
    """A `._pth` beside one name of an interpreter takes site, and the hook with it, from that name alone."""
    directory = hooked.env.root / "bin"
    name = name.replace("3.11", f"3.{sys.version_info[1]}")
    before = json.loads(hooked.central("doctor", "--env", str(hooked.env.root), "--json").stdout)["probes"]
    assert {each["command"][0] for each in before if "-m" in each["command"]} == {str(directory / "python")}
    paths = [sysconfig.get_path("stdlib"), f"{sysconfig.get_path('stdlib')}/lib-dynload"]
    lines = "\n".join([*paths, str(hooked.env.site_packages)])
    (directory / f"{name}._pth").write_text(f"{lines}\n")
    ended = hooked.central("doctor", "--strict", "--env", str(hooked.env.root), "--json")
    probes = json.loads(ended.stdout)["probes"]
    told = {each["command"][0]: each["verdict"] for each in probes if "-m" in each["command"]}
    reads_it = sys.version_info >= (3, 11)
    expected = (1, "not gated") if reads_it else (0, "gated")
    assert (ended.returncode, told[str(directory / name)]) == expected, ended.stdout
    assert told[str(directory / "python")] == "gated"


def test_another_program_under_a_name_of_the_python_is_asked(hooked: Adopted) -> None:
    """It starts the interpreter in a way that reads no hook."""
    python = hooked.env.root / "bin" / "python3"
    python.unlink()
    site = hooked.env.site_packages
    starts = f"PYTHONPATH={shlex.quote(str(site))} exec {shlex.quote(str(python)[:-1])} -S"
    python.write_text(f'#!/bin/sh\n{starts} "$@"\n')
    python.chmod(0o755)
    ended = hooked.central("doctor", "--strict", "--env", str(hooked.env.root))
    assert ended.returncode == 1, ended.stdout
    assert f"{python}' -m pip" in next(line for line in ended.stdout.splitlines() if "not gated" in line)
