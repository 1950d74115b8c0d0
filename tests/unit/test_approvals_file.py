"""The approvals file is read whole, and written or left as it was."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from pipgate.approvals import Approvals
from pipgate.approvals_file import change, read_approvals
from pipgate.approvals_text import added
from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.origin import Layer
from support.approval_files import OLD, add, names_in, revocation, started

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


def is_as_it_was(path: Path) -> bool:
    return path.read_text() == OLD and list(path.parent.iterdir()) == [path]


def test_no_file_has_no_entries(path: Path) -> None:
    path.unlink()
    assert read_approvals(str(path), Layer.USER) == Approvals()


@pytest.mark.parametrize("what", ["link", "pipe", "directory", "device"])
def test_what_is_no_plain_file_is_an_error_at_once(path: Path, what: str) -> None:
    path.unlink()
    make = {
        "link": lambda: path.symlink_to(path.parent / "nowhere"),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "device": lambda: path.symlink_to("/dev/zero"),
    }
    make[what]()
    with pytest.raises(PolicyError, match=r"cannot be read: [iI][ts] "):
        read_approvals(str(path), Layer.USER)


def test_line_ends_and_bom_are_read(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + added(None, revocation("a")).replace("\n", "\r\n").encode())
    add(path, "b")
    assert names_in(path) == {"a", "b"}
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == data.count(b"\n")


def test_an_entry_knows_its_file(path: Path) -> None:
    path.write_text(added(None, revocation("a")))
    found = read_approvals(str(path), Layer.USER).revoked[0].origin
    assert found.layer is Layer.USER
    assert found.file == str(path)
    assert '"a"' in path.read_text().splitlines()[(found.line or 0) - 1]


def test_what_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        read_approvals(str(path.parent), Layer.PROJECT)
    with pytest.raises(PolicyError, match="cannot be read: Not a directory"):
        read_approvals(str(path / "below"), Layer.PROJECT)
    with pytest.raises(PolicyError, match="cannot be read"):
        read_approvals("a\0b", Layer.PROJECT)
    path.write_bytes(b"version = 1\n# \xff\n")
    with pytest.raises(PolicyError, match=f"{path}:2: the file is not UTF-8"):
        read_approvals(str(path), Layer.PROJECT)
    monkeypatch.setattr("builtins.open", _refused)
    with pytest.raises(PolicyError, match="cannot be read: Permission denied"):
        read_approvals(str(path), Layer.PROJECT)


def _refused(*_args: object, **_options: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_a_new_file_has_the_bits_of_any_new_file(path: Path) -> None:
    path.unlink()
    mask = os.umask(0o027)
    try:
        add(path, "a")
    finally:
        os.umask(mask)
    assert names_in(path) == {"a"}
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_bits_of_the_old_file_stay(path: Path) -> None:
    path.chmod(0o666)
    add(path, "a")
    assert path.stat().st_mode & 0o777 == 0o666
    assert list(path.parent.iterdir()) == [path]


def test_a_link_is_followed_and_kept(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    add(link, "a")
    assert link.is_symlink()
    assert not path.is_symlink()
    assert names_in(path) == {"a"}


def test_what_does_not_change_is_not_written(path: Path) -> None:
    before = path.stat()
    change(str(path), lambda text: text or "")
    assert path.stat().st_ino == before.st_ino
    path.unlink()
    change(str(path), lambda text: text or "")
    assert not path.exists()


def test_the_lock_lies_in_the_state_of_the_user(
    path: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(path, "a")
    (lock,) = (state / "pipgate" / "locks").iterdir()
    assert len(lock.name) == 64
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for value in ("relative", ""):
        monkeypatch.setenv("XDG_STATE_HOME", value)
        add(path, f"b{value}")
    assert [each.name for each in (tmp_path / "home/.local/state/pipgate/locks").iterdir()] == [lock.name]


def test_a_read_only_file_stays(path: Path) -> None:
    path.chmod(0o444)
    with pytest.raises(FileNotWrittenError, match="it is read-only"):
        add(path, "a")
    assert is_as_it_was(path)
    assert path.stat().st_mode & 0o777 == 0o444


def test_an_edit_that_fails_changes_nothing(path: Path) -> None:
    path.write_text("=======\n")
    with pytest.raises(PolicyError):
        add(path, "a")
    assert path.read_text() == "=======\n"
    with pytest.raises(PolicyError, match="Is a directory"):
        add(path.parent, "a")


def test_no_place_to_write(path: Path, state: Path) -> None:
    with pytest.raises(FileNotWrittenError, match="No such file or directory"):
        add(path.parent / "missing" / "approvals.toml", "a")
    shutil.rmtree(state)
    state.write_text("a file where the directory of the locks should be")
    with pytest.raises(FileNotWrittenError, match="its lock cannot be taken"):
        add(path, "a")
    assert is_as_it_was(path)


@pytest.mark.parametrize("call", ["open", "fdopen", "fsync", "fchmod", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_call_that_fails_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    real = getattr(os, call)

    def failing(*arguments: object, **options: object) -> object:
        if call == "open" and ".tmp" not in str(arguments[0]):
            return real(*arguments, **options)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(f"os.{call}", failing)
    with pytest.raises(FileNotWrittenError, match=os.strerror(code)):
        add(path, "a")
    assert is_as_it_was(path)


def test_a_full_disk(path: Path) -> None:
    script = """
    import resource, sys
    from pipgate.approvals_file import change
    from pipgate.errors import FileNotWrittenError
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        change(sys.argv[1], lambda text: text + "#" * 200_000 + "\\n")
    except FileNotWrittenError as error:
        print(error.message)
    """
    printed, errors = started(script, str(path)).communicate()
    assert b"was not written: File too large" in printed, errors
    assert is_as_it_was(path)


def test_an_interrupt_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add(path, "a")
    assert is_as_it_was(path)


def test_a_directory_that_cannot_be_flushed_is_no_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[bool] = []
    real = os.fsync

    def only_files(descriptor: int) -> None:
        flushed.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        if flushed[-1]:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(descriptor)

    monkeypatch.setattr("os.fsync", only_files)
    add(path, "a")
    assert flushed == [False, True], "first the file, then its directory"
    assert names_in(path) == {"a"}
