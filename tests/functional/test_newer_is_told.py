"""A newer release that exists only as an sdist is told of whatever serves instead, and nothing steps down for it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended, Environment
    from support.world import World

RESOLVERS = [(), ("--use-deprecated", "legacy-resolver")]


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment in which one version of thing is installed; 1.0 and 1.1 have wheels, 2.0 has none."""

    world: World
    env: Environment

    def pipgate(self, *args: str) -> Ended:
        script = str(self.env.root / "bin" / "pipgate")
        world = self.world
        return self.env.run(script, *args, home=world.home, index=world.index.url)

    @property
    def holds(self) -> list[str]:
        return sorted(each.name for each in self.env.site_packages.glob("thing-*.dist-info"))


def installed(world: World, version: str) -> Installed:
    offer(world)
    env = world.env.copy(world.tmp / "env")
    put(env.site_packages, version)
    return Installed(world, env)


def put(directory: Path, version: str, name: str = "thing") -> None:
    """Write the metadata of something installed."""
    info = directory / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n{info.name}/RECORD,,\n")


def offer(world: World) -> None:
    make_wheel(world.index.root, "thing", "1.0")
    make_wheel(world.index.root, "thing", "1.1")
    world.project("thing", "2.0").sdist(world.index.root)


def on_older_wheel(world: World, setting: str) -> tuple[str, str]:
    file = world.tmp / "policy.toml"
    file.write_text(f'version = 1\non-older-wheel = "{setting}"\n')
    return ("--policy", str(file))


def offered(ended: Ended) -> list[str]:
    """Return the words of the command at the end of the note."""
    return ended.err.strip().splitlines()[-1].partition("pipgate ")[2].split()


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_an_upgrade_that_keeps_what_is_installed_tells_of_the_newer(
    world: World, resolver: tuple[str, ...]
) -> None:
    here = installed(world, "1.1")
    ended = here.pipgate("install", *resolver, "-U", "thing")
    assert ended.status == 0, ended.text
    assert "note: kept thing 1.1 (installed); thing 2.0 exists only as an sdist." in ended.err
    assert world.canary.silent
    newer = here.pipgate(*offered(ended))
    assert "Successfully installed thing-2.0" in newer.out, newer.text


def test_an_upgrade_is_decided_as_an_install_is(world: World) -> None:
    here = installed(world, "1.1")
    ended = here.pipgate(*on_older_wheel(world, "block"), "install", "--upgrade", "thing")
    assert ended.status == 43, ended.text
    assert "the older 1.1 would be kept" in ended.err
    ended = here.pipgate(*on_older_wheel(world, "allow"), "install", "--upgrade", "thing")
    assert (ended.status, ended.err) == (0, ""), ended.text


def test_what_pip_does_not_look_for_is_not_told(world: World) -> None:
    """Nobody asked for an upgrade of it: not without ``-U``, and not of what is only required."""
    here = installed(world, "1.1")
    make_wheel(world.index.root, "a", "1.0", requires=("thing>=1",))
    for command in (["thing"], ["-U", "a"]):
        ended = here.pipgate("install", "--dry-run", *command)
        assert (ended.status, ended.err) == (0, ""), ended.text
    ended = here.pipgate("install", "--dry-run", "-U", "--upgrade-strategy", "eager", "a")
    assert "kept thing 1.1 (installed)" in ended.err, ended.text


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_an_approved_older_sdist_does_not_hide_the_newer(world: World, resolver: tuple[str, ...]) -> None:
    offer(world)
    world.project("thing", "1.5").sdist(world.index.root)
    install = ("install", *resolver, "--prefix", str(world.tmp / "t"), "thing")
    ended = world.pipgate("--allow-build", "thing==1.5", *install)
    assert "Successfully installed thing-1.5" in ended.out, ended.text
    assert "note: took thing 1.5 (sdist); thing 2.0 exists only as an sdist." in ended.err
    again = world.pipgate("--allow-build", "thing==1.5", *install, "-I")
    assert "note: took thing 1.5 (sdist); thing 2.0 exists only as an sdist." in again.err, again.text
    newer = world.pipgate(*offered(ended))
    assert "Successfully installed thing-2.0" in newer.out, newer.text


