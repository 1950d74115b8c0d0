"""A gate put up by pip.conf: what is written there, what it does, what it leaves, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.adopted import Surroundings
from support.environments import ALL_PIPS, CENTRAL, WHEELHOUSE, environment, tool
from support.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.environments import Environment
    from support.index import Index

PIPS_HERE = (ALL_PIPS[0], ALL_PIPS[-1])
STAND_IN = "pipgate-python"


class Team(Surroundings):
    """Surroundings, and an environment that knows nothing of pipgate."""

    def __init__(self, pip: str, tmp_path: Path, index: Index, canary: Canary) -> None:
        super().__init__(tmp_path, index, canary)
        self.env: Environment = environment(pip, through=CENTRAL)
        self.conf = self.home / ".config" / "pip" / "pip.conf"

    @property
    def into(self) -> tuple[str, ...]:
        return ("install", "--target", str(self.tmp / "installed"))

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


@pytest.fixture
def team(pip: str, tmp_path: Path, index: Index, canary: Canary) -> Team:
    return Team(pip, tmp_path, index, canary)


@pytest.fixture
def newest_team(tmp_path: Path, index: Index, canary: Canary) -> Team:
    return Team(ALL_PIPS[-1], tmp_path, index, canary)


LAYOUTS = {
    "nothing": None,
    "ours first": "[global]\ntimeout = 60\n\n[install]\nuser = no\n",
    "indented": "[global]\n  timeout = 60\n  retries = 1\n",
    "without an end": "[global]\ntimeout = 60",
    "many values": "[global]\ntrusted-host =\n    one\n    two\n\n# mine\n[list]\nformat = json\n",
    "windows": "[global]\r\ntimeout = 60\r\n[install]\r\nuser = no\r\n",
    "comments": "# of the team\n[global]\n; another\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_put_in_and_taken_away_again(newest_team: Team, layout: str) -> None:
    at, text = newest_team, LAYOUTS[layout]
    if text is not None:
        at.write(text)
    before, listing = at.pip("config", "list").stdout, at.listing()
    shown = at.central("team", "install", "--dry-run")
    assert f"+python = {tool().root}/bin/{STAND_IN}" in shown.stdout, shown.stderr
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
    "a mark without an end": ("# pipgate team install: begin\n[global]\n", ":1: this mark has no end"),
    "lines of others": (
        "# pipgate team install: begin\n[global]\ntimeout = 60\n# pipgate team install: end\n",
        ":3: this line stands between the marks",
    ),
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


def test_gated_pips_do_not_start_it_again(team: Team) -> None:
    """Neither the central one nor its children, for build requirements or in another interpreter."""
    tree = Project("tree", "1.0", team.canary, build_requires=("evil",)).tree(team.tmp / "tree")
    (team.tmp / "python").write_text("#!/bin/sh\nexit 9\n")
    (team.tmp / "python").chmod(0o755)
    stand_in = team.tmp / STAND_IN
    stand_in.symlink_to(team.tmp / "python")
    variables = {"PIP_PYTHON": str(stand_in), "VIRTUAL_ENV": str(team.env.root)}
    good = team.central(*team.into, "good", **variables)
    assert good.returncode == 0, good.stderr
    blocked = team.central(*team.into, str(tree), **variables)
    assert blocked.returncode == 43, blocked.stderr
    assert "evil 1.0" in blocked.stderr
    other = team.central(
        "--python", str(environment(ALL_PIPS[3], through=CENTRAL).python), *team.into, "evil", **variables
    )
    assert other.returncode == 43, other.stderr
    assert team.canary.silent
    assert team.pip("list", PIP_PYTHON=str(stand_in)).returncode == 9, "a pip that is not gated does start it"


def test_build_requirements_are_gated(team: Team) -> None:
    tree = Project("tree", "1.0", team.canary, build_requires=("evil",)).tree(team.tmp / "tree")
    team.install()
    blocked = team.pip(*team.into, str(tree))
    assert blocked.returncode == 43, blocked.stderr
    assert team.canary.silent
    team.allow_evil()
    assert team.pip(*team.into, str(tree)).returncode == 0
    assert "build_wheel" in team.canary.path.read_text()


def test_pip_replaces_itself(team: Team) -> None:
    copy = team.env.copy(team.tmp / "copy")
    team.install()
    python = str(copy.python)
    other = ALL_PIPS[-2]
    changed = team.run(
        *(python, "-m", "pip", "install", "-q", "--no-index", "--find-links", str(WHEELHOUSE)),
        f"pip=={other}",
    )
    assert changed.returncode == 0, changed.stderr
    assert f"pip {other} " in team.run(python, "-m", "pip", "--version").stdout
    assert team.run(python, "-m", "pip", "install", "evil").returncode == 43


def test_an_unknown_pip_is_not_run(newest_team: Team) -> None:
    at = newest_team
    copy = at.env.copy(at.tmp / "copy")
    init = copy.site_packages / "pip" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{copy.pip}"', '"99.0"'))
    at.install()
    told = at.run(str(copy.python), "-m", "pip", "--version")
    assert str(tool().site_packages) in told.stdout, told.stderr
    assert at.run(str(copy.python), "-m", "pip", "install", "evil").returncode == 43


def test_output_and_status_are_those_of_pip(team: Team) -> None:
    pip = str(team.env.root / "bin" / "pip")  # as `python -m pip`, pip itself says that in its help
    plain = {
        words: team.run(pip, *words)
        for words in (
            ("list",),
            ("freeze", "--all"),
            ("check",),
            ("inspect",),
            ("nonsense",),
            ("--version",),
            ("help",),
            ("install",),
        )
    }
    team.install("--no-backstop")
    for words, without in plain.items():
        gated = team.run(pip, *words)
        assert (gated.returncode, gated.stdout, gated.stderr) == (
            without.returncode,
            without.stdout,
            without.stderr,
        ), words


CALLERS = {
    "by hand": "exec {stand_in}",
    "something that is no pip": "exec {stand_in} /etc/passwd install evil",
    "a name that leads elsewhere": "export PYTHONPATH={packages}; exec -a /nowhere/bin/python {python} -m pip install evil",
    "a name on no PATH": "export PYTHONPATH={packages}; exec -a nonsense {python} -m pip install evil",
    "a relative path, to run a program": 'cd {root} && exec bin/python -c \'from pip._internal.cli.main import main; import sys; sys.exit(main(["install", "evil"]))\'',
}


@pytest.mark.parametrize("case", CALLERS)
def test_it_refuses_to_guess(newest_team: Team, case: str) -> None:
    at = newest_team
    at.install()
    stand_in = tool().root / "bin" / STAND_IN
    line = CALLERS[case].format(
        stand_in=stand_in, python=at.env.python, root=at.env.root, packages=at.env.site_packages
    )
    refused = at.run("bash", "-c", line)
    assert refused.returncode == 45, refused.stdout + refused.stderr
    assert "no-target" in refused.stderr
    assert "pip was not run" in refused.stderr
    assert at.canary.silent


def test_a_relative_path_to_run_pip(newest_team: Team) -> None:
    at = newest_team
    at.install()
    for line in (
        "bin/python -m pip",
        "PATH=bin:/bin:/usr/bin python -m pip",
        "exec -a bin/python bin/python -Ism pip",
    ):
        told = at.run("bash", "-c", f"cd {at.env.root} && {line} pipgate-verify x")
        assert json.loads(told.stdout)["python"] == str(at.env.root / "bin" / "python"), told.stderr


def test_an_environment_that_borrows_its_pip(newest_team: Team) -> None:
    """Where pip lies does not say for which environment it was called."""
    at = newest_team
    root = at.tmp / "borrower"
    subprocess.run([at.env.python, "-m", "venv", "--without-pip", root], check=True)
    at.install()
    python = str(root / "bin" / "python")
    told = at.run(python, "-m", "pip", "pipgate-verify", "x", PYTHONPATH=str(at.env.site_packages))
    assert json.loads(told.stdout)["python"] == python, told.stderr


def test_a_policy_that_pip_conf_names(newest_team: Team) -> None:
    at = newest_team
    policy = at.tmp / "team.toml"
    policy.write_text('version = 1\n[[rule]]\nname = "evil"\nverdict = "allow"\n')
    assert at.central("team", "install", "--policy", str(at.tmp / "nowhere.toml")).returncode == 44
    at.install("--policy", str(policy))
    at.install()  # and keeps it
    assert at.pip(*at.into, "evil").returncode == 0
    assert at.central("--env", str(at.env.root), *at.into, "evil").returncode == 0, (
        "also where pip.conf is not needed"
    )
    shown = at.central("policy", "show", "--origin")
    assert f"{policy}:2" in shown.stdout
    policy.write_text('version = 1\ndeny = ["evil"]\n')
    assert at.pip(*at.into, "evil").returncode == 43
    policy.write_text("version = 1\nnonsense = 1\n")
    broken = at.pip(*at.into, "good")
    assert broken.returncode == 44
    assert f"{policy}:2" in broken.stderr
    policy.unlink()
    assert at.pip(*at.into, "good").returncode == 44
    assert at.pip("list").returncode == 0


def test_the_pip_conf_of_an_environment_only_tightens(newest_team: Team) -> None:
    """A wheel can bring one, and a repository can have one that PIP_CONFIG_FILE names."""
    at = newest_team
    at.install()
    policy, conf = at.tmp / "their.toml", at.tmp / "their.conf"
    policy.write_text(
        'version = 1\ndefault = "ask"\nmode = "observe"\n[[rule]]\nname = "evil"\nverdict = "allow"\n'
    )
    conf.write_text(f"[pipgate]\npolicy = {policy}\n")
    env = at.env.copy(at.tmp / "copy")
    (env.root / "pip.conf").write_bytes(conf.read_bytes())
    for command, variables in (
        ((str(env.python), "-m", "pip"), {}),
        ((str(tool().python), str(tool().root / "bin" / "pipgate"), "--env", str(env.root)), {}),
        (
            (str(at.env.python), "-m", "pip"),
            {"PIP_CONFIG_FILE": str(conf), "PIP_PYTHON": str(tool().root / "bin" / STAND_IN)},
        ),
    ):
        blocked = at.run(*command, *at.into, "evil", **variables)
        assert blocked.returncode == 43, blocked.stderr
    assert at.canary.silent
    policy.write_text('version = 1\ndeny = ["good"]\n')
    Project("good", "2.0", at.canary).sdist(at.index.root)
    denied = at.run(str(env.python), "-m", "pip", *at.into, "--no-binary", "good", "good")
    assert denied.returncode == 43
    assert "their.toml" in denied.stderr


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("[pipgate]\npolicy = team.toml\n", ":2: the policy has to be named by its whole path"),
        ("[pipgate]\n\npolciy = /x\n", ":3: there is no key 'polciy'"),
        ("[pipgate\npolicy = /x\n", "cannot be read"),
    ],
)
def test_a_section_that_is_not_valid(newest_team: Team, lines: str, reason: str) -> None:
    at = newest_team
    at.write(lines)
    wrong = at.central("--env", str(at.env.root), *at.into, "good")
    assert wrong.returncode == 44, wrong.stderr
    assert reason in wrong.stderr


def test_a_tool_that_others_could_change_is_not_everybodys(newest_team: Team) -> None:
    """The tool of these tests lies where its user alone decides; nothing is written."""
    refused = newest_team.central("team", "install", "--system", "--dry-run")
    assert refused.returncode in {0, 2}
    places = [tool().root, *tool().root.parents]
    safe = all(p.stat().st_uid == 0 and p.stat().st_mode & 0o1 for p in places)
    assert (refused.returncode == 0) == safe, refused.stderr


def test_doctor_says_what_pip_conf_does(newest_team: Team) -> None:
    at = newest_team
    at.install()
    env = str(at.env.root)
    proven = at.central("doctor", "--strict", "--env", env)
    assert proven.returncode == 0, proven.stdout
    assert "by pip.conf" in proven.stdout
    at.conf.write_text(at.conf.read_text().replace(str(tool().root), "/nowhere"))
    gone = at.central("doctor", "--strict", "--env", env)
    assert gone.returncode == 2
    assert f"names /nowhere/bin/{STAND_IN}, which is not there" in gone.stdout
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
    at.install()
    told = at.central("doctor", "--strict", "--env", str(env.root))
    assert told.returncode == 1
    assert "gates pip from 22.3 on" in told.stdout
    assert "-m pip install --upgrade pip" in told.stdout


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
