"""One question about a whole plan of builds: its answers, what is not among the asked, and plans of any size."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shlex
import signal
import struct
import termios
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, here, on_both_ends, run
from functional.test_policy_files import user_policy
from functional.test_prompt import on_a_terminal, on_screen
from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World

ANY = b" > "  # all our questions end so
TOGETHER = "Run all"
ONE = "Run it?"


def plan(world: World, *names: str) -> tuple[str, ...]:
    """Put sdists on the index whose files say what they require, and return the command that needs them all."""
    for name in names:
        info = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"
        world.project(name, files={"PKG-INFO": info}).sdist(world.index.root)
    return ("install", "--prefix", str(world.tmp / "t"), *names)


def ask(world: World, answers: list[bytes], *args: str, **options: object) -> tuple[int, str]:
    status, shown = on_a_terminal(world, answers, *args, question=ANY, **options)  # type: ignore[arg-type]  # the options of that
    assert "Traceback" not in shown, shown
    return status, shown


def unwrapped(shown: str) -> str:
    return " ".join(shown.split())


def installed(world: World) -> set[str]:
    return {path.name.partition("-")[0] for path in (world.tmp / "t").rglob("*.dist-info")}


def recorded(world: World) -> str:
    file = here(world) / FILE
    return file.read_text() if file.exists() else ""


NAMES = ("evil", "third", "worse")


@on_both_ends
@pytest.mark.parametrize(
    ("answers", "status", "together", "one"),
    [
        ([b"o\n"], 0, 1, 0),
        ([b"a\n"], 0, 1, 0),
        ([b"\n"], 43, 1, 0),
        ([b"none\n"], 43, 1, 0),
        ([b"\x03"], 43, 1, 0),
        ([b"\x04"], 43, 1, 0),
        ([b"c\n", b"o\n", b"a\n", b"o\n"], 0, 1, 3),
        ([b"c\n", b"o\n", b"n\n"], 43, 1, 2),
        ([b"yes\n", b"all\n", b"4\n", b"v 4\n", b"v 0\n", b"d\n", b"?\n", b"o\n"], 0, 8, 0),
    ],
    ids=["once", "approve", "enter", "none", "ctrl-c", "end", "choose", "choose-no", "no-answers"],
)
def test_one_question_for_a_plan(
    world: World, answers: list[bytes], status: int, together: int, one: int
) -> None:
    ended, shown = ask(world, answers, *plan(world, *NAMES))
    assert ended == status, shown
    assert shown.count(TOGETHER) == together, shown
    assert shown.count(ONE) == one, shown
    assert all(
        re.search(rf"^  +{n}  {name} 1\.0  {name}-1\.0\.tar\.gz", shown, re.MULTILINE)
        for n, name in enumerate(NAMES, 1)
    )
    assert installed(world) == (set(NAMES) if status == 0 else set())
    assert world.canary.silent == (status == 43)
    approved = set(re.findall(r'name = "(\w+)"', recorded(world)))
    assert approved == (set(NAMES) if b"a\n" in answers[:1] else {"third"} if b"a\n" in answers else set())


@on_both_ends
def test_an_approval_of_all_is_one_write_and_holds(world: World) -> None:
    install = plan(world, *NAMES)
    status, shown = ask(world, [b"a\n"], *install)
    assert status == 0, shown
    assert unwrapped(shown).count("Recorded in ") == 1
    hashes = {
        hashlib.sha256((world.index.root / f"{name}-1.0.tar.gz").read_bytes()).hexdigest() for name in NAMES
    }
    assert set(re.findall(r'sha256 = "(\w+)"', recorded(world))) == hashes
    again, shown = ask(world, [], *install, "--force-reinstall", env={"CI": "true"})
    assert again == 0, shown


@on_both_ends
def test_what_is_decided_is_not_among_the_asked(world: World) -> None:
    install = plan(world, *NAMES, "known")
    assert run(world, "approve", "known==1.0").status == 0
    status, shown = ask(world, [b"o\n"], *install)
    assert status == 0, shown
    assert "Run all 3?" in shown
    assert "known 1.0  " not in shown
    assert run(world, "deny", "third").status == 0
    status, shown = ask(world, [], *install, "--force-reinstall")
    assert status == 43
    assert ANY.decode() not in shown, "a plan that cannot be carried out"
    assert "third was denied" in unwrapped(shown)


@on_both_ends
def test_a_build_requirement_found_while_building_is_asked_about_later(world: World) -> None:
    world.project("tool").sdist(world.index.root)
    for name in ("first", "second"):
        info = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"
        world.project(name, build_requires=("tool",), files={"PKG-INFO": info}).sdist(world.index.root)
    install = ("install", "--prefix", str(world.tmp / "t"), "first", "second")
    status, shown = ask(world, [b"o\n", b"o\n"], *install)
    assert status == 0, shown
    assert shown.count(TOGETHER) == 1
    assert shown.count(ONE) == 1
    assert "tool 1.0 would run its own code" in shown


@on_both_ends
@pytest.mark.parametrize(
    ("names", "answers", "reason"),
    [
        (("evil",), [b"d\n", b"SEC-120\n"], "SEC-120"),
        (("evil",), [b"deny\n", b"\n"], None),
        (NAMES, [b"d 1\n", b"SEC-120\n"], "SEC-120"),
    ],
    ids=["one", "without-reason", "of-a-plan"],
)
def test_a_denial_at_the_prompt(
    world: World, names: tuple[str, ...], answers: list[bytes], reason: str | None
) -> None:
    install = plan(world, *names)
    status, shown = ask(world, answers, *install)
    assert status == 43, shown
    assert world.canary.silent
    assert "evil was denied by" in unwrapped(shown)
    assert "pipgate undeny evil" in shown
    assert reason is None or f": {reason} (" in unwrapped(shown)
    assert re.search(
        r'^  \{ name = "evil", by = ', recorded(world).partition("revoked = [")[2], re.MULTILINE
    ), recorded(world)
    assert "evil" not in run(world, "pending").out
    status, shown = ask(world, [], *install)
    assert status == 43
    assert ANY.decode() not in shown
    assert run(world, "undeny", "evil").status == 0
    status, shown = ask(world, [b"o\n"], *install)
    assert status == 0, shown


@on_both_ends
def test_a_denial_is_not_made_in_haste(world: World) -> None:
    """Ctrl-C at the question for a reason denies nothing; neither does a reason that cannot be kept."""
    status, shown = ask(world, [b"d\n", b"\x03", b"d\n", b"a\x16\x07b\n", b"n\n"], *plan(world, "evil"))
    assert status == 43
    assert not recorded(world)
    assert "somebody at the terminal said no" in shown
    assert "It was not recorded" in shown


def test_the_command_that_takes_a_denial_back_names_the_file(newest: World) -> None:
    file = newest.tmp / "else where" / "a.toml"
    file.parent.mkdir()
    file.write_text("version = 1\n")
    status, shown = ask(newest, [b"d\n", b"\n"], "--approvals", str(file), *plan(newest, "evil"), columns=200)
    assert status == 43, shown
    assert not recorded(newest)
    [command] = re.findall(r"^To take that back: pipgate (.*)\r$", shown, re.MULTILINE)
    assert run(newest, *shlex.split(command)).status == 0
    assert "evil" not in file.read_text()


def test_a_policy_that_wants_a_reason_gets_one(newest: World) -> None:
    user_policy(newest, "require-reason = true\n")
    install = plan(newest, "evil", "worse")
    status, shown = ask(newest, [b"a\n", b"\n", b"a\n", b"read it\n"], *install)
    assert status == 0, shown
    assert recorded(newest).count('reason = "read it"') == 2
    assert ask(newest, [], *install, "--force-reinstall", env={"CI": "1"})[0] == 0


def test_all_or_nothing_is_recorded(newest: World) -> None:
    """A directory has no bytes that an approval could hold it to."""
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {"pyproject.toml": f'{system}[project]\nname = "evil"\nversion = "1.0"\n'}
    tree = newest.project(files=files).tree(newest.tmp / "tree")
    make_wheel(newest.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}", "worse"))
    plan(newest, "worse")
    status, shown = ask(newest, [b"a\n", b"n\n"], "install", "--prefix", str(newest.tmp / "t"), "good")
    assert status == 43, shown
    assert "It was not recorded: evil: a directory" in unwrapped(shown)
    assert not recorded(newest)


@pytest.mark.parametrize("columns", [20, 80])
def test_a_large_plan_keeps_to_a_screen(newest: World, columns: int) -> None:
    names = [f"p{number:03}-漢字" if number == 7 else f"p{number:03}" for number in range(200)]
    names = [name.replace("漢字", "x" * 90) for name in names]
    install = plan(newest, *names)
    status, shown = ask(
        newest, [b"v\n", b"\n", b"q\n", b"v 150\n", b"q\n", b"n\n"], *install, columns=columns
    )
    assert status == 43, shown[-3000:]
    asked = shown.partition("Run all")[0]
    rows = on_screen(asked[asked.index("200 packages") :], columns)
    assert len(rows) <= 23, rows
    assert "and 18" in asked, "how many are not shown"
    assert shown.count("to stop --") >= 2
    assert "p149-1.0.tar.gz" in shown
    assert newest.canary.silent


def stopped_and_continued(process: int, _terminal: int) -> None:
    os.kill(process, signal.SIGSTOP)
    assert os.WIFSTOPPED(os.waitpid(process, os.WUNTRACED)[1])
    os.kill(process, signal.SIGCONT)


@on_both_ends
@pytest.mark.parametrize("answers", [[b"v\n", b"o\n"], [b"a\x1av\n", b"n\x1ao\n"]], ids=["stopped", "ctrl-z"])
def test_the_question_outlives_a_stop(world: World, answers: list[bytes]) -> None:
    """What was typed before Ctrl-Z is dropped by the terminal: it answers nothing."""
    status, shown = ask(world, answers, *plan(world, *NAMES), before=stopped_and_continued)
    assert status == 0, shown
    assert shown.count(TOGETHER) == 2
    assert not recorded(world)


def narrowed(_process: int, terminal: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))


@on_both_ends
def test_the_window_is_measured_again(world: World) -> None:
    names = ("evil-with-a-rather-long-name", "worse-with-a-rather-long-name")
    status, shown = ask(world, [b"v\n", b"n\n"], *plan(world, *names), columns=100, before=narrowed)
    assert status == 43, shown
    first, _, second = shown.partition("> v\r\n")
    assert any(len(line) > 60 for line in first.splitlines() if line.startswith("  1  evil"))
    assert all(
        len(line) <= 30 for line in second.splitlines() if line.startswith(("  1  evil", "  2  worse"))
    )
    assert second.startswith("  1  evil")


@on_both_ends
@pytest.mark.parametrize("resolver", [(), ("--use-deprecated=legacy-resolver",)], ids=["new", "legacy"])
def test_one_file_of_many_requirements_is_listed_once(world: World, resolver: tuple[str, ...]) -> None:
    info = "Metadata-Version: 2.2\nName: evil\nVersion: 1.0\n"
    install = plan(world, "evil", "worse")
    world.project(files={"PKG-INFO": info, "more.txt": "other bytes"}).zip_sdist(world.index.root)
    for name in ("one", "two"):
        make_wheel(
            world.index.root, name, "1.0", requires=(f"evil[{'x' if name == 'one' else 'y'}]", "worse")
        )
    status, shown = ask(world, [b"o\n"], *install, *resolver, "one", "two")
    assert status == 0, shown
    assert "Run all 2?" in shown
    assert len(re.findall(r"^  [12]  evil 1\.0  evil-1\.0\.", shown, re.MULTILINE)) == 1


FORGED = "x\u3000\u2800\u00a0\u3164" + "漢" * 40 + "  sha256        " + "a" * 64 + "\r\x1b[2J\u202e"


@on_both_ends
@pytest.mark.parametrize("columns", [20, 60, 100])
def test_nothing_passes_for_a_line_of_the_list(world: World, columns: int) -> None:
    name = here(world) / ("r" + FORGED.replace("\r", "") + "\n  9  good 1.0  ")
    plan(world, "evil", "worse")
    name.write_text("evil\nworse\n", encoding="utf-8")
    install = ("install", "--prefix", str(world.tmp / "t"), "-r", str(name))
    status, shown = ask(world, [b"v 1\n", b"q\n", b"n\n"], *install, columns=columns)
    assert status == 43, shown
    asked = shown[shown.index("2 packages would") : shown.index("Run all")]  # pip shows names as they are
    assert not any(character in asked for character in "\u3000\u2800\u00a0\u3164\u202e\x1b")
    rows = on_screen(asked, columns)
    assert [row[:9] for row in rows if re.match(r"^  +\d", row)] == ["  1  evil", "  2  wors"]
    ours = [row for row in on_screen(shown, columns) if row.startswith("  sha256")]
    assert len(ours) == 1, "of the one that was viewed"


def test_the_answer_reaches_the_children_and_the_report(newest: World) -> None:
    """A build requirement that is itself in the plan is not asked about again by the pip that installs it."""
    info = "Metadata-Version: 2.2\nName: first\nVersion: 1.0\n"
    install = plan(newest, "tool")
    newest.project("first", build_requires=("tool",), files={"PKG-INFO": info}).sdist(newest.index.root)
    report = newest.tmp / "report.json"
    status, shown = ask(newest, [b"o\n"], "--gate-report", str(report), *install, "first")
    assert status == 0, shown
    assert shown.count(ANY.decode()) == 1
    told = json.loads(report.read_text())["requests"]
    assert {each["decision"]["code"] for each in told} == {"allowed-once"}


@pytest.mark.parametrize("yes", [b"o\n", b"a\n"])
def test_a_yes_for_a_build_requirement_is_none_for_the_settings_of_a_file(newest: World, yes: bytes) -> None:
    newest.project("tool").sdist(newest.index.root)
    newest.project("first", build_requires=("tool",)).sdist(newest.index.root)
    assert run(newest, "approve", "first==1.0").status == 0
    (here(newest) / "r.txt").write_text("first==1.0\ntool==1.0 --config-settings=--compiler=./evil\n")
    install = ("install", "--prefix", str(newest.tmp / "t"), "-r", "r.txt")
    status, shown = ask(newest, [yes, b"n\n"], *install)
    assert status == 43, shown
    assert shown.count(ONE) == 2
    assert "--compiler=./evil" in unwrapped(shown).partition(ONE)[2]
    assert "--compiler" not in newest.canary.path.read_text()


def test_the_settings_of_a_file_are_shown_of_each_build(newest: World) -> None:
    names = ("aa", "bb", "cc", "dd", "ee")
    plan(newest, *names)
    padded = " ".join(f"--config-settings=harmless{number}=1" for number in range(20))
    lines = [f"{name}==1.0 {padded} --config-settings=end-{name}=./evil" for name in names]
    (here(newest) / "r.txt").write_text("\n".join(lines))
    install = ("install", "--prefix", str(newest.tmp / "t"), "-r", "r.txt")
    status, shown = ask(newest, [b"v\n", *[b"\n"] * 6], *install, columns=100)
    assert status == 43, shown
    asked, _, viewed = shown.partition(TOGETHER)
    blocked = run(newest, *install)
    assert blocked.status == 43, blocked.text
    for text in (asked, viewed, blocked.err):
        assert all(f"end-{name}=./evil" in unwrapped(text) for name in names), text


@on_both_ends
@pytest.mark.parametrize(
    ("answers", "approved"),
    [
        ([b"1 3\n"], {"evil", "worse"}),
        ([b"9\n", b"-1\n", b"x\n", b"2\n"], {"third"}),
        ([b"all\n"], set(NAMES)),
        ([b"\n"], set()),
        ([b"none\n"], set()),
        ([b"\x03"], set()),
        ([b"\x04"], set()),
    ],
)
def test_approve_offers_what_is_pending(world: World, answers: list[bytes], approved: set[str]) -> None:
    install = plan(world, *NAMES)
    assert run(world, *install).status == 43
    status, shown = ask(world, answers, "approve")
    assert status == 0, shown
    assert [line[:13] for line in shown.splitlines() if re.match("  [1-3]  ", line)] == [
        "  1  evil 1.0",
        "  2  third 1.0"[:13],
        "  3  worse 1.0"[:13],
    ]
    assert set(re.findall(r'name = "(\w+)"', recorded(world))) == approved
    assert shown.count("sha256  ") == len(approved), "what is approved is shown"
    assert ("Nothing was approved." in shown) == (not approved)
    assert world.canary.silent
    assert run(world, *install).status == (0 if approved == set(NAMES) else 43)


@on_both_ends
def test_approve_says_what_is_pending_where_nobody_can_be_asked(world: World) -> None:
    nothing = run(world, "approve")
    assert nothing.status == 2
    assert "nothing is pending here" in nothing.err
    install = plan(world, *NAMES)
    assert run(world, *install).status == 43
    ended = run(world, "approve")
    assert ended.status == 2, ended.text
    assert all(f" {name} 1.0\n" in ended.err for name in NAMES)
    [command] = re.findall(r"decided on: pipgate (.*)", ended.err)
    assert run(world, *command.split()).status == 0
    assert run(world, *install).status == 0


def test_what_is_decided_on_is_not_offered(newest: World) -> None:
    install = plan(newest, "evil", "worse")
    assert run(newest, "approve", "evil==1.0", "--sha256", "a" * 64).status == 0
    user_policy(newest, "require-reason = true\n")
    plan(newest, "third")
    assert run(newest, *install, "third").status == 43
    before = recorded(newest)
    status, shown = ask(newest, [b"all\n", b"\n"], "approve")
    assert status == 2, shown
    assert recorded(newest) == before
    status, shown = ask(newest, [b"all\n", b"read them\n"], "approve")
    assert status == 0, shown
    assert "evil 1.0" not in shown.partition("Approve which")[0]
    assert recorded(newest).count('reason = "read them"') == 2