def test_an_sdist_that_a_conflict_left_behind_was_not_passed_over(world: World) -> None:
    """Both are undecided, and 2.0 is left because it does not fit."""
    pkg_info = "Metadata-Version: 2.2\nName: thing\nVersion: {}\nRequires-Dist: other=={}\n"
    for version in ("1.0", "2.0"):
        files = {"PKG-INFO": pkg_info.format(version, version)}
        world.project("thing", version, files=files).sdist(world.index.root)
        make_wheel(world.index.root, "other", version)
    ended = world.pipgate("download", "-d", str(world.tmp / "t"), "thing", "other<2")
    assert (ended.status, ended.err) == (0, ""), ended.text


@pytest.mark.parametrize(
    "flags",
    [
        ("-I",),
        ("--force-reinstall",),
        ("-U", "--force-reinstall", "--dry-run"),
        ("-I", "--dry-run", "--report", "-"),
    ],
    ids=" ".join,
)
def test_stepping_back_takes_nothing_installed_down(world: World, flags: tuple[str, ...]) -> None:
    here = installed(world, "2.0")
    ended = here.pipgate(*on_older_wheel(world, "allow"), "install", *flags, "thing")
    assert ended.status == 43, ended.text
    assert "the installed 2.0 would be replaced by the older 1.1" in ended.err
    assert here.holds == ["thing-2.0.dist-info"]
    assert world.canary.silent


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_what_the_user_says_takes_it_down(world: World, resolver: tuple[str, ...]) -> None:
    """With ``<2`` the newer one is no candidate: pip's own answer."""
    here = installed(world, "2.0")
    constraint = world.tmp / "c.txt"
    constraint.write_text("thing<2\n")
    ended = here.pipgate("install", *resolver, "-c", str(constraint), "thing")
    assert (ended.status, ended.err) == (0, ""), ended.text
    assert here.holds == ["thing-1.1.dist-info"]


def test_all_that_would_step_down_is_told(newest: World) -> None:
    world = newest
    target = world.tmp / "t"
    for name in ("thing", "another"):
        make_wheel(world.index.root, name, "1.0")
        world.project(name, "2.0").sdist(world.index.root)
        put(target, "2.0", name)
    ended = world.pipgate("install", "--target", str(target), "thing", "another")
    assert ended.status == 43, ended.text
    assert ended.err.count("the installed 2.0 would be replaced by the older 1.0") == 2
    assert "thing==2.0 another==2.0" in ended.err


@pytest.mark.parametrize("place", ["target", "prefix", "root", "user"])
def test_what_lies_in_another_place_is_not_taken_down_either(newest: World, place: str) -> None:
    world = newest
    offer(world)
    here = Installed(world, world.env.copy(world.tmp / "env"))
    there = world.home if place == "user" else world.tmp / "there"
    words = ["--user", "-I"] if place == "user" else [f"--{place}", str(there)]
    settings = here.env.root / "pyvenv.cfg"
    settings.write_text(settings.read_text().replace("packages = false", "packages = true"))
    first = here.pipgate("install", *words, "thing==1.1")
    assert first.status == 0, first.text
    older = next(there.rglob("thing-1.1.dist-info"))
    shutil.rmtree(older)
    put(older.parent, "2.0")
    for flags in ((), ("--upgrade",), ("--dry-run",)):
        ended = here.pipgate("install", *words, "-I", *flags, "thing")
        assert ended.status == 43, ended.text
        assert "the installed 2.0 would be replaced by the older 1.1" in ended.err
    assert [each.name for each in there.rglob("thing-*.dist-info")] == ["thing-2.0.dist-info"]


def test_what_lies_elsewhere_is_not_taken_down(world: World) -> None:
    here = installed(world, "2.0")
    for command in (["install", "--target", str(world.tmp / "t")], ["download", "-d", str(world.tmp / "d")]):
        ended = here.pipgate(*on_older_wheel(world, "allow"), *command, "thing")
        assert (ended.status, ended.err) == (0, ""), ended.text


