"""What version control could be made to run, besides the checkout's own build."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.world import World


def fake_program(world: World, name: str) -> dict[str, str]:
    """Put a program of that name on PATH that makes the canary sing, and return the environment."""
    program = world.tmp / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "{name} $@" >> {world.canary.path}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{program.parent}:/usr/bin:/bin"}


def test_a_revision_that_is_an_option_reaches_no_program(world: World) -> None:
    env = fake_program(world, "hg")
    url = "hg+http://127.0.0.1:9/repo@--config=alias.clone=!touch#egg=evil"
    ended = world.pipgate("install", "--prefix", str(world.tmp / "target"), url, env=env)
    assert ended.status == 43, ended.text
    assert world.canary.silent, world.canary.songs
    plain = "hg+http://127.0.0.1:9/repo@tip#egg=evil"
    world.pipgate("install", "--prefix", str(world.tmp / "target"), plain, env=env)
    assert any(song.startswith("hg clone") for song in world.canary.songs)


@pytest.mark.parametrize(
    "url",
    [
        "hg+http://127.0.0.1:9/repo@--config=alias.update=!touch%40y#egg=evil",
        "hg+http://127.0.0.1:9/repo@%2d%2dconfig=alias.clone=!touch#egg=evil",
        "hg+ssh://-oProxyCommand=touch/repo#egg=evil",
        "git+ssh://-oProxyCommand=touch/repo#egg=evil",
        "git+file:///tmp/repo%40--upload-pack=touch#egg=evil",
        "git+file:///tmp/repo@main%40--upload-pack=touch#egg=evil",
        "svn+http://-r:p@127.0.0.1:9/repo#egg=evil",
        "svn+http://127.0.0.1:9/repo@-rHEAD#egg=evil",
        "bzr+http://127.0.0.1:9/repo@-Ofoo#egg=evil",
        "git+http://127.0.0.1:9/repo@a%0ab#egg=evil",
    ],
)
def test_no_part_of_a_url_reaches_a_program_as_an_option(world: World, url: str) -> None:
    env = fake_program(world, url.partition("+")[0])
    take = ("--prefix", str(world.tmp / "target"))
    for words in ((url,), ("--src", str(world.tmp / "src"), "-e", url)):
        ended = world.pipgate("--allow-build", "evil", "install", *take, *words, env=env)
        assert ended.status == 43, ended.text
        assert "hostile-revision" in report_of(world, "install", *take, *words, env=env)
    assert world.canary.silent, world.canary.songs


def report_of(world: World, *args: str, env: dict[str, str]) -> str:
    report = world.tmp / "report.json"
    world.pipgate("--allow-build", "evil", "--gate-report", str(report), *args, env=env)
    return report.read_text()


@pytest.mark.parametrize("vcs", ["hg", "svn", "bzr"])
def test_a_repository_on_this_machine_is_decided_before_it_is_fetched(world: World, vcs: str) -> None:
    """Mercurial runs the hooks and extensions that the repository it fetches from names."""
    env = fake_program(world, vcs)
    url = f"{vcs}+file://{world.tmp}/repo#egg=evil"
    take = ("--prefix", str(world.tmp / "target"))
    for words in ((url,), ("--src", str(world.tmp / "src"), "-e", url)):
        ended = world.pipgate("install", *take, *words, env=env)
        assert ended.status == 43, ended.text
        assert world.canary.silent, world.canary.songs
    world.pipgate("--allow-build", "evil", "install", *take, url, env=env)
    assert not world.canary.silent


def test_no_settings_of_a_repository_are_read_in_a_fetch(world: World) -> None:
    env = fake_program(world, "hg")
    program = world.tmp / "bin" / "hg"
    program.write_text(f'#!/bin/sh\necho "$1 $HGPLAIN $HGRCSKIPREPO" >> {world.canary.path}\n')
    url = "hg+http://127.0.0.1:9/repo@tip#egg=evil"
    world.pipgate("install", "--prefix", str(world.tmp / "target"), url, env=env)
    assert "clone 1 1" in world.canary.songs


def test_a_question_about_a_tree_opens_no_connection(world: World) -> None:
    """A partial clone fetches what it misses, by the program that its settings name (``uploadpack``)."""
    env = world.env.copy(world.tmp / "env")
    repository = world.project().repository(world.tmp / "repo")
    script = str(env.root / "bin" / "pipgate")
    source = ("--src", str(world.tmp / "src"), "-e", f"git+{repository.as_uri()}#egg=evil")
    assert env.run(script, "--allow-build", "evil", "install", *source, home=world.home).status == 0
    world.canary.path.unlink()
    path = fake_program(world, "git")
    program = world.tmp / "bin" / "git"
    settings = "$1 protocols:$GIT_ALLOW_PROTOCOL lazy:$GIT_NO_LAZY_FETCH replace:$GIT_NO_REPLACE_OBJECTS"
    program.write_text(f'#!/bin/sh\necho "{settings}" >> {world.canary.path}\nexec /usr/bin/git "$@"\n')
    ended = env.run(script, "freeze", home=world.home, env=path)
    assert "git+file" in ended.out, ended.text
    assert "rev-parse protocols:none lazy:1 replace:1" in world.canary.songs, world.canary.songs


def test_a_checkout_from_metadata_is_not_even_fetched(world: World) -> None:
    from support.projects import make_wheel  # noqa: PLC0415 -- for this test alone

    env = fake_program(world, "git")
    make_wheel(world.index.root, "good", "1.0", requires=("evil @ git+https://127.0.0.1:9/o/r",))
    args = ("install", "--prefix", str(world.tmp / "target"), "good")
    ended = world.pipgate(*args, env=env)
    assert ended.status == 43, ended.text
    assert world.canary.silent, world.canary.songs
    world.pipgate("--allow-build", "git+https://127.0.0.1:9/o/r", *args, env=env)
    assert any(song.startswith("git ") for song in world.canary.songs)


def test_freeze_of_a_mercurial_tree_that_a_wheel_planted(world: World) -> None:
    """A wheel can pretend to be an editable install in a repository, whose settings name programs."""
    env = world.env.copy(world.tmp / "env")
    repo = env.site_packages / "planted"
    (repo / ".hg").mkdir(parents=True)
    (repo / ".hg" / "hgrc").write_text("[extensions]\nx = /tmp/x.py\n")
    info = env.site_packages / "planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    direct = {"url": repo.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(direct))
    (info / "RECORD").write_text("")
    path = fake_program(world, "hg")
    script = str(env.root / "bin" / "pipgate")
    ended = env.run(script, "freeze", home=world.home, env=path)
    assert world.canary.silent, world.canary.songs
    assert "planted" in ended.out, ended.text
    assert ended.status == 0, ended.text
    plain = env.plain_pip("freeze", home=world.home, env=path)
    assert not world.canary.silent, plain.text


def test_freeze_of_a_mercurial_tree_that_lies_elsewhere(world: World) -> None:
    """A wheel says in its direct_url.json where the tree is that it pretends to be installed from."""
    env = world.env.copy(world.tmp / "env")
    repo = world.tmp / "elsewhere"
    (repo / ".hg").mkdir(parents=True)
    info = env.site_packages / "planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (info / "direct_url.json").write_text(json.dumps({"url": repo.as_uri(), "dir_info": {"editable": True}}))
    (info / "RECORD").write_text("")
    path = fake_program(world, "hg")
    ended = env.run(str(env.root / "bin" / "pipgate"), "freeze", home=world.home, env=path)
    assert world.canary.silent, world.canary.songs
    assert ended.status == 0, ended.text
    assert str(repo) in ended.out, ended.text


@pytest.mark.parametrize("place", ["src", "env/kept"])
def test_freeze_of_an_editable_git_checkout_is_as_with_pip(world: World, place: str) -> None:
    repository = world.project().repository(world.tmp / "repo")
    env = world.env.copy(world.tmp / "env")
    script = str(env.root / "bin" / "pipgate")
    source = ("--src", str(world.tmp / place), "-e", f"git+{repository.as_uri()}#egg=evil")
    made = env.run(script, "--allow-build", "evil", "install", *source, home=world.home)
    assert made.status == 0, made.text
    gated = env.run(script, "freeze", home=world.home)
    plain = env.plain_pip("freeze", home=world.home)
    assert (gated.status, gated.out) == (plain.status, plain.out)
    assert gated.err == "", gated.text
    assert "git+file" in gated.out, Path(world.tmp).name
