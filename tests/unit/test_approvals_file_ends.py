"""The approvals file is the old one or the new one, whole, whoever writes and whatever ends them."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from support.approval_files import OLD, add, names_in, started

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(directory))
    return directory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    file = tmp_path / "project" / "approvals.toml"
    file.write_text(OLD)
    return file


WRITER = """
import sys, time
from support.approval_files import added, change, revocation
def edit(text, name):
    time.sleep(0.002)  # the time in which another would read the same
    return added(text, revocation(name))
print("ready", flush=True)
sys.stdin.readline()
for number in range(30):
    change(sys.argv[1], lambda text: edit(text, f"{sys.argv[2]}{number}"))
"""


@pytest.mark.parametrize("exists", [True, False])
def test_two_writers_lose_nothing(path: Path, exists: bool) -> None:  # noqa: FBT001 -- a row of the table
    if not exists:
        path.unlink()
    link = path.parent / "link.toml"
    link.symlink_to(path)
    writers = [started(WRITER, str(path), "a"), started(WRITER, str(link), "b")]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
    assert names_in(path) == {f"{which}{number}" for which in "ab" for number in range(30)}


KILLED = """
import os, signal, sys
from support.approval_files import added, change, revocation
call, when = sys.argv[2:]
real = getattr(os, call)
def killed(*arguments, **options):
    if call != "open" or ".tmp" in str(arguments[0]):
        if when == "after":
            real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)
setattr(os, call, killed)
change(sys.argv[1], lambda text: added(text, revocation("a")))
"""


@pytest.mark.parametrize("call", ["open", "fdopen", "fchmod", "fsync", "replace"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_a_step(path: Path, call: str, when: str) -> None:
    writer = started(KILLED, str(path), call, when)
    writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    assert names_in(path) == ({"a"} if (call, when) == ("replace", "after") else set())
    add(path, "b")
    assert "b" in names_in(path), "nobody holds the lock"


ENDLESS = """
import itertools, sys
from pipgate.approvals_file import change
print("ready", flush=True)
for number in itertools.count():
    change(sys.argv[1], lambda text: "version = 1\\n" + f"# {number % 10}\\n" * 100_000 + "revoked = []\\n")
"""


def test_a_kill_at_any_moment(path: Path) -> None:
    for turn in range(12):
        writer = started(ENDLESS, str(path))
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(turn * 0.004)
        writer.kill()
        writer.communicate()
        lines = path.read_text().splitlines()
        assert lines == ["version = 1"] or (len(set(lines)), len(lines), lines[-1]) == (
            3,
            100_002,
            "revoked = []",
        )
    assert path.stat().st_size > len(OLD), "some of the writers have written"
