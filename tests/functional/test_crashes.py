"""What is odd or hostile ends in a message and a status, and never in a traceback."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from functional.test_prompt import on_a_terminal
from support.environments import ALL_PIPS, ENDS, HOOK, environment, hermetic
from support.projects import make_wheel
from support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

RECORDED = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"


def recorded(listed: str) -> dict[str, str]:
    """Return the files of an sdist that has a recorded list, which binds no build."""
    return {
        "PKG-INFO": RECORDED,
        "evil.egg-info/PKG-INFO": RECORDED,
        "evil.egg-info/requires.txt": f"{listed}\n",
    }


@pytest.mark.parametrize("pip", ENDS)
@pytest.mark.parametrize(
    ("answer", "listed", "status"), [(b"o\n", "", 0), (b"n\n", "", 43), (b"o\n", "good", 43)]
)
def test_the_legacy_resolver_and_an_answer_at_the_prompt(
    world: World, answer: bytes, listed: str, status: int
) -> None:
    """It cannot resolve again, so that a build which says something else than its files stops the run."""
    make_wheel(world.index.root, "good", "1.0")
    world.project(files=recorded(listed)).sdist(world.index.root)
    install = ("install", "--use-deprecated=legacy-resolver", "--prefix", str(world.tmp / "t"), "evil")
    ended, shown = on_a_terminal(world, [answer], *install)
    assert ended == status, shown
    assert "Traceback" not in shown
    assert world.canary.silent == (answer == b"n\n")


NESTED = {
    "messages": "Content-Type: message/rfc822\n\n" * 3000,
    "folded": "content-type:\n\tmessage/rfc822\n\n" * 3000,
    "parts": "".join(
        f"{'--' + 'a' * depth if depth else ''}\nContent-Type: multipart/mixed; boundary={'a' * (depth + 1)}\n\n"
        for depth in range(1500)
    ).removeprefix("\n"),
}


@pytest.mark.parametrize("pip", ENDS)
@pytest.mark.parametrize("nested", NESTED)
@pytest.mark.parametrize("version", ["2.2", "1.2"])
def test_messages_in_messages_in_pkg_info(world: World, nested: str, version: str) -> None:
    info = f"Metadata-Version: {version}\nName: evil\nVersion: 1.0\n{NESTED[nested]}"
    sdist = world.project(files={"PKG-INFO": info, "evil.egg-info/requires.txt": ""}).sdist(world.tmp)
    for status, args in (
        (43, ("install", "--target", str(world.tmp / "t"))),
        (0, ("download", "-d", str(world.tmp / "d"))),
    ):
        ended = world.pipgate(*args, str(sdist))
        assert ended.status == status, ended.text
        assert "Traceback" not in ended.text
    assert world.canary.silent


@pytest.mark.parametrize("pip", ENDS)
@pytest.mark.parametrize(
    "name", ["we!rd-1.0", "_-1.0", "\N{LATIN SMALL LETTER E WITH ACUTE}-1.0", "e\n-1.0", "x@y-1.0", ""]
)
def test_a_file_name_that_is_no_name_of_a_project(world: World, name: str) -> None:
    world.project().sdist(world.tmp, f"{name}.tar.gz")
    blocked = world.pipgate("install", "--target", str(world.tmp / "t"), str(world.tmp / f"{name}.tar.gz"))
    assert blocked.status == 43, blocked.text
    assert "Traceback" not in blocked.text
    assert "nobody has approved" in blocked.err
    assert world.canary.silent


NOBODY_READS = [
    "2>&-",
    ">&-",
    "2>/dev/full",
    ">/dev/full",
    ">/dev/full 2>/dev/full",
    "<&- >&- 2>&-",
    "2>&1 | :",
    "2> >(:)",
]


def status_of(words: list[str], redirection: str, world: World, **more: str) -> int:
    """Return the status of a command whose output goes where it cannot be written."""
    line = f"{shlex.join(words)} {redirection}; exit ${{PIPESTATUS[0]}}"
    world.home.mkdir(exist_ok=True)
    env = {**hermetic(world.home, world.index.url), **more}
    return subprocess.run(
        ["bash", "-c", line], env=env, cwd=world.tmp, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("pip", ENDS)
@pytest.mark.parametrize("redirection", NOBODY_READS)
def test_a_status_stands_where_nobody_can_read_why(world: World, redirection: str) -> None:
    world.project().sdist(world.index.root)
    broken = world.tmp / "broken.toml"
    broken.write_text("nonsense = 1\n")
    pipgate = [str(world.env.python), str(world.env.root / "bin" / "pipgate")]
    install = ["-q", "install", "--prefix", str(world.tmp / "t"), "evil"]
    assert status_of([*pipgate, *install], redirection, world) == 43
    assert status_of([*pipgate, "--gate-report", "-", *install], redirection, world) == 43
    assert status_of([*pipgate, "--policy", str(broken), *install], redirection, world) == 44
    assert (
        status_of(
            [*pipgate, "--policy", str(broken), "--gate-report", "/no/where", *install], redirection, world
        )
        == 44
    )
    assert status_of([*pipgate, "--env", "/no/where", *install], redirection, world) == 45
    assert status_of([*pipgate, "--allow-build", "!", *install], redirection, world) == 2
    assert world.canary.silent


@pytest.mark.parametrize("redirection", NOBODY_READS)
def test_it_stands_behind_the_hook_too(
    tmp_path: Path, index: Index, canary: Canary, redirection: str
) -> None:
    world = World(environment(ALL_PIPS[-1], through=HOOK), tmp_path, index, canary)
    world.project().sdist(index.root)
    pip = [str(world.env.python), "-m", "pip", "-q", "install", "--prefix", str(tmp_path / "t"), "evil"]
    assert status_of(pip, redirection, world) == 43
    assert canary.silent


def test_output_that_cannot_be_written_is_told(newest: World) -> None:
    pipgate = [str(newest.env.python), str(newest.env.root / "bin" / "pipgate")]
    told = newest.tmp / "told"
    assert status_of([*pipgate, "approvals"], f">/dev/full 2>{told}", newest) == 2
    assert "output-not-written" in told.read_text()
    assert "Traceback" not in told.read_text()
    assert status_of([*pipgate, "approvals"], ">&-", newest) == 0


def test_what_can_be_no_path(newest: World) -> None:
    tree = newest.project().tree(newest.tmp / "tree")
    install = ("install", "--target", str(newest.tmp / "t"))
    ended = newest.pipgate("--allow-build", "file:///%00", *install, str(tree))
    assert ended.status == 2, ended.text
    assert "cannot be a path" in ended.err
    assert "Traceback" not in ended.err
    assert newest.canary.silent
    named = newest.pipgate(*install, "file:///%00")
    assert named.status in {1, 2}, named.text
    assert "user_words" not in named.text, "what goes wrong goes wrong in pip"
