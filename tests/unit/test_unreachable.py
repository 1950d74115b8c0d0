"""Settings that this user cannot reach: those of others are passed by, one's own end a run, and all is said."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipgate import gate_opening, pip_conf, policy_places, user_directories
from pipgate.errors import PolicyError
from pipgate.policy_places import ignored, named
from pipgate.rulebook import load_rulebook
from pipgate.settings import parse_settings

if TYPE_CHECKING:
    from pipgate.rulebook import Rulebook

DENY = 'version = 1\ndeny = ["evil"]\n'
SOMEBODY = 70001


class Closed:
    """A directory that this process may not search, as far as the code can see."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = ""
        for name in ("open", "stat", "lstat"):
            monkeypatch.setattr(os, name, self._without_search(getattr(os, name)))
        access = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode, **more: path != self.directory and access(path, mode, **more)
        )

    def _without_search(self, original: Any) -> Any:
        def instead(path: Any, *args: Any, **more: Any) -> Any:
            inside = f"{self.directory}/"
            if self.directory and isinstance(path, (str, Path)) and str(path).startswith(inside):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return original(path, *args, **more)

        return instead


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Closed:
    return Closed(monkeypatch)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home that is not the account's own, with a denial in it."""
    written = tmp_path / "home" / ".config" / "pipgate"
    written.mkdir(parents=True)
    (written / "pipgate.toml").write_text(DENY)
    (tmp_path / "project").mkdir()
    account = tmp_path / "account"
    account.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(user_directories, "_account_home", lambda: str(account))
    monkeypatch.setattr(policy_places, "_SYSTEM", ())
    monkeypatch.setattr(pip_conf, "SYSTEM", ())
    gate_opening._say_once.cache_clear()
    return tmp_path / "home"


def book(home: Path) -> Rulebook:
    return load_rulebook(named(None, None, {}), str(home.parent / "project"), {})


def opened(home: Path) -> Rulebook:
    return gate_opening.read_rulebook(parse_settings([]), str(home.parent / "project"), {})


def test_what_can_be_reached_counts(home: Path, closed: Closed) -> None:
    assert closed.directory == ""
    assert [each.value for each in book(home).policy.deny] == ["evil"]


@pytest.mark.parametrize("below", ["", ".config", ".config/pipgate"])
def test_ones_own_settings_that_cannot_be_reached_end_the_run(home: Path, closed: Closed, below: str) -> None:
    closed.directory = str(home / below)
    with pytest.raises(PolicyError, match=r"pipgate\.toml: it cannot be read: Permission denied"):
        book(home)


def test_what_somebody_else_keeps_closed_is_not_ones_own(
    home: Path, closed: Closed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed.directory = str(home)
    monkeypatch.setattr(os, "getuid", lambda: SOMEBODY)
    assert book(home).policy.deny == ()
    assert opened(home).policy.deny == ()
    opened(home)
    [note] = capsys.readouterr().err.splitlines()
    assert f"{home} belongs to another user" in note
    assert str(home / ".config" / "pipgate") in note


def test_the_accounts_own_home_is_ones_own_whoever_owns_it(
    home: Path, closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed.directory = str(home)
    monkeypatch.setattr(os, "getuid", lambda: SOMEBODY)
    monkeypatch.setattr(user_directories, "_account_home", lambda: str(home))
    with pytest.raises(PolicyError, match="Permission denied"):
        book(home)


def test_a_closed_directory_that_belongs_to_others_and_can_be_searched_hides_nothing(
    home: Path, closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a home on a server that this user has no ticket for: it is the server that says no."""
    closed.directory = str(home)
    monkeypatch.setattr(os, "getuid", lambda: SOMEBODY)
    monkeypatch.setattr(os, "access", lambda *_args, **_more: True)
    with pytest.raises(PolicyError, match="Permission denied"):
        book(home)


@pytest.mark.parametrize("said", [os.devnull, "/nonexistent", ""])
def test_a_home_that_is_no_directory_holds_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    file = home.parent / "file"
    file.write_text("")
    monkeypatch.setenv("HOME", said or str(file))
    assert opened(home).policy.deny == ()
    assert capsys.readouterr().err == ""


def test_a_file_that_a_policy_names_below_what_is_no_directory_is_an_error(
    home: Path,
) -> None:
    named_there = f'version = 1\napprovals = "{os.devnull}/approvals.toml"\n'
    (home / ".config" / "pipgate" / "pipgate.toml").write_text(named_there)
    with pytest.raises(PolicyError, match="Not a directory"):
        book(home)


def test_a_pip_conf_of_the_user_that_cannot_be_read_is_told(
    home: Path, closed: Closed, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = home / ".config" / "pip" / "pip.conf"
    conf.parent.mkdir()
    conf.write_text("[pipgate]\npolicy = /somewhere\n")
    closed.directory = str(conf.parent)
    opened(home)
    assert f"note: {conf} cannot be read: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("has_file", [True, False])
def test_a_project_that_cannot_be_searched_is_told_once(
    home: Path, closed: Closed, capsys: pytest.CaptureFixture[str], *, has_file: bool
) -> None:
    above = home.parent / "above"
    (above / "project" / "deep").mkdir(parents=True)
    if has_file:
        (above / "project" / "pipgate.toml").write_text(DENY)
    closed.directory = str(above)
    deep = str(above / "project" / "deep")
    assert [each.path for each in ignored(deep)] == [str(above)], "and nothing that may not be there"
    gate_opening._tell_ignored(deep, {})
    [note] = capsys.readouterr().err.splitlines()
    assert f"{above} cannot be looked at: Permission denied" in note


@pytest.mark.parametrize("whose", ["mine", "another's"])
def test_a_project_of_another_that_cannot_be_searched_has_no_approvals(
    home: Path, closed: Closed, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """As under ``sudo -u`` from root's own directory: pip works there."""
    closed.directory = str(home.parent / "project")
    if whose == "mine":
        with pytest.raises(PolicyError, match="Permission denied"):
            book(home)
        return
    monkeypatch.setattr(os, "getuid", lambda: SOMEBODY)
    monkeypatch.setenv("HOME", os.devnull)
    assert book(home).approvals.approved == ()


def test_a_pyproject_that_cannot_be_read_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home.parent / "project" / "pyproject.toml"
    file.write_text('[tool.pipgate]\nversion = 1\ndeny = ["evil"]\n')
    read = policy_places.read_regular

    def refusing(path: str, largest: int) -> Any:
        if path == str(file):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read(path, largest)

    monkeypatch.setattr(policy_places, "read_regular", refusing)
    assert [each.path for each in ignored(str(file.parent))] == [str(file)]
