"""A wheel that would replace what the gate rests on is refused, before anything is unpacked or undone."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, WHEELHOUSE
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.adopted import Adopted, Team
    from support.world import World

# What a wheel of another project holds, and the same idea where it replaces nothing.
KINDS = {
    "the hook": ("_pipgate.pth", "pipgate_.pth"),
    "the hook, by purelib": (
        "evil-2.0.data/purelib/_pipgate_hook.py",
        "evil-2.0.data/purelib/pip_gate_hook.py",
    ),
    "the hook, by data": (
        "evil-2.0.data/data/lib/{python}/site-packages/_pipgate.pth",
        "evil-2.0.data/data/lib/x.pth",
    ),
    "the hook, in other words": ("a/../_pipgate.pth", "a/../b.pth"),
    "the hook, in other letters": ("./_PIPGATE.Pth", "./_pip_gate.Pth"),
    "the hook, compiled": ("__pycache__/_pipgate_hook.cpython-311.pyc", "__pycache__/hook.cpython-311.pyc"),
    "pip": ("pip/_internal/more.py", "evilpip/pip/_internal/more.py"),
    "pip's version": ("./pip-99.0.dist-info/METADATA", "./evilpip/pip-99.0.dist-info/METADATA"),
    "pipgate": ("pipgate/gate.py", "pipgateway/gate.py"),
    "packaging": ("packaging/version.py", "evilpip/packaging/version.py"),
    "pip.conf": ("evil-2.0.data/data/pip.conf", "evil-2.0.data/data/share/evil/pip.conf"),
    "pip.conf, in other words": (
        "evil-2.0.data/scripts/../data/pip.conf",
        "evil-2.0.data/scripts/../data/p.conf",
    ),
    "pyvenv.cfg": ("evil-2.0.data/data/pyvenv.cfg", "evil-2.0.data/data/share/evil/pyvenv.cfg"),
    "the command pip": ("evil-2.0.data/scripts/pip3", "evil-2.0.data/scripts/pip-evil"),
    "the interpreter": ("evil-2.0.data/data/bin/python3", "evil-2.0.data/data/bin/python-evil"),
    "what Python reads beside itself": (
        "evil-2.0.data/scripts/python3._pth",
        "evil-2.0.data/scripts/python-config",
    ),
    "the mark of a build of Python": (
        "evil-2.0.data/scripts/pybuilddir.txt",
        "evil-2.0.data/scripts/builddir.txt",
    ),
    "an entry point": ("evil-2.0.dist-info/entry_points.txt", "[console_scripts]\npip-evil = evil:main\n"),
}
ENTRY_POINTS = (
    "[other]\npip = evil:main\n[console_scripts]\n[pip = evil:main [x]\n"  # pip makes a command pip of it
)


def wheel_of(directory: Path, member: str, text: str = "", version: str = "2.0") -> Path:
    return make_wheel(directory, "evil", version, files={member: text})


def state(root: Path) -> dict[str, str]:
    files = [path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(hooked: Adopted, kind: str) -> None:
    at = hooked
    python = at.env.site_packages.parent.name
    bad, good = (text.format(python=python) for text in KINDS[kind])
    at.index.root.joinpath("evil-1.0.tar.gz").unlink()
    make_wheel(at.index.root, "evil", "1.0")
    assert at.run(*at.pip, "install", "-q", "evil").returncode == 0
    wheel_of(at.index.root, bad, ENTRY_POINTS)
    before = state(at.env.root)
    refused = at.run(*at.pip, "install", "-U", "good", "evil")
    assert refused.returncode == 43, refused.stdout + refused.stderr
    assert "displaces-gate" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "No project code has run. Nothing was installed" in refused.stderr
    assert "evil-2.0-py3-none-any.whl" in refused.stderr
    assert (bad if kind != "an entry point" else "the command pip") in refused.stderr
    assert state(at.env.root) == before, "as it was: nothing installed, nothing uninstalled"
    if kind == "an entry point":
        wheel_of(at.index.root, bad, good)
    else:
        wheel_of(at.index.root, good)
    passed = at.run(*at.pip, "install", "-U", "good", "evil")
    assert passed.returncode == 0, passed.stdout + passed.stderr


ODD_COMMANDS = {
    "a dot behind the list": ("entry_points.txt/.", "pip", "pip-evil"),
    "a slash behind the list": ("entry_points.txt/", "pip", "pip-evil"),
    "a second name": ("entry_points.txt", "x = - /../pip", "python-argcomplete-evil"),
    "a place of its own": ("entry_points.txt", "x = - /../../{site}/_pipgate.pth", "x-1"),
    "a directory": ("entry_points.txt", "sub/pip", "python-config-evil"),
    "a sign": ("entry_points.txt", "x!pip", "x.pip-y"),
}


@pytest.mark.parametrize("kind", ODD_COMMANDS)
def test_commands_that_pip_reads_otherwise(hooked: Adopted, kind: str) -> None:
    at = hooked
    member, bad, good = ODD_COMMANDS[kind]
    bad = bad.format(site=at.env.site_packages.relative_to(at.env.root))
    at.index.root.joinpath("evil-1.0.tar.gz").unlink()
    before = state(at.env.root)
    for name, status in ((bad, 43), (good, 0)):
        path = wheel_of(at.index.root, "evil-2.0.data/scripts/ /keep")
        with zipfile.ZipFile(path, "a") as wheel:
            wheel.writestr(f"evil-2.0.dist-info/{member}", f"[console_scripts]\n{name} = evil:main\n")
        done = at.run(*at.pip, "install", str(path))
        assert done.returncode == status, done.stdout + done.stderr
        assert ("displaces-gate" in done.stderr) == (status == 43)
        assert status == 0 or state(at.env.root) == before


WAYS = {
    "--target": lambda at, _wheel: ["--target", str(at.env.site_packages), "evil"],
    "--prefix": lambda at, _wheel: ["--prefix", str(at.tmp / "p"), "evil"],
    "--root": lambda at, _wheel: ["--root", str(at.tmp / "r"), "evil"],
    "a file": lambda _, wheel: [str(wheel)],
    "a URL": lambda at, wheel: [at.index.file_url(wheel)],
    "--force-reinstall": lambda _at, _wheel: ["--force-reinstall", "--no-deps", "evil"],
    "the legacy resolver": lambda _at, _wheel: ["--use-deprecated=legacy-resolver", "evil"],
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_install(hooked: Adopted, way: str) -> None:
    at = hooked
    wheel = wheel_of(at.index.root, "_pipgate.pth")
    before = state(at.env.root)
    words = WAYS[way](at, wheel)
    refused = at.run(*at.pip, "install", *words)
    assert refused.returncode == 43, refused.stdout + refused.stderr
    assert "displaces-gate" in refused.stderr
    assert state(at.env.root) == before
    hint = refused.stderr.rstrip().rpartition("nothing installed: ")[2]
    assert hint.startswith("pipgate download --no-deps "), refused.stderr
    wheel_of(at.index.root, "harmless.pth")
    assert at.run(*at.pip, "install", *words).returncode == 0


def test_data_that_target_moves_beside_the_hook(newest_hooked: Adopted) -> None:
    at = newest_hooked
    wheel_of(at.index.root, "evil-2.0.data/data/pip/_internal/more.py")
    refused = at.run(*at.pip, "install", "--upgrade", "--target", str(at.env.site_packages), "evil")
    assert refused.returncode == 43, refused.stderr


def test_user(newest_team: Team) -> None:
    """The user's own directory holds the program that pip.conf names as Python."""
    at = newest_team
    at.install("--no-backstop")
    wheel_of(at.index.root, "evil-2.0.data/data/share/pipgate/pipgate-python")
    refused = at.central("--env", str(at.env.python), "install", "--user", "--break-system-packages", "evil")
    assert "displaces-gate" in refused.stderr or "User site-packages are not visible" in refused.stderr
    refused = at.pip("install", "--prefix", str(at.home / ".local"), "evil")
    assert refused.returncode == 43, refused.stdout + refused.stderr
    assert "what pipgate keeps" in refused.stderr


