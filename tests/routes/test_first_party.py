"""A directory that the user named is first party; the same directory from anywhere else is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.world import World


@pytest.mark.parametrize(
    "how", ["path", "editable", "relative", "requirements-file", "editable-in-requirements-file"]
)
def test_a_named_directory_may_build(world: World, how: str) -> None:
    tree = world.project("ours").tree(world.tmp / "ours")
    (world.tmp / "r.txt").write_text(f"{'-e ' if how.startswith('editable') else ''}{tree}\n")
    args = {
        "path": [str(tree)],
        "editable": ["-e", str(tree)],
        "relative": ["./ours"],
        "requirements-file": ["-r", str(world.tmp / "r.txt")],
        "editable-in-requirements-file": ["-r", str(world.tmp / "r.txt")],
    }[how]
    target = ["--prefix", str(world.tmp / "target"), "--no-warn-script-location"]
    ended = world.pipgate(
        "--gate-report", str(world.tmp / "r.json"), "install", *target, *args, cwd=world.tmp
    )
    assert ended.status == 0, ended.text
    assert "ours 1.0 imported" in world.canary.songs
    report = json.loads((world.tmp / "r.json").read_text())
    assert {each["decision"]["code"] for each in report["requests"]} == {"first-party"}


def test_a_named_directory_with_setup_py_may_build(world: World) -> None:
    world.serve_build_tools()
    tree = world.project("ours", backend="setup.py").tree(world.tmp / "ours")
    ended = world.pipgate("wheel", "-w", str(world.tmp / "target"), str(tree))
    assert ended.status == 0, ended.text
    assert not world.canary.silent


def test_legacy_editable_of_a_named_directory(world: World) -> None:
    if world.env.release >= (25, 3):
        return  # setup.py develop is gone there: the ordinary editable test says all
    old = world.with_tools("setuptools==69.5.1", "wheel==0.43.0")
    tree = old.project("ours", backend="setup.py").tree(world.tmp / "ours")
    target = ["--prefix", str(world.tmp / "target"), "--no-use-pep517", "--no-build-isolation"]
    ended = old.pipgate("install", *target, "-e", str(tree))
    assert ended.status == 0, ended.text
    assert not world.canary.silent


def test_what_a_named_directory_requires_is_not_first_party(world: World) -> None:
    other = world.project("evil").tree(world.tmp / "other")
    quiet = type(world.canary)(world.tmp / "quiet.txt")
    ours = type(world.project())("ours", "1.0", quiet, requires=(f"evil @ {other.as_uri()}",))
    tree = ours.tree(world.tmp / "ours")
    ended = world.pipgate("install", "--prefix", str(world.tmp / "target"), str(tree))
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert "ours 1.0" in ended.err or "ours" in ended.err
    assert not quiet.silent