def test_no_wolf_is_cried(world: World) -> None:
    """What pip would not take, were it approved, is not told of."""
    offer(world)
    world.project("thing", "3.0a1").sdist(world.index.root)
    yanked = world.project("thing", "4.0").sdist(world.index.root)
    world.index.yanked[yanked.name] = "broken"
    constraint = world.tmp / "c.txt"
    constraint.write_text("thing<2\n")
    download = ("download", "-d", str(world.tmp / "t"), "--no-deps")
    for words in (
        ("--prefer-binary", "thing"),
        ("--only-binary", ":all:", "thing"),
        ("--only-binary", "thing", "thing"),
        ("thing<2",),
        ("-c", str(constraint), "thing"),
        ("thing==1.1",),
    ):
        ended = world.pipgate(*download, *words)
        assert (ended.status, ended.err) == (0, ""), (words, ended.text)
    ended = world.pipgate(*download, "--pre", "thing")
    assert "thing 3.0a1 exists only as an sdist." in ended.err
    ended = world.pipgate(*download, "thing")
    assert "thing 2.0 exists only as an sdist." in ended.err


def test_a_requirement_that_was_met_later_counts(world: World) -> None:
    """pip looks at all releases of thing, and only then at who wants an older one; and the other way round."""
    offer(world)
    make_wheel(world.index.root, "old", "1.0", requires=("thing<2",))
    make_wheel(world.index.root, "old", "2.0", requires=("thing<2", "missing"))
    make_wheel(world.index.root, "free", "1.0", requires=("thing",))
    make_wheel(world.index.root, "free", "2.0", requires=("thing<2", "old>2"))
    download = ("download", "-d", str(world.tmp / "t"))
    ended = world.pipgate(*download, "thing", "old==1.0")
    assert (ended.status, ended.err) == (0, ""), ended.text
    ended = world.pipgate(*download, "free", "thing")
    assert "thing 2.0 exists only as an sdist." in ended.err, ended.text


@pytest.mark.parametrize("denied", ["deny", "rule"])
def test_what_nothing_can_allow_is_not_told(newest: World, denied: str) -> None:
    """The hint could not work; what is newest among the others is told."""
    world = newest
    offer(world)
    world.project("thing", "3.0").sdist(world.index.root)
    file = world.tmp / "policy.toml"
    rules = {
        "deny": 'deny = ["thing"]',
        "rule": '[[rule]]\nname = "thing"\nversion = ">=3"\nverdict = "block"',
    }
    file.write_text(f"version = 1\n{rules[denied]}\n")
    ended = world.pipgate("--policy", str(file), "install", "--dry-run", "thing")
    assert ended.status == 0, ended.text
    assert ("2.0 exists only" in ended.err) == (denied == "rule"), ended.text
    assert "3.0" not in ended.err


@pytest.mark.parametrize(
    "command", ["install --dry-run", "download -d there", "wheel -w there", "lock -o pylock.toml"]
)
def test_the_note_of_every_command_keeps_its_promise(world: World, command: str) -> None:
    if command.startswith("lock") and world.env.release < (25, 1):
        command = "download -d there"
    offer(world)
    ended = world.pipgate(*command.split(), "thing", cwd=world.tmp)
    assert ended.status == 0, ended.text
    assert "note: took thing 1.1 (wheel); thing 2.0 exists only as an sdist. To use it: " in ended.err
    newer = world.pipgate(*offered(ended), cwd=world.tmp)
    assert newer.status == 0, newer.text
    assert "note:" not in newer.err
    written = [each.read_text() for each in world.tmp.glob("pylock.toml")]
    names = [each.name for each in world.tmp.glob("there/*2.0*")]
    assert "2.0" in newer.out or names or 'version = "2.0"' in "".join(written), newer.text


def test_the_report_says_what_served(newest: World) -> None:
    here = installed(newest, "1.1")
    report = newest.tmp / "r.json"
    ended = here.pipgate("--gate-report", str(report), "install", "-U", "thing")
    assert ended.status == 0, ended.text
    assert json.loads(report.read_text())["passed_over"] == [
        {"name": "thing", "taken": "1.1", "newer": "2.0", "taken_as": "installed", "replaces": None}
    ]
