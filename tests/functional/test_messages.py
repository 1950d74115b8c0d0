"""What a person and a program read: messages, statuses, the gate report."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from support.environments import hermetic
from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World


def block(newest: World, *args: str, **options: object) -> object:
    return newest.pipgate("install", "--prefix", str(newest.tmp / "t"), *args, **options)


def test_every_blocked_build_is_in_one_message(newest: World) -> None:
    for name in ("evil", "worse"):
        newest.project(name).sdist(newest.index.root)
    make_wheel(newest.index.root, "good", "1.5", requires=("worse",))
    (newest.tmp / "r.txt").write_text("evil\ngood\n")
    ended = block(newest, "-r", str(newest.tmp / "r.txt"))
    assert ended.status == 43
    assert "2 packages would have to run their own code" in ended.err
    assert f"required by -r {newest.tmp / 'r.txt'} (line 1)" in ended.err
    assert "required by good <- -r" in ended.err
    assert "No project code has run. Nothing was installed." in ended.err


def test_the_last_line_works_when_pasted(newest: World) -> None:
    for name in ("evil", "worse"):
        newest.project(name).sdist(newest.index.root)
    ended = block(newest, "evil", "worse>=0.5")
    command = ended.err.strip().splitlines()[-1].partition(": pipgate ")[2]
    pasted = newest.pipgate(*shlex.split(command))
    assert pasted.status == 0, pasted.text
    assert "Successfully installed evil-1.0 worse-1.0" in pasted.out


def test_a_url_that_needs_a_name_or_credentials(newest: World) -> None:
    url = newest.index.file_url(newest.project().sdist(newest.index.root))
    secret = url.replace("http://", "http://kim:secret@")
    make_wheel(newest.index.root, "good", "1.0", requires=(f"evil @ {secret}",))
    ended = block(newest, "good")
    assert ended.status == 43, ended.text
    assert "secret" not in ended.err
    command = ended.err.strip().splitlines()[-1].partition(": pipgate ")[2]
    assert newest.pipgate(*shlex.split(command)).status == 0


def test_gate_report(newest: World) -> None:
    sdist = newest.project().sdist(newest.index.root)
    ended = newest.pipgate(
        "--gate-report", str(newest.tmp / "r.json"), "wheel", "-w", str(newest.tmp), "evil"
    )
    report = json.loads((newest.tmp / "r.json").read_text())
    assert ended.status == report["status"] == 43
    assert report["schema"] == "pipgate/1"
    assert report["project_code_ran"] is False
    assert report["command"][:2] == ["pip", "wheel"]
    [request] = report["requests"]
    assert request["source"]["kind"] == "sdist"
    assert request["source"]["filename"] == sdist.name
    assert request["decision"] == {
        "allowed": False,
        "code": "needs-approval",
        "reason": "nobody has approved this build",
    }
    assert request["stopped"] is True


def test_gate_report_that_cannot_be_written(newest: World) -> None:
    ended = newest.pipgate("--gate-report", "/does/not/exist/r.json", "install", "--dry-run", "pip")
    assert ended.status == 2
    assert "report-not-written" in ended.err


@pytest.mark.parametrize(
    "args",
    [
        ["--allow-build"],
        ["--allow-build", "a b"],
        ["install", "x", "--allow-build", "x"],
        ["--allow-build=x==y z", "list"],
    ],
)
def test_wrong_use_of_our_own_options(newest: World, args: list[str]) -> None:
    ended = newest.pipgate(*args)
    assert ended.status == 2, ended.text
    assert "--allow-build" in ended.err
    assert "Traceback" not in ended.err


def test_hostile_text_is_shown_and_does_nothing(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    tree = newest.project("o\u202eurs\x1b[31m").tree(newest.tmp / "o\u202eurs\x1b[31m")
    make_wheel(newest.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}",))
    (newest.tmp / "r\x1b[2J.txt").write_text("evil\n")
    for args in (["good"], ["-r", str(newest.tmp / "r\x1b[2J.txt")]):
        ended = block(newest, *args)
        ours = ended.err[ended.err.index("error: build-not-approved") :]
        assert ended.status == 43
        assert "\x1b" not in ours
        assert "\u202e" not in ours
    assert "\\x1b[2J" in ours


def test_plain_characters_where_the_encoding_needs_them(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    ended = block(newest, "evil", env={"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C"})
    assert "\nx 1 package would" in ended.err
    assert "+-> evil 1.0" in ended.err
    ended.err.encode("ascii")


@pytest.mark.parametrize("flag", ["-q", "-qqq", "--no-color", "--debug"])
def test_quiet_keeps_the_block(newest: World, flag: str) -> None:
    newest.project().sdist(newest.index.root)
    ended = block(newest, flag, "evil")
    assert ended.status == 43
    assert "build-not-approved" in ended.err


def test_colour_only_where_it_is_wanted(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert "\x1b[1;31merror" in block(newest, "evil", env={"FORCE_COLOR": "1"}).err
    assert "\x1b" not in block(newest, "evil", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).err
    assert "\x1b" not in block(newest, "evil").err


def test_a_terminal_that_answers_nothing(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [str(newest.env.python), str(newest.env.root / "bin" / "pipgate"), "install", "evil"],
        env={**hermetic(newest.home, newest.index.url), "TERM": "xterm"},
        cwd=newest.home,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown, until = b"", time.monotonic() + 60
    while time.monotonic() < until and select.select([master], [], [], 60)[0]:
        try:
            shown += os.read(master, 4096)
        except OSError:  # noqa: PERF203 -- Linux reports the end of a terminal so
            break
    os.close(master)
    assert process.wait(60) == 43
    assert b"build-not-approved" in shown
    assert newest.canary.silent


def test_stdin_closed_and_stderr_closed(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    line = f"exec {shlex.quote(str(newest.env.python))} {shlex.quote(str(newest.env.root / 'bin' / 'pipgate'))} install evil"
    for closed in ("<&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{line} {closed}"],
            env=hermetic(newest.home, newest.index.url),
            cwd=newest.home,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 43, done
        assert newest.canary.silent


def test_a_pip_error_beside_a_block(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    ended = block(newest, "evil", "nothing-like-this")
    assert ended.status == 43
    assert "No matching distribution found for nothing-like-this" in ended.err
    assert "evil 1.0" in ended.err