def test_pip_conf_mode(team: Team) -> None:
    team.install("--no-backstop")
    wheel_of(team.index.root, "evil-2.0.data/data/pip.conf", "[global]\nno-input = true\n")
    refused = team.pip("install", "evil")
    assert refused.returncode == 43, refused.stdout + refused.stderr
    assert "displaces-gate" in refused.stderr
    assert not (team.env.root / "pip.conf").exists()


def test_in_a_build_environment(world: World) -> None:
    """What is installed in order to build is held to the same; here pip itself would be another one."""
    wheel_of(world.index.root, "pip/_internal/more.py")
    tree = world.project("needy", build_requires=("evil",)).tree(world.tmp / "needy")
    refused = world.pipgate("install", str(tree), "--target", str(world.tmp / "t"))
    assert refused.status == 43, refused.text
    assert "displaces-gate" in refused.text
    assert "evil-2.0-py3-none-any.whl" in refused.text
    assert world.canary.silent
    wheel_of(world.index.root, "harmless.pth")
    passed = world.pipgate("install", str(tree), "--target", str(world.tmp / "t"))
    assert passed.status == 0, passed.text
    assert not world.canary.silent


def test_what_an_allowed_build_has_made(world: World) -> None:
    project = world.project("maker")
    text = project.contents()["backend.py"].replace(
        'wheel.writestr(info + "METADATA"',
        'wheel.writestr("_pipgate.pth", "x")\n        wheel.writestr(info + "METADATA"',
    )
    world.project("maker", files={"backend.py": text}).sdist(world.index.root)
    refused = world.pipgate("--allow-build", "maker", "install", "maker", "--target", str(world.tmp / "t"))
    assert refused.status == 43, refused.text
    assert "Project code that was allowed has run: maker 1.0. Nothing was installed" in refused.text
    assert not (world.tmp / "t" / "_pipgate.pth").exists()


