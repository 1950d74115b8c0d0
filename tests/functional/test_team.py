"""A gate put up by pip.conf: what is written there, what it leaves, and what it refuses."""

from __future__ import annotations

import os
import re
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from pipgate.commands.team import _require_for_everybody
from pipgate.errors import UsageError
from support.adopted import STAND_IN, Team
from support.environments import ALL_PIPS, tool

if TYPE_CHECKING:
    from pathlib import Path

PIPS_HERE = (ALL_PIPS[0], ALL_PIPS[-1])


LAYOUTS = {
    "nothing": None,
    "ours first": "[global]\ntimeout = 60\n\n[install]\nuser = no\n",
    "without an end": "[global]\ntimeout = 60",
    "windows": "[global]\r\ntimeout = 60\r\n[install]\r\nuser = no\r\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_put_in_and_taken_away_again(newest_team: Team, layout: str) -> None:
    at, text = newest_team, LAYOUTS[layout]
    if text is not None:
        at.write(text)
    before, listing = at.pip("config", "list").stdout, at.listing()
    shown = at.central("team", "install", "--dry-run")
    assert f"+python = {newest_team.stand_in}" in shown.stdout, shown.stderr
    assert at.listing() == listing
    at.install("--json")
    for line in before.splitlines():
        assert line in at.pip("config", "list").stdout
    assert at.pip("pipgate-verify", "x").returncode == 0
    assert '"mode": "pip.conf"' in at.pip("pipgate-verify", "x").stdout
    once = at.conf.read_bytes()
    assert "nothing was changed" in at.central("team", "install").stdout
    assert at.conf.read_bytes() == once
    removed = at.central("team", "uninstall")
    assert removed.returncode == 0, removed.stderr
    assert at.listing() == listing
    assert text is None or at.conf.read_bytes() == text.encode()
    assert "no lines of pipgate" in at.central("team", "uninstall").stdout


REFUSED = {
    "another Python": ("[global]\npython = /usr/bin/python3\n", "has `python = /usr/bin/python3`"),
    "not readable": ("timeout = 60\n", "cannot be read"),
    "twice": ("[global]\ntimeout = 1\n[global]\n", "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_does_not_understand_it_leaves_alone(newest_team: Team, case: str) -> None:
    text, reason = REFUSED[case]
    newest_team.write(text)
    refused = newest_team.central("team", "install")
    assert refused.returncode == 2
    assert reason in refused.stderr
    assert newest_team.conf.read_text() == text


def test_a_link_is_followed_and_kept(newest_team: Team) -> None:
    at = newest_team
    at.conf.parent.mkdir(parents=True)
    kept = at.tmp / "dotfiles.conf"
    kept.write_text("[global]\ntimeout = 60\n")
    kept.chmod(0o600)
    at.conf.symlink_to(kept)
    at.install()
    assert at.conf.is_symlink()
    assert STAND_IN in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert at.pip("install", "evil").returncode == 43


def test_a_file_of_ones_own(newest_team: Team) -> None:
    at = newest_team
    file = at.tmp / "a dir, söme" / "pip.conf"
    installed = at.central("team", "install", "--file", str(file))
    assert installed.returncode == 0, installed.stderr
    assert at.pip(*at.into, "evil", PIP_CONFIG_FILE=str(file)).returncode == 43
    assert at.canary.silent
    again = re.findall(r"To take it away: (.*)", installed.stdout)[-1]
    words = re.sub(r"^pipgate", f"'{tool().python}' '{tool().root}/bin/pipgate'", again)
    assert at.run("sh", "-c", words).returncode == 0
    assert not file.parent.exists()


def test_the_backstop_holds_where_the_gate_does_not(team: Team) -> None:
    """And under the gate, the gate decides."""
    team.install()
    open_to_all = {"PIP_PYTHON": str(team.env.python)}  # a real one: the gate is passed by
    stopped = team.pip(*team.into, "evil", **open_to_all)
    assert stopped.returncode == 1
    assert "No matching distribution" in stopped.stderr
    blocked = team.pip(*team.into, "evil")
    assert blocked.returncode == 43, blocked.stderr
    assert "build-not-approved" in blocked.stderr
    assert team.pip("download", "-d", str(team.tmp / "saved"), "--no-deps", "evil").returncode == 0
    assert team.canary.silent
    team.allow_evil()
    allowed = team.pip(*team.into, "evil")
    assert allowed.returncode == 0, allowed.stderr
    assert not team.canary.silent


def test_an_only_binary_of_ones_own_stays(team: Team) -> None:
    team.write("[global]\nonly-binary = :all:\n")
    said = team.central("team", "install")
    assert "only-binary of its own" in said.stdout
    team.allow_evil()
    stopped = team.pip(*team.into, "evil")
    assert stopped.returncode == 1
    assert "No matching distribution" in stopped.stderr
    assert team.pip(*team.into, "--no-binary", "evil", "evil").returncode == 0


def test_a_tool_that_others_could_change_is_not_everybodys(tmp_path: Path) -> None:
    place = tmp_path / "tool"
    place.mkdir()
    for mode, reason in (
        (0o700, "is closed to other users"),
        (0o777, "can be changed by others than root"),
        (0o775, "can be changed by others than root"),
        (0o755, None if os.getuid() == 0 else "can be changed by others than root"),
    ):
        place.chmod(mode)
        if reason is None:
            _require_for_everybody(place)
            continue
        with pytest.raises(UsageError, match=reason):
            _require_for_everybody(place)


def test_doctor_says_what_pip_conf_does(newest_team: Team) -> None:
    at = newest_team
    at.install()
    env = str(at.env.root)
    proven = at.central("doctor", "--strict", "--env", env)
    assert proven.returncode == 0, proven.stdout
    assert "by pip.conf" in proven.stdout
    at.conf.write_text(at.conf.read_text().replace(str(at.stand_in.parent), "/nowhere"))
    gone = at.central("doctor", "--strict", "--env", env)
    assert gone.returncode == 2
    assert f"names /nowhere/{STAND_IN}, which is not there" in gone.stdout
    closed = at.pip("install", "evil")
    assert closed.returncode == 1
    assert at.canary.silent
    at.install()
    assert at.central("doctor", "--strict", "--env", env).returncode == 0


def test_a_pip_that_does_not_read_it_is_told(newest_team: Team) -> None:
    at = newest_team
    env = at.env.copy(at.tmp / "copy")
    parser = env.site_packages / "pip" / "_internal" / "cli" / "main_parser.py"
    parser.write_text(parser.read_text().replace("if general_options.python and", "if False and"))
    init = env.site_packages / "pip" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{env.pip}"', '"22.2.1"'))
    at.install()
    told = at.central("doctor", "--strict", "--env", str(env.root))
    assert told.returncode == 1
    assert "gates pip from 22.3 on, and this is 22.2.1" in told.stdout
    assert "-m pip install --upgrade pip" in told.stdout


def test_a_nearer_file_that_says_otherwise_is_told(newest_team: Team) -> None:
    """A wheel can bring one; what docs/adoption.md says to be open is."""
    at = newest_team
    env = at.env.copy(at.tmp / "copy")
    at.install()
    theirs = env.root / "pip.conf"
    for line in (f"python = {env.root}", "python ="):
        theirs.write_text(f"[global]\n{line}\n")
        told = at.central("doctor", "--strict", "--env", str(env.root))
        assert told.returncode == 1
        assert f"{theirs} says `{line}" in told.stdout
        assert "22.3" not in told.stdout


def test_pip_as_a_library_is_not_reached(newest_team: Team) -> None:
    """What docs/adoption.md says to be open is: only pip's command line reads that key."""
    at = newest_team
    at.install("--no-backstop")
    code = (
        "import sys; from pip._internal.commands import create_command\n"
        "from pip._internal.utils.temp_dir import global_tempdir_manager, tempdir_registry\n"
        "command = create_command('wheel')\n"
        "command.verbosity = 0\n"
        "with command.main_context():\n"
        "    command.tempdir_registry = command.enter_context(tempdir_registry())\n"
        "    command.enter_context(global_tempdir_manager())\n"
        "    command.run(*command.parse_args(['--no-deps', '--wheel-dir', sys.argv[1], 'evil']))\n"
    )
    done = at.run(str(at.env.python), "-c", code, str(at.tmp / "wheels"))
    assert done.returncode == 0, done.stderr
    assert not at.canary.silent


def test_a_file_that_is_not_to_be_written(newest_team: Team) -> None:
    at = newest_team
    at.write("[global]\ntimeout = 60\n")
    at.conf.chmod(0o444)
    refused = at.central("team", "install")
    assert refused.returncode == 44
    assert "cannot be written: it is read-only" in refused.stderr
    assert at.conf.read_text() == "[global]\ntimeout = 60\n"


def test_what_is_no_plain_file_is_not_replaced(newest_team: Team) -> None:
    at = newest_team
    pipe, loop = at.tmp / "pipe", at.tmp / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for place in (str(pipe), str(at.tmp), str(loop)):
        for verb in ("install", "uninstall"):
            refused = at.central("team", verb, "--file", place)
            assert refused.returncode == 2, place
            assert "cannot be read" in refused.stderr
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_pip_writes_the_file_anew(newest_team: Team) -> None:
    """``pip config set`` drops comments, and so the marks."""
    at = newest_team
    at.install()
    assert at.pip("config", "set", "global.timeout", "60").returncode == 0
    assert "#" not in at.conf.read_text()
    at.install()
    assert at.conf.read_text().count("python =") == 1
    assert at.pip("install", "evil").returncode == 43
    assert at.pip("config", "set", "global.retries", "1").returncode == 0
    assert at.central("team", "uninstall").returncode == 0
    assert at.conf.read_text().split() == ["[global]", "timeout", "=", "60", "retries", "=", "1"]
    assert not at.stand_in.exists()
    assert at.pip("--version").returncode == 0


def test_what_is_added_below_stays_where_pip_finds_it(newest_team: Team) -> None:
    at = newest_team
    at.install()
    with at.conf.open("a") as file:
        file.write("timeout = 60\n")
    assert at.central("team", "uninstall").returncode == 0
    assert "global.timeout='60'" in at.pip("config", "list").stdout


def test_a_tool_that_is_gone_stops_pip_and_says_so(newest_team: Team) -> None:
    at = newest_team
    at.install()
    at.stand_in.write_text(at.stand_in.read_text().replace(str(tool().python), "/nowhere/python"))
    gone = at.pip("install", "evil")
    assert gone.returncode == 45
    assert "pipgate is gone, so pip was not run" in gone.stderr
    assert at.canary.silent
    found = at.run("sh", "-c", gone.stderr.splitlines()[-1])
    assert f"{at.conf}:" in found.stdout


def test_another_program_of_that_name_is_left(newest_team: Team) -> None:
    at = newest_team
    at.stand_in.parent.mkdir(parents=True)
    at.stand_in.write_text("mine\n")
    refused = at.central("team", "install")
    assert refused.returncode == 2
    assert "was not written by pipgate" in refused.stderr
    assert at.stand_in.read_text() == "mine\n"
    assert not at.conf.exists()


def test_one_file_less_leaves_the_others(newest_team: Team) -> None:
    """Whatever of what was remembered is lost: the program says itself who names it."""
    at = newest_team
    at.install()
    other, state = at.tmp / "x" / "pip.conf", {"XDG_STATE_HOME": str(at.tmp / "state")}
    for verb in ("install", "uninstall"):
        assert at.central("team", verb, "--file", str(other), **state).returncode == 0
    assert at.pip("install", "evil").returncode == 43
    assert at.central("team", "uninstall").returncode == 0
    assert not at.stand_in.parent.exists()


def test_a_descriptor_of_the_callers_is_read(newest_team: Team) -> None:
    at = newest_team
    at.install()
    words = f"install --target {at.tmp}/there"
    for how in ("-r <(echo good)", "--requirement=<(echo good)"):
        done = at.run("bash", "-c", f"{at.env.python} -m pip {words} {how}")
        assert done.returncode == 0, done.stderr
        assert (at.tmp / "there" / "good.py").exists()
        (at.tmp / "there" / "good.py").unlink()
        for each in (at.tmp / "there").glob("good-*"):
            shutil.rmtree(each)
    (at.home / "dev" / "fd").mkdir(parents=True)
    (at.home / "dev" / "fd" / "3").write_text("good\n")
    named = at.pip(*words.split(), "-r", f"{at.home}/dev/fd/3")
    assert named.returncode == 0, named.stderr
    blocked = at.run("bash", "-c", f"{at.env.python} -m pip {words} -r <(echo evil)")
    assert blocked.returncode == 43
    assert at.canary.silent
