"""Files that somebody else swaps for links while they are changed: nothing but the file itself is touched."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from pipgate import approvals_file, state_files, whole_files
from pipgate.adoption import environment_hook
from pipgate.errors import FileNotWrittenError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STRANGER = 4711


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Return a file that must stay as it is, though whoever runs pipgate may change it."""
    path = tmp_path / "victim"
    path.write_text("secret")
    path.chmod(0o600)
    return path


def untouched(victim: Path) -> bool:
    found = victim.lstat()
    return (
        victim.read_text() == "secret"
        and stat.S_IMODE(found.st_mode) == 0o600
        and found.st_uid == os.getuid()
    )


def in_between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something when the new file has been written and before it is put in place."""
    original, done = os.fsync, []

    def fsync(descriptor: int) -> None:
        original(descriptor)
        if not done:
            done.append(descriptor)
            act()

    monkeypatch.setattr(os, "fsync", fsync)


def test_the_new_file_swapped_for_a_link(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "dir" / "approvals.toml"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o666)
    if os.getuid() == 0:
        os.chown(target, STRANGER, STRANGER)  # as root in the directory of somebody else

    def swap() -> None:
        [temporary] = target.parent.glob(".pipgate-*.tmp")
        temporary.unlink()
        temporary.symlink_to(victim)

    in_between(monkeypatch, swap)
    with pytest.raises(OSError, match="somebody has changed it"):
        whole_files.replace_file(str(target), b"new")
    assert untouched(victim)
    assert not target.is_symlink()
    assert target.read_text() == "old"


def test_the_directory_swapped_for_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, other = tmp_path / "dir", tmp_path / "other"
    place.mkdir()
    other.mkdir()
    (other / "file").write_text("secret")

    def swap() -> None:
        place.rename(tmp_path / "moved")
        place.symlink_to(other)

    in_between(monkeypatch, swap)
    whole_files.replace_file(str(place / "file"), b"new")
    assert (other / "file").read_text() == "secret"
    assert [each.name for each in other.iterdir()] == ["file"]
    assert (tmp_path / "moved" / "file").read_text() == "new", "where it was resolved to"


def test_a_directory_swapped_while_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, other = tmp_path / "dir" / "below", tmp_path / "other"
    place.mkdir(parents=True)
    (other / "below").mkdir(parents=True)
    original = whole_files._below

    def below(descriptor: int, part: str) -> int:
        if part == "dir" and not (tmp_path / "moved").exists():
            place.parent.rename(tmp_path / "moved")
            place.parent.symlink_to(other)
        return original(descriptor, part)

    monkeypatch.setattr(whole_files, "_below", below)
    with pytest.raises(OSError, match="'dir'"):
        whole_files.replace_file(str(place / "file"), b"new")
    assert list((other / "below").iterdir()) == []


@pytest.mark.parametrize("old", [0o600, 0o640, 0o644])
def test_the_mode_is_never_wider_than_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: int
) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    target.chmod(old)
    seen: list[int] = []
    original = os.fdopen

    def fdopen(descriptor: int, *args: str) -> object:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return original(descriptor, *args)

    monkeypatch.setattr(os, "fdopen", fdopen)
    mask = os.umask(0)
    try:
        whole_files.replace_file(str(target), b"new")
        whole_files.replace_file(str(tmp_path / "made"), b"new", mode=0o600)
    finally:
        os.umask(mask)
    assert seen == [0o600, 0o600], "before a byte is in it"
    assert stat.S_IMODE(target.stat().st_mode) == old
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600


def test_a_group_that_cannot_be_kept_gets_no_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refuse)
    with (tmp_path / "file").open("w") as file:
        old = os.stat_result((0o104664, 0, 0, 1, os.getuid(), STRANGER, 0, 0, 0, 0))
        assert whole_files._give_to_the_owner(file.fileno(), old) == 0o644
        old = os.stat_result((0o104660, 0, 0, 1, os.getuid(), STRANGER, 0, 0, 0, 0))
        assert whole_files._give_to_the_owner(file.fileno(), old) == 0o600


def test_what_is_no_plain_file_is_left(tmp_path: Path, victim: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(victim)
    os.mkfifo(pipe)
    for place, word in ((link, "link"), (pipe, "plain file"), (tmp_path, "plain file")):
        with pytest.raises(OSError, match=word):
            whole_files.replace_file(str(place), b"new", mode=0o644)
    assert untouched(victim)
    assert link.is_symlink()
    assert [each for each in tmp_path.iterdir() if each.suffix == ".tmp"] == []


def test_a_hard_link_is_parted_from_the_other(tmp_path: Path, victim: Path) -> None:
    os.link(victim, tmp_path / "file")
    whole_files.replace_file(str(tmp_path / "file"), b"new")
    assert untouched(victim)
    assert (tmp_path / "file").read_text() == "new"


def test_a_name_that_can_be_foreseen_is_not_written_to(tmp_path: Path, victim: Path) -> None:
    for name in ("trusted.json", "_pipgate_hook.py"):
        (tmp_path / f"{name}.{os.getpid()}").symlink_to(victim)
    state_files.write_json(str(tmp_path / "trusted.json"), {})
    environment_hook._put(tmp_path / "_pipgate_hook.py", "text\n")
    assert untouched(victim)
    assert (tmp_path / "trusted.json").read_text() == "{}"
    assert (tmp_path / "_pipgate_hook.py").read_text() == "text\n"


def test_a_lock_that_is_a_link_is_not_taken(tmp_path: Path, victim: Path) -> None:
    with state_files.locked("x", str(tmp_path)):
        [lock] = (tmp_path / "locks").iterdir()
    lock.unlink()
    lock.symlink_to(tmp_path / "made")
    with pytest.raises(OSError, match=lock.name), state_files.locked("x", str(tmp_path)):
        pass
    assert not (tmp_path / "made").exists()
    assert untouched(victim)


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("through_own", [False, True])
def test_a_strangers_link_is_not_followed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    above: bool,  # noqa: FBT001 -- a table
    through_own: bool,  # noqa: FBT001 -- same
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "approvals.toml").write_text("")
    named = tmp_path / "project" / "sub" / "approvals.toml"
    named.parent.parent.mkdir()
    link, leads = (named.parent, other) if above else (named, other / "approvals.toml")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(leads)
    if through_own:
        (tmp_path / "own").symlink_to(named)

    def of_whom(uid: int) -> None:
        if os.getuid() == 0:
            os.lchown(link, uid, -1)
        else:  # what is one's own is a stranger's for somebody else
            monkeypatch.setattr(os, "geteuid", lambda: uid)

    of_whom(STRANGER)
    path = str(tmp_path / "own" if through_own else named)
    with pytest.raises(FileNotWrittenError, match="somebody else has made"):
        approvals_file.change(path, lambda _: "new")
    assert (other / "approvals.toml").read_text() == ""
    of_whom(os.getuid())
    approvals_file.change(path, lambda _: "new")
    assert (other / "approvals.toml").read_text() == "new", "one's own is followed, and kept"
    assert link.is_symlink()


def test_links_without_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        whole_files.resolved(str(tmp_path / "a" / "file"))


def test_resolved_is_what_the_system_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/deep")
    monkeypatch.chdir(tmp_path)
    for path in ("link/../x", "./link//y", "link", "gone/z", str(tmp_path / "link" / ".." / ".." / "w"), "."):
        assert whole_files.resolved(path) == os.path.realpath(path)