def test_the_gate_report_has_it(newest_hooked: Adopted) -> None:
    at = newest_hooked
    wheel_of(at.index.root, "_pipgate.pth")
    report = at.tmp / "report.json"
    assert at.run(*at.pip, "--gate-report", str(report), "install", "evil").returncode == 43
    told = json.loads(report.read_text())
    assert told["status"] == 43
    [row] = told["refused_wheels"]
    assert (row["member"], row["code"]) == ("_pipgate.pth", "displaces-gate")


def test_a_program_that_uses_pip(hooked: Adopted) -> None:
    at = hooked
    bad = wheel_of(at.index.root, "_pipgate.pth")
    command = (
        "import sys; from pip._internal.commands import create_command; "
        "sys.exit(create_command('install').main(['--no-deps', *sys.argv[1:]]))"
    )
    alone = (
        "import sys; from pip._internal.operations.install.wheel import install_wheel; "
        "from pip._internal.locations import get_scheme; "
        "install_wheel('evil', sys.argv[1], get_scheme('evil'), 'evil')"
    )
    before = state(at.env.root)
    for code in (command, alone):
        refused = at.run(at.python, "-c", code, str(bad))
        assert refused.returncode != 0
        assert "displaces-gate" in refused.stderr
        assert state(at.env.root) == before
    good = wheel_of(at.index.root, "harmless.pth")
    for code in (command, alone):
        assert at.run(at.python, "-c", code, str(good)).returncode == 0


def test_what_others_bring_along_as_pip(newest_hooked: Adopted) -> None:
    """A URL in the metadata of a project does not make its file a pip; one that the user names does."""
    at = newest_hooked
    pip = WHEELHOUSE / f"pip-{ALL_PIPS[-2]}-py3-none-any.whl"
    (at.index.root / "elsewhere").mkdir()
    (at.index.root / "elsewhere" / pip.name).write_bytes(pip.read_bytes())
    url = at.index.file_url(at.index.root / "elsewhere" / pip.name)
    make_wheel(at.index.root, "carrier", "1.0", requires=(f"pip @ {url}",))
    refused = at.run(*at.pip, "install", "carrier")
    assert refused.returncode == 43, refused.stdout + refused.stderr
    assert "pip itself" in refused.stderr
    named = at.run(at.python, "-m", "pip", "install", url)
    assert named.returncode == 0, named.stderr
    assert ALL_PIPS[-2] in at.run(*at.pip, "--version").stdout
    assert at.run(*at.pip, "install", "evil").returncode == 43


