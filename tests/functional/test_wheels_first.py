"""Wheels first, and a word when a newer sdist was passed over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World


def test_an_older_wheel_is_taken_and_said(world: World) -> None:
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    args = ("install", "--prefix", str(world.tmp / "t"), "thing")
    ended = world.pipgate(*args)
    assert ended.status == 0, ended.text
    assert "Successfully installed thing-1.4" in ended.out
    assert "note: took thing 1.4 (wheel); thing 2.0 exists only as an sdist." in ended.err
    assert world.canary.silent
    command = ended.err.strip().splitlines()[-1].partition("pipgate ")[2].split()
    newer = world.pipgate(*command)
    assert "Successfully installed thing-2.0" in newer.out, newer.text


def test_a_wheel_of_the_same_version_needs_no_word(world: World) -> None:
    make_wheel(world.index.root, "thing", "2.0")
    world.project("thing", "2.0").sdist(world.index.root)
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), "thing")
    assert ended.status == 0
    assert ended.err == ""


def test_a_release_that_has_a_wheel_was_not_passed_over_for_its_sdist(world: World) -> None:
    """The newest does not fit for another reason; nothing is said of its sdist."""
    make_wheel(world.index.root, "thing", "1.4")
    make_wheel(world.index.root, "thing", "2.0", requires=("other>=2",))
    world.project("thing", "2.0").sdist(world.index.root)
    make_wheel(world.index.root, "other", "1.0")
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), "thing", "other<2")
    assert ended.status == 0, ended.text
    assert "thing-1.4" in ended.out
    assert ended.err == ""


def test_an_allowed_sdist_counts_like_a_wheel(world: World) -> None:
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    args = ("install", "--prefix", str(world.tmp / "t"), "thing")
    ended = world.pipgate("--allow-build", "thing", *args)
    assert "Successfully installed thing-2.0" in ended.out, ended.text
    args = ("install", "--prefix", str(world.tmp / "other"), "thing")
    other = world.pipgate("--allow-build", "thing==1.0", *args)
    assert "Successfully installed thing-1.4" in other.out, other.text


def test_an_sdist_that_is_required_is_not_replaced_by_a_wheel_that_does_not_fit(world: World) -> None:
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), "thing>=2")
    assert ended.status == 43
    assert "thing 2.0" in ended.err


def test_a_yanked_wheel_is_not_preferred_to_an_sdist(world: World) -> None:
    wheel = make_wheel(world.index.root, "thing", "1.4")
    world.index.yanked[wheel.name] = "broken"
    world.project("thing", "2.0").sdist(world.index.root)
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), "thing")
    assert ended.status == 43
    assert "thing 2.0" in ended.err


def test_an_installed_newer_version_stays(world: World) -> None:
    env = world.env.copy(world.tmp / "env")
    info = env.site_packages / "thing-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 2.0\n")
    (info / "RECORD").write_text("")
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    script = str(env.root / "bin" / "pipgate")
    for flags in ([], ["--upgrade"]):
        ended = env.run(script, "install", *flags, "thing", home=world.home, index=world.index.url)
        assert ended.status == 0, ended.text
        assert "already satisfied" in ended.out
        assert "note:" not in ended.err


def test_refused_candidates_that_are_not_needed_block_nothing(world: World) -> None:
    """The resolver may look at an sdist and then find an answer without it."""
    make_wheel(world.index.root, "a", "1.0", requires=("thing",))
    make_wheel(world.index.root, "thing", "1.0")
    world.project("thing", "2.0").sdist(world.index.root)
    report = str(world.tmp / "r.json")
    ended = world.pipgate("--gate-report", report, "install", "--prefix", str(world.tmp / "t"), "a")
    assert ended.status == 0, ended.text
    assert json.loads((world.tmp / "r.json").read_text())["passed_over"] == [
        {"name": "thing", "taken": "1.0", "newer": "2.0", "taken_as": "wheel", "replaces": None}
    ]


def test_a_version_from_before_pep_440_does_no_harm(world: World) -> None:
    make_wheel(world.index.root, "thing", "1.4")
    old = world.project("thing", "2004b").sdist(world.index.root)
    assert old.name == "thing-2004b.tar.gz"
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), "thing")
    assert ended.status == 0, ended.text
    assert "Successfully installed thing-1.4" in ended.out
    assert "Traceback" not in ended.err
