"""Commands that never build are pip: the same stdout, the same status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World

COMMANDS = [
    ["--version"],
    ["-V"],
    [],
    ["help"],
    ["help", "install"],
    ["install", "--help"],
    ["list"],
    ["list", "--format", "json"],
    ["list", "--outdated"],
    ["freeze", "--all"],
    ["show", "-f", "pip"],
    ["show", "nothing-like-this"],
    ["check"],
    ["config", "list"],
    ["config", "debug"],
    ["cache", "dir"],
    ["cache", "list"],
    ["completion", "--bash"],
    ["inspect"],
    ["index", "versions", "good"],
    ["hash", "pyvenv.cfg"],
    ["uninstall", "-y", "nothing-like-this"],
    ["no-such-command"],
    ["install"],
    ["install", "--no-such-option"],
    ["--python", "/does/not/exist", "list"],
    ["debug"],
]


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_same_output_and_status_as_pip(world: World, args: list[str]) -> None:
    make_wheel(world.index.root, "good", "1.0")
    world.project("good", "2.0").sdist(world.index.root)
    options = {"home": world.home, "index": world.index.url, "cwd": world.env.root}
    plain = world.env.run(str(world.env.root / "bin" / "pip"), *args, **options)
    gated = world.pipgate(*args, cwd=world.env.root)
    behind_the_word = world.pipgate("pip", *args, cwd=world.env.root)
    assert gated.out == plain.out
    assert gated.status == plain.status
    assert gated.err == plain.err
    assert (behind_the_word.out, behind_the_word.status) == (plain.out, plain.status)


def test_wheels_install_as_with_pip(world: World) -> None:
    make_wheel(world.index.root, "good", "1.0", requires=("better>=2",))
    make_wheel(world.index.root, "better", "2.1")
    make_wheel(world.index.root, "better", "1.0")
    gated, plain = (str(world.tmp / name) for name in ("gated", "plain"))
    options = {"home": world.home, "index": world.index.url}
    ended = world.pipgate("install", "--target", gated, "good")
    expected = world.env.plain_pip("install", "--target", plain, "good", **options)
    assert ended.status == expected.status == 0, ended.text
    assert ended.out == expected.out
    assert ended.err == expected.err == ""
    assert _files(gated) == _files(plain)


def _files(directory: str) -> list[str]:
    from pathlib import Path  # noqa: PLC0415 -- for this helper alone

    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*"))
