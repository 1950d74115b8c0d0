"""``approve -r FILE`` reads what a file needs, runs nothing of it, and says what it could not read."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, here, install, on_both_ends, run
from support.environments import PIPS, SOME_PIPS
from support.projects import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.environments import Ended
    from support.world import World

INFO = "Metadata-Version: 2.2\nName: {}\nVersion: 1.0\n"


def requirements(world: World, text: str) -> None:
    (here(world) / "r.txt").write_text(text, encoding="utf-8")


def approve(world: World, *args: str, **options: object) -> Ended:
    ended = run(world, "approve", "-r", "r.txt", *args, **options)
    assert world.canary.silent, ended.text
    assert "ERROR" not in ended.text
    return ended


def directory(world: World) -> str:
    world.project().tree(here(world) / "evil")
    return "./evil\n"


def editable(world: World) -> str:
    world.project().tree(here(world) / "evil")
    return "-e ./evil\n"


def archive_beside(world: World) -> str:
    sdist = world.project().sdist(here(world))
    return f"./{sdist.name}\n"


def approved_sdist(world: World) -> str:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil").status == 0
    return "evil\n"


def approved_sdist_with_a_recorded_list(world: World) -> str:
    info = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
    files = {"PKG-INFO": info, "evil.egg-info/PKG-INFO": info, "evil.egg-info/requires.txt": ""}
    world.project(files=files).sdist(world.index.root)
    assert run(world, "approve", "evil").status == 0
    return "evil\n"


def approved_sdist_with_build_requirements(world: World) -> str:
    world.project("tool").sdist(world.index.root)
    world.project(build_requires=("tool",), dynamic_build_requires=("tool",)).sdist(world.index.root)
    assert run(world, "approve", "evil", "tool").status == 0
    return "evil\n"


def setup_py(world: World) -> str:
    world.serve_build_tools()
    world.project(backend="setup.py").tree(here(world) / "evil")
    return "./evil\n"


def setup_py_editable(world: World) -> str:
    world.serve_build_tools()
    world.project(backend="setup.py").tree(here(world) / "evil")
    return "-e ./evil\n"


def behind_a_nested_file(world: World) -> str:
    world.project().tree(here(world) / "evil")
    (here(world) / "more").mkdir()
    (here(world) / "more" / "c.txt").write_text("good<9\n")
    (here(world) / "more" / "r.txt").write_text(
        "-c c.txt\n./evil; python_version > '3'\nnone; python_version < '3'\n"
    )
    return "-r more/r.txt\n"


def checkout(world: World) -> str:
    repository = world.project().repository(world.tmp / "repository")
    return f"git+{repository.as_uri()}#egg=evil\n"


def editable_checkout(world: World) -> str:
    repository = world.project().repository(world.tmp / "repository")
    return f"-e git+{repository.as_uri()}#egg=evil\n"


WAYS = [
    directory,
    editable,
    archive_beside,
    approved_sdist,
    approved_sdist_with_a_recorded_list,
    approved_sdist_with_build_requirements,
    setup_py,
    setup_py_editable,
    behind_a_nested_file,
    checkout,
    editable_checkout,
]


@pytest.mark.parametrize("pip", PIPS)
@pytest.mark.parametrize("arrange", WAYS)
def test_nothing_runs_and_it_runs_in_an_install(world: World, arrange: Callable[[World], str]) -> None:
    requirements(world, arrange(world))
    before = sorted(each.relative_to(here(world)) for each in here(world).rglob("*"))
    ended = approve(world)
    recorded = arrange is approved_sdist_with_a_recorded_list
    assert ended.status == (0 if recorded else 43), ended.text
    assert recorded or "error: not-all-read" in ended.err
    assert ("Read from a list that an earlier build recorded: evil 1.0" in ended.out) == recorded
    after = sorted(each.relative_to(here(world)) for each in here(world).rglob("*"))
    assert [each for each in after if each.name != FILE] == [each for each in before if each.name != FILE]
    allowing = ("--allow-build", "evil") if "checkout" in arrange.__name__ else ()
    install(world, "--src", str(world.tmp / "src"), "-r", "r.txt", before=allowing)
    assert not world.canary.silent


@pytest.mark.parametrize("pip", [each for each in SOME_PIPS if each < "25.3"])
def test_setup_py_without_pep_517(world: World) -> None:
    world = world.with_tools("setuptools==69.5.1", "wheel==0.43.0")
    requirements(world, setup_py(world))
    assert approve(world, env={"PIP_USE_PEP517": "0", "PIP_NO_BUILD_ISOLATION": "0"}).status == 43
    install(world, "--no-use-pep517", "--no-build-isolation", "-r", "r.txt")
    assert not world.canary.silent


@on_both_ends
@pytest.mark.parametrize("resolver", ["", "legacy-resolver"])
def test_all_that_could_not_be_read_is_said(world: World, resolver: str) -> None:
    commit = "a" * 40
    sdist = world.project("worse").sdist(world.index.root)
    make_wheel(world.index.root, "good", "1.0", requires=("worse",))
    world.project().tree(here(world) / "evil")
    requirements(
        world,
        f"good\n./evil\npinned @ git+https://git.invalid/p.git@{commit}\nfree @ git+https://git.invalid/f\n",
    )
    ended = approve(world, "--json", env={"PIP_USE_DEPRECATED": resolver} if resolver else {})
    assert ended.status == 43, ended.text
    told = json.loads(ended.out)
    builds = {each["name"] or each["source"]["path"]: each for each in told["builds"]}
    assert {each["name"] for each in told["recorded"]} == {"worse", "pinned"}
    tree = builds[str(here(world) / "evil")]
    assert (tree["decision"]["code"], tree["unread"]) == (
        "first-party",
        "pyproject.toml has no [project] table",
    )
    assert builds["worse"]["recorded"]
    assert builds["worse"]["source"]["sha256"] == hashlib.sha256(sdist.read_bytes()).hexdigest()
    assert builds["worse"]["source"]["url"].endswith(sdist.name)
    assert builds["pinned"]["recorded"]
    assert not builds["free"]["recorded"]
    assert "not fetched" in builds["free"]["unread"]
    shown = approve(world, env={"PIP_USE_DEPRECATED": resolver} if resolver else {})
    assert shown.status == 43
    assert "allowed already (first-party): " + str(here(world) / "evil") in shown.out
    assert "refused: " in shown.err
    assert "cannot be read: pyproject.toml has no [project] table" in shown.err
    assert "No project code has run. Approvals recorded: 0." in shown.err


@on_both_ends
def test_where_a_file_comes_from_is_shown_before_it_is_recorded(world: World) -> None:
    info = INFO.format("evil") + "Requires-Dist: worse\n"
    evil = world.project(files={"PKG-INFO": info}, requires=("worse",)).sdist(world.index.root)
    elsewhere = world.project("worse", files={"PKG-INFO": INFO.format("worse")}).sdist(world.tmp / "links")
    requirements(world, f"--find-links {world.tmp / 'links'}\nevil==1.0\n")
    ended = approve(world)
    assert ended.status == 0, ended.text
    for words in (
        f"  from          {world.index.file_url(evil)}",
        f"  from          {elsewhere.as_uri()}",
        f"  index         {world.index.url}",
        f"  sha256        {hashlib.sha256(evil.read_bytes()).hexdigest()}",
        "  required by   evil==1.0 <- -r r.txt (line 2)",
        "  backend       backend, in the archive",
    ):
        assert words in ended.out, ended.out
    assert ended.out.index("  from") < ended.out.index("recorded in")
    assert install(world, "-r", "r.txt", "--find-links", str(world.tmp / "links")).status == 0
    assert not world.canary.silent
    one = run(world, "approve", "evil")
    assert f"  from          {world.index.file_url(evil)}" in one.out
    assert f"  index         {world.index.url}" in one.out


@on_both_ends
def test_two_files_are_two(world: World) -> None:
    for name in ("evil", "worse"):
        world.project(name, files={"PKG-INFO": INFO.format(name)}).sdist(world.index.root)
    requirements(world, "evil\n")
    (here(world) / "more.txt").write_text("worse\n")
    ended = approve(world, "-r", "more.txt", "--json")
    assert ended.status == 0
    assert {each["name"] for each in json.loads(ended.out)["recorded"]} == {"evil", "worse"}


def test_a_lock_file(newest: World) -> None:
    sdist = newest.project(files={"PKG-INFO": INFO.format("evil")}).sdist(newest.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    (here(newest) / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "t"\n[[packages]]\nname = "evil"\nversion = "1.0"\n'
        f'sdist = {{ url = "{newest.index.file_url(sdist)}", hashes = {{ sha256 = "{digest}" }} }}\n'
    )
    ended = run(newest, "approve", "-r", "pylock.toml")
    assert ended.status == 0, ended.text
    assert digest in (here(newest) / FILE).read_text()
    assert newest.canary.silent


@on_both_ends
def test_required_hashes(world: World) -> None:
    sdist = world.project(files={"PKG-INFO": INFO.format("evil")}).sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    requirements(world, f"--index-url {world.index.url}\nevil==1.0 --hash=sha256:{digest}\n")
    assert approve(world, index="http://127.0.0.1:9/simple").status == 0
    assert digest in (here(world) / FILE).read_text()


@on_both_ends
def test_what_pip_cannot_resolve_approves_nothing(world: World) -> None:
    world.project("evil").tree(here(world) / "evil")
    world.project("worse").sdist(world.index.root)
    make_wheel(world.index.root, "good", "1.0", requires=("evil>=1",))
    requirements(world, "good\n./evil\nworse\n")
    ended = run(world, "approve", "-r", "r.txt")
    assert ended.status == 2
    assert "evil 0 pyproject.toml has no [project] table" in ended.err, (
        "its version is made up, and that may be why"
    )
    assert not (here(world) / FILE).exists()
    assert world.canary.silent


@on_both_ends
def test_what_is_denied_is_told(world: World) -> None:
    world.project(files={"PKG-INFO": INFO.format("evil")}).sdist(world.index.root)
    assert run(world, "deny", "evil").status == 0
    requirements(world, "evil\n")
    ended = approve(world)
    assert ended.status == 43
    assert "refused: " in ended.err
    assert "Approvals recorded: 0" in ended.err


def test_the_python_of_a_configuration_is_not_started(newest: World) -> None:
    program = newest.tmp / "python"
    program.write_text(f"#!/bin/sh\necho ran >> {newest.canary.path}\n")
    program.chmod(0o755)
    requirements(newest, "nothing\n")
    ended = approve(newest, env={"PIP_PYTHON": str(program)})
    assert ended.status == 2, ended.text


def test_a_hostile_checkout_around_it_starts_nothing(newest: World) -> None:
    """Neither git nor Mercurial is asked, whose configuration in a clone can name programs."""
    tree = newest.project().tree(here(newest) / "evil")
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    (tree / ".hg").mkdir()
    program = newest.tmp / "bin" / "hg"
    program.parent.mkdir()
    for name in ("hg", "git"):
        program.with_name(name).write_text(f"#!/bin/sh\necho {name} >> {newest.canary.path}\n")
        program.with_name(name).chmod(0o755)
    requirements(newest, "-e ./evil\n")
    ended = approve(newest, env={"PATH": f"{program.parent}:/usr/bin:/bin"})
    assert ended.status == 43, ended.text
    assert Path(tree, ".git").exists()
