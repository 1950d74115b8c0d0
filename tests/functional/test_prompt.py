"""The question on the controlling terminal: each answer, what is no answer, and when nobody is asked."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
import unicodedata
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, here, on_both_ends
from functional.test_policy_files import user_policy
from support.environments import hermetic
from support.projects import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.world import World

QUESTION = b"[?] > "


def on_a_terminal(
    world: World,
    answers: list[bytes],
    *args: str,
    env: dict[str, str] | None = None,
    question: bytes = QUESTION,
    columns: int = 0,
    before: Callable[[int, int], None] = lambda _process, _terminal: None,
) -> tuple[int, str]:
    """Run pipgate on a terminal of its own; each answer is typed when the next question stands there.

    ``before`` is called ahead of each, with the process and the descriptor of its terminal.
    """
    variables = {**hermetic(world.home, world.index.url), "TERM": "dumb", **(env or {})}
    if env is None:
        del variables["CI"]
    script = str(world.env.root / "bin" / "pipgate")
    directory = str(here(world))
    process, master = pty.fork()
    if process == 0:  # pragma: no cover -- the child becomes pipgate
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell in the background ignores it, and so would we
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.chdir(directory)
        os.execve(str(world.env.python), [str(world.env.python), script, *args], variables)
    shown = _talk(master, answers, question, lambda: before(process, master))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown


def _talk(master: int, answers: list[bytes], question: bytes, before: Callable[[], None]) -> str:
    shown, asked, until = b"", 0, time.monotonic() + 90
    while time.monotonic() < until and select.select([master], [], [], 90)[0]:
        try:
            shown += os.read(master, 4096)
        except OSError:  # Linux reports the end of a terminal so
            break
        if shown.count(question) + shown.count(b"to stop --") > asked and asked < len(answers):
            time.sleep(0.2)  # what is typed before the question is dropped
            before()
            os.write(master, answers[asked])
            asked += 1
    os.close(master)
    return shown.decode("utf-8", "replace")


@on_both_ends
@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"\n", 43), (b"\x04", 43), (b"o\n", 43)])
def test_whether_an_older_wheel_is_taken(world: World, answer: bytes, status: int) -> None:
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    user_policy(world, 'on-older-wheel = "ask"\n')
    install = ("install", "--prefix", str(world.tmp / "t"), "thing")
    ended, shown = on_a_terminal(world, [answer], *install, question=b"(default) > ")
    assert ended == status, shown
    assert shown.count("Take the older wheel?") == 1
    assert bool(list(world.tmp.rglob("thing-1.4.dist-info"))) == (status == 0)
    ended, shown = on_a_terminal(world, [], *install, env={"CI": "true"})
    assert ended == 43, "nobody can be asked"
    assert world.canary.silent


@on_both_ends
@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"\n", 43)])
def test_whether_what_is_installed_steps_down(world: World, answer: bytes, status: int) -> None:
    target = world.tmp / "t"
    info = target / "thing-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 2.0\n")
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    install = ("install", "--target", str(target), "thing")
    ended, shown = on_a_terminal(world, [answer], *install, question=b"(default) > ")
    assert ended == status, shown
    assert "the installed 2.0 would be replaced by the older 1.4" in shown
    assert shown.count("Take the older wheel?") == 1
    assert (target / "thing.py").exists() == (status == 0)


@on_both_ends
def test_nobody_is_asked_about_one_release_after_the_other(world: World) -> None:
    """The newest is allowed and does not fit; what is next is not asked about, and the way out is told."""
    for version in ("1.0", "2.0", "3.0"):
        world.project("thing", version, requires=(f"other=={version}",)).sdist(world.index.root)
        make_wheel(world.index.root, "other", version)
    install = ("install", "--prefix", str(world.tmp / "t"), "thing", "other<2")
    ended, shown = on_a_terminal(world, [b"o\n", b"o\n", b"o\n"], *install)
    assert ended == 43, shown
    assert shown.count("would run its own code as you") == 1, shown
    assert "thing 3.0, which was allowed, does not fit" in " ".join(shown.split())
    assert "name the version that is to be built, such as thing==2.0" in " ".join(shown.split())
    ended, shown = on_a_terminal(world, [b"o\n"], *install[:3], "thing==1.0", "other<2")
    assert ended == 0, shown


@on_both_ends
@pytest.mark.parametrize("answer", [b"o\n", b"a\n"])
def test_a_build_requirement_of_two_is_asked_about_once(world: World, answer: bytes) -> None:
    world.project("tool").sdist(world.index.root)
    for name in ("first", "second"):
        world.project(name, build_requires=("tool",)).sdist(world.index.root)
    install = ("install", "--prefix", str(world.tmp / "t"), "first", "second")
    ended, shown = on_a_terminal(world, [b"o\n", b"o\n", answer, answer], *install)
    assert ended == 0, shown
    assert shown.count("tool 1.0 would run its own code") == 1, shown
    assert len(list(world.tmp.rglob("*.dist-info"))) >= 2


def install(world: World) -> tuple[str, ...]:
    return ("install", "--prefix", str(world.tmp / "t"), "evil")


@on_both_ends
@pytest.mark.parametrize(
    ("answers", "installed", "recorded"),
    [
        ([b"o\n"], True, False),
        ([b"once\n"], True, False),
        ([b"a\n"], True, True),
        ([b"n\n"], False, False),
        ([b"\n"], False, False),
        ([b"\x04"], False, False),
        ([b"\x03"], False, False),
        ([b"yes please\n", b"?\n", b"v\n", b"q\n", b"o\n"], True, False),
    ],
    ids=[
        "once",
        "once-in-full",
        "approve",
        "no",
        "enter",
        "end-of-input",
        "ctrl-c",
        "no-answer-help-view-once",
    ],
)
def test_each_answer(world: World, answers: list[bytes], installed: bool, recorded: bool) -> None:  # noqa: FBT001 -- a table
    sdist = world.project().sdist(world.index.root)
    status, shown = on_a_terminal(world, answers, *install(world))
    assert status == (0 if installed else 43), shown
    assert world.canary.silent != installed
    assert (here(world) / FILE).exists() == recorded
    assert "evil 1.0 would run its own code as you" in shown
    assert sdist.name in shown
    assert "sha256" in shown
    assert "Traceback" not in shown
    assert shown.count("would run its own code as you") == 1, "one question for one artifact"
    if b"v\n" in answers:
        assert 'build-backend = "backend"' in shown
    again, _ = on_a_terminal(world, [], *install(world), "--force-reinstall", env={"CI": "true"})
    assert again == (0 if recorded else 43)


@on_both_ends
@pytest.mark.parametrize("env", [{"CI": "true"}, {"CI": "1"}])
def test_nobody_is_asked_in_ci(world: World, env: dict[str, str]) -> None:
    world.project().sdist(world.index.root)
    status, shown = on_a_terminal(world, [], *install(world), env=env)
    assert status == 43
    assert QUESTION.decode() not in shown
    assert world.canary.silent


def test_stdin_is_not_the_terminal(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    ended = newest.pipgate(*install(newest), stdin="o\n" * 100, env={"CI": ""}, cwd=here(newest))
    assert ended.status == 43, ended.text
    assert newest.canary.silent


def test_after_a_no_nobody_is_asked_about_the_rest(newest: World) -> None:
    for name in ("evil", "worse"):
        info = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"
        newest.project(name, files={"PKG-INFO": info}).sdist(newest.index.root)
    status, shown = on_a_terminal(newest, [b"c\n", b"n\n"], *install(newest), "worse")
    assert status == 43
    assert shown.count("Run it?") == 1
    status, shown = on_a_terminal(newest, [b"c\n", b"o\n", b"o\n"], *install(newest), "worse")
    assert status == 0, shown
    assert shown.count("Run it?") == 2


def test_a_recorded_list_is_replaced_after_the_answer(newest: World) -> None:
    """What the build requires is resolved again once it was allowed at the prompt."""
    info = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
    files = {"PKG-INFO": info, "evil.egg-info/PKG-INFO": info, "evil.egg-info/requires.txt": ""}
    newest.project(requires=("good",), files=files).sdist(newest.index.root)
    info = "Metadata-Version: 2.2\nName: good\nVersion: 1.0\n"
    newest.project("good", files={"PKG-INFO": info}).sdist(newest.index.root)
    status, shown = on_a_terminal(newest, [b"o\n", b"o\n"], *install(newest))
    assert status == 0, shown
    assert "Successfully installed evil-1.0 good-1.0" in shown
    assert shown.count(QUESTION.decode()) == 2


FORGED = "x\u3000\u2800\u00a0\u3164" + "漢" * 40 + "  sha256        " + "a" * 64 + " \u0301\ufe0f\U000e0041"


@on_both_ends
@pytest.mark.parametrize("columns", [20, 60, 100])
def test_no_value_passes_for_a_row(world: World, columns: int) -> None:
    """On a terminal that wraps at its edge, the file has one sha256, and no line begins that is not ours."""
    lines = "Run it?  [o]nce" + " " * columns * 3 + "  sha256        " + "b" * 64 + "\r\x1b[2J\ttail"
    pyproject = f'[build-system]\nrequires = ["{FORGED}"]\nbuild-backend = "{FORGED}"\n# {lines}\n'
    pyproject = pyproject.replace("\r", "").replace("\x1b", "")  # TOML takes neither
    world.project(files={"pyproject.toml": pyproject, "setup.py": f"# {lines}\n"}).sdist(world.index.root)
    ended, shown = on_a_terminal(
        world, [b"v\n", b"\n", b"\n", b"\n", b"n\n"], *install(world), columns=columns
    )
    assert ended == 43, shown
    rows = on_screen(shown, columns)
    ours = [row for row in rows if row.startswith("  sha256") or row.strip() == "sha256"]
    assert len(ours) == 1, shown
    assert sum(row.startswith("Run it?") for row in rows) == shown.count("Run it?  [o]nce  [a]pprove")
    assert not any(character in shown for character in "\u3000\u2800\u00a0\u3164\u0301\ufe0f\U000e0041\x1b\t")
    assert world.canary.silent


@on_both_ends
@pytest.mark.parametrize("columns", [20, 60])
def test_no_value_passes_for_a_row_of_a_verb(world: World, columns: int) -> None:
    pyproject = f'[build-system]\nrequires = ["{FORGED}"]\nbuild-backend = "{FORGED}"\n'
    name = "r\u3000\u2800recorded in x; commit that file.txt"
    (here(world) / name).write_text("evil\n", encoding="utf-8")
    info = "Metadata-Version: 2.2\nName: evil\nVersion: 1.0\n"
    world.project(files={"pyproject.toml": pyproject, "PKG-INFO": info}).sdist(world.index.root)
    on_a_terminal(world, [], "install", "-r", name, env={"CI": "1"})
    waiting = on_a_terminal(world, [], "pending", columns=columns)[1]
    asked, shown = on_a_terminal(world, [], "approve", "-r", name, columns=columns)
    assert asked == 0, shown
    for text, ours in ((waiting, 1), (shown, 1)):
        rows = on_screen(text, columns)
        assert sum(row.startswith("  sha256") for row in rows) == ours, text
        assert not any(row.startswith(("recorded in x", "漢", "a" * 9)) for row in rows), text
        assert not any(character in text for character in "\u3000\u2800\u00a0\u3164\u0301\ufe0f"), text


def on_screen(shown: str, columns: int) -> list[str]:
    """Return the rows of a terminal that wraps at its edge, by the width that Unicode gives characters."""
    rows = []
    for line in shown.replace("\r\n", "\n").split("\n"):
        row, used = "", 0
        for character in line:
            wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if used + wide > columns:
                rows.append(row)
                row, used = "", 0
            row, used = row + character, used + wide
        rows.append(row)
    return rows
