"""What a requirements file tells a build (``--config-settings``) is nobody's approval: it can name programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended
    from support.world import World

SETTINGS = "--config-settings=--compiler=./evil"
SONG = "build_wheel with ['--compiler']"


@pytest.fixture
def project(world: World) -> Path:
    """A trusted project that has approved evil 1.0, and its requirements file with settings."""
    directory = world.tmp / "project"
    directory.mkdir()
    world.project().sdist(world.index.root)
    (directory / "r.txt").write_text(f"evil==1.0 {SETTINGS}\n")
    for words in (("approve", "evil==1.0"), ("trust",)):
        ended = world.pipgate(*words, cwd=directory)
        assert ended.status == 0, ended.text
    return directory


def install(world: World, *args: str, gate: tuple[str, ...] = (), command: str = "install") -> Ended:
    place = {"install": "--target", "wheel": "--wheel-dir"}[command]
    words = (*gate, "--gate-report", str(world.tmp / "report.json"), command, place, str(world.tmp / "t"))
    return world.pipgate(*words, *args, cwd=world.tmp / "project")


def songs(world: World) -> str:
    path = world.canary.path
    return path.read_text() if path.exists() else ""


@pytest.mark.usefixtures("project")
def test_settings_of_a_file_are_not_approved(world: World) -> None:
    ended = install(world, "-r", "r.txt")
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert "r.txt (line 1): --config-settings=--compiler=./evil" in ended.err
    assert "pipgate --allow-build evil==1.0" in ended.err
    assert "pipgate approve" not in ended.err, "an approval does not cover them"
    [row] = json.loads((world.tmp / "report.json").read_text())["requests"]
    assert row["decision"]["code"] == "file-settings"
    allowed = install(world, "-r", "r.txt", gate=("--allow-build", "evil==1.0"))
    assert allowed.status == 0, allowed.text
    assert SONG in songs(world)


@pytest.mark.usefixtures("project")
def test_settings_of_the_command_line_are_the_users_word(world: World) -> None:
    ended = install(world, SETTINGS, "evil==1.0")
    assert ended.status == 0, ended.text
    assert SONG in songs(world)


def test_an_approved_build_without_settings_is_as_before(world: World, project: Path) -> None:
    (project / "r.txt").write_text("evil==1.0\n")
    ended = install(world, "-r", "r.txt", command="wheel")
    assert ended.status == 0, ended.text
    assert "build_wheel\n" in songs(world)


@pytest.mark.usefixtures("project")
def test_what_was_built_with_them_serves_nobody_else(world: World) -> None:
    """pip's cache knows no settings: neither does the wheel of the file serve, nor another in its place."""
    allow = ("--allow-build", "evil==1.0")
    assert install(world, "-r", "r.txt", gate=allow).status == 0
    world.canary.path.unlink()
    assert install(world, "evil==1.0", "--upgrade").status == 0
    assert "build_wheel\n" in songs(world)
    world.canary.path.unlink()
    again = install(world, "evil==1.0", "--upgrade")
    assert again.status == 0, again.text
    assert world.canary.silent, "now it is cached"
    assert install(world, "-r", "r.txt", "--upgrade").status == 43, "the answer is that of a cold cache"
    assert install(world, "-r", "r.txt", "--upgrade", gate=allow).status == 0
    assert SONG in songs(world)


def test_what_nobody_has_decided_on_stays_that(newest: World) -> None:
    """Its approval is offered, and leaves the settings; no command allows more than its hint says."""
    world = newest
    directory = world.tmp / "project"
    directory.mkdir()
    for name in ("evil", "worse", "third"):
        info = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"
        world.project(name, files={"PKG-INFO": info}).sdist(world.index.root)
    (directory / "r.txt").write_text(f"evil==1.0 {SETTINGS}\nworse==1.0\n")
    ended = install(world, "-r", "r.txt")
    assert ended.status == 43, ended.text
    assert "To approve and record: pipgate approve evil==1.0 worse==1.0" in ended.err
    assert "To allow them, with the settings of evil 1.0, for this run: pipgate --allow-build" in ended.err
    assert "settings: -r r.txt (line 1): --config-settings=--compiler=./evil" in ended.err
    assert world.pipgate("approve", "worse==1.0", cwd=directory).status == 0
    pending = world.pipgate("pending", cwd=directory)
    assert "pipgate approve evil==1.0" in pending.out, pending.text
    assert "--compiler=./evil" in pending.out
    assert "--compiler=./evil" in world.pipgate("explain", "evil", cwd=directory).out
    assert world.pipgate("approve", "-r", "r.txt", cwd=directory).status == 0
    ended = install(world, "-r", "r.txt")
    assert ended.status == 43, ended.text
    assert "To allow these settings for this run: pipgate --allow-build evil==1.0" in ended.err
    assert "pipgate approve" not in ended.err
    assert world.canary.silent
    (directory / "r.txt").write_text(f"evil==1.0 {SETTINGS}\nthird==1.0\n")
    ended = install(world, "-r", "r.txt")
    assert "To approve and record: pipgate approve third==1.0\n" in ended.err
    assert "To allow them, with the settings of evil 1.0, for this run: pipgate --allow-build" in ended.err


@pytest.mark.parametrize("pip", ["24.0", "26.3"])
def test_ones_own_directory_takes_settings_of_ones_own_file(world: World) -> None:
    directory = world.tmp / "project"
    world.project().tree(directory)
    (directory / "r.txt").write_text(f"-e . {SETTINGS}\n")
    ended = install(world, "-r", "r.txt")
    assert ended.status == 0, ended.text
    assert SONG in songs(world)


@pytest.mark.parametrize(
    "line",
    ["evil[more]==1.0", "evil @ {url}", "evil @ {url} ; python_version > '3'", "-c c.txt\n{url}#egg=evil"],
)
def test_however_the_file_names_it(newest: World, line: str) -> None:
    world = newest
    directory = world.tmp / "project"
    directory.mkdir()
    url = world.index.file_url(world.project().sdist(world.index.root))
    (directory / "c.txt").write_text("evil==1.0\n")
    (directory / "nested.txt").write_text(f"{line.format(url=url)} {SETTINGS}\n")
    (directory / "r.txt").write_text("-r nested.txt\n")
    rule = '[[rule]]\nname = "evil"\nverdict = "allow"\n'
    (directory / "pipgate.toml").write_text(f"version = 1\n{rule}")
    assert world.pipgate("trust", cwd=directory).status == 0
    ended = install(world, "-r", "r.txt")
    assert ended.status == 43, ended.text
    assert "nested.txt (line" in ended.err
    assert world.canary.silent
    nested = directory / "nested.txt"
    nested.write_text(nested.read_text().replace(SETTINGS, ""))
    ended = install(world, "-r", "r.txt")
    assert ended.status == 0, ended.text
    assert not world.canary.silent