@pytest.mark.parametrize("how", ["-c", "PIP_CONSTRAINT", "pip.conf", "nested"])
def test_a_url_in_the_callers_own_constraints_is_the_project_that_they_say(hooked: Adopted, how: str) -> None:
    """What `pip freeze > constraints.txt` writes of a packaging that came from a file."""
    at = hooked
    wheel = next(WHEELHOUSE.glob("packaging-*.whl"))
    (at.index.root / "elsewhere").mkdir()
    (at.index.root / "elsewhere" / wheel.name).write_bytes(wheel.read_bytes())
    url = at.index.file_url(at.index.root / "elsewhere" / wheel.name)
    make_wheel(at.index.root, "carrier", "1.0", requires=("packaging",))
    file, outer = at.env.root.parent / "c.txt", at.env.root.parent / "outer.txt"
    file.write_text(f"packaging @ {url}\n")
    outer.write_text(f"-c {file}\n")
    conf = at.env.root.parent / "foreign.conf"
    conf.write_text(f"[install]\nconstraint = {file}\n")
    words = {"-c": ["-c", str(file)], "nested": ["-c", str(outer)]}.get(how, [])
    env = {"PIP_CONSTRAINT": {"PIP_CONSTRAINT": str(file)}, "pip.conf": {"PIP_CONFIG_FILE": str(conf)}}
    done = at.run(*at.pip, "install", "-q", "--force-reinstall", *words, "carrier", **env.get(how, {}))
    assert done.returncode == (0 if how in {"-c", "PIP_CONSTRAINT"} else 43), done.stdout + done.stderr


def test_the_projects_themselves(hooked: Adopted) -> None:
    at = hooked
    for wheel in WHEELHOUSE.glob("*.whl"):
        if wheel.name.split("-")[0] in {"pip", "pipgate", "packaging", "setuptools", "wheel"}:
            (at.index.root / wheel.name).write_bytes(wheel.read_bytes())
    other = ALL_PIPS[-2] if at.env.pip != ALL_PIPS[-2] else ALL_PIPS[-1]
    for words in (
        ["packaging", "setuptools", "wheel"],
        [f"pip=={other}"],
        ["pipgate"],
        ["--force-reinstall", "packaging"],
    ):
        done = at.run(at.python, "-m", "pip", "install", "-q", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert at.run(at.python, "-m", "pip", "uninstall", "-q", "-y", "packaging", "setuptools").returncode == 0


@pytest.mark.parametrize("then", ["uninstall", "upgrade"])
def test_what_a_record_claims_is_left_in_place(hooked: Adopted, then: str) -> None:
    """A wheel brings a list of its files, and pip would take away what stands there."""
    at = hooked
    (at.env.root / "pip.conf").write_text("[global]\nno-input = true\n")
    path = make_wheel(at.index.root, "evil", "2.0")
    claimed = [
        "_pipgate.pth",
        "_pipgate_hook.py",
        "pip/__init__.py",
        "../../../pip.conf",
        "../../../bin/pip",
        "../../../pyvenv.cfg",
    ]
    rows = "evil.py,,\nevil-2.0.dist-info/METADATA,,\n" + "".join(f"{each},,\n" for each in claimed)
    with zipfile.ZipFile(path) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist() if "RECORD" not in name}
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in contents.items():
            wheel.writestr(name, data)
        wheel.writestr("evil-2.0.dist-info/RECORD", rows)
    before = state(at.env.root)
    assert at.run(*at.pip, "install", "-q", "evil==2.0").returncode == 0
    if then == "upgrade":
        make_wheel(at.index.root, "evil", "3.0")
    words = ["uninstall", "-y", "evil"] if then == "uninstall" else ["install", "-U", "evil"]
    done = at.run(*at.pip, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was left in place: the hook that gates an environment" in done.stderr
    after = state(at.env.root)
    assert {name: after.get(name) for name in before} == before
    assert (at.env.site_packages / "evil-2.0.dist-info").exists() is False
    Project("evil", "4.0", at.canary).sdist(at.index.root)
    assert at.run(*at.pip, "install", "evil==4.0").returncode == 43
    assert at.canary.silent


def test_a_zip_that_cannot_be_read_is_pips_own_affair(newest_hooked: Adopted) -> None:
    at = newest_hooked
    path = wheel_of(at.index.root, "harmless.pth")
    path.write_bytes(path.read_bytes()[:-30])
    ended = at.run(*at.pip, "install", str(path))
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
