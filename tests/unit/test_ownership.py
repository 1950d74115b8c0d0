"""Whose files count: the user's own, the project's where no stranger made it, and what a caller names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipgate import ownership, policy_places, trust, user_directories
from pipgate.approving import record, revocation_of
from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.outlook import Outlook
from pipgate.policy import Mode
from pipgate.policy_places import find_project, find_root, ignored, named
from pipgate.read_before import note_valid, unchanged
from pipgate.rulebook import load_rulebook
from pipgate.user_directories import config_home, state_home
from unit.test_rulebook import APPROVED, RULE, Place, yes

REVOKED = APPROVED.replace(
    "revoked = [\n", 'revoked = [\n  { name = "no", by = "kim", on = 2026-11-23T10:00:00Z },\n'
)
NAMED = 'approvals = "ci/approvals.toml"\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let all files of the test belong to somebody else, who is not root."""
    uid = os.getuid() + 1000
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(ownership, "_SUPERUSER", uid + 1)
    return uid


def users(place: Place) -> Path:
    return Path(place.environ["XDG_CONFIG_HOME"]) / "pipgate"


def test_a_named_policy_does_not_make_a_file_of_the_checkout_count(place: Place, tmp_path: Path) -> None:
    named_policy = str(place.write(tmp_path / "elsewhere", NAMED))
    file = place.write(place.project / "ci", APPROVED, "approvals.toml")
    for variable in (None, "PIPGATE_POLICY"):
        if variable:
            place.environ[variable] = named_policy
        book = place.book(policy=None if variable else named_policy)
        assert yes(book) == (0, 0)
        assert not book.trusted
        assert len(book.passed_by) == 1
        assert book.files.approvals == APPROVED
        assert book.approvals_path == str(file)
    trust.store(book.files, state_home(place.environ))
    assert yes(place.book()) == (0, 1)
    file.write_text(APPROVED.replace("evil", "worse"))
    assert yes(place.book()) == (0, 0), "its text is what was trusted"


def test_each_approvals_file_of_a_project_is_trusted_for_itself(place: Place, tmp_path: Path) -> None:
    named_policy = str(place.write(tmp_path / "elsewhere", NAMED))
    place.write(place.project, APPROVED, "pipgate-approvals.toml")
    place.write(place.project, "")
    place.trust()
    place.write(place.project / "ci", APPROVED.replace("evil", "worse"), "approvals.toml")
    assert yes(place.book()) == (0, 1)
    book = place.book(policy=named_policy)
    assert yes(book) == (0, 0), "nobody has been shown this one"
    assert any('+  { name = "worse"' in line for line in trust.changes(book.files, state_home(place.environ)))
    trust.store(book.files, state_home(place.environ))
    assert [each.name for each in place.book(policy=named_policy).approvals.approved] == ["worse"]
    assert [each.name for each in place.book().approvals.approved] == ["evil"], "both stay trusted"


def test_revocations_of_every_file_that_is_named_count(place: Place, tmp_path: Path) -> None:
    place.write(place.project, 'approvals = "own.toml"\n')
    place.write(place.project, REVOKED, "own.toml")
    other = str(place.write(tmp_path / "elsewhere", NAMED))
    for policy in (None, other):
        book = place.book(policy=policy)
        assert [each.name for each in book.approvals.revoked] == ["no"]
        assert yes(book) == (0, 0)


def test_what_is_approved_in_an_untrusted_project_goes_to_the_file_that_will_count(place: Place) -> None:
    place.write(place.project, 'approvals = "own.toml"\n')
    assert place.book().approvals_path == str(place.project / "own.toml")
    record(place.book(), revocation_of("other"), place.environ)
    assert "other" in (place.project / "own.toml").read_text()
    assert not place.book().trusted


@pytest.mark.parametrize("named_file", ["../outside.toml", "/outside.toml"])
def test_an_untrusted_project_names_no_file_elsewhere_to_write(
    place: Place, tmp_path: Path, named_file: str
) -> None:
    path = tmp_path / "outside.toml"
    path.write_text(APPROVED)
    place.write(place.project, f"approvals = '{path if named_file[0] == '/' else named_file}'\n")
    assert yes(place.book()) == (0, 0)
    with pytest.raises(FileNotWrittenError):
        record(place.book(), revocation_of("other"), place.environ)
    assert path.read_text() == APPROVED


def test_one_file_under_two_names_counts_for_who_names_it_and_once(place: Place, tmp_path: Path) -> None:
    file = place.write(place.project, APPROVED, "pipgate-approvals.toml")
    (tmp_path / "link.toml").symlink_to(file)
    book = place.book(approvals=str(tmp_path / "link.toml"))
    assert yes(book) == (0, 1)
    assert not book.passed_by


def test_a_relative_path_in_a_variable_is_another_file_in_every_project(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(place.project, RULE)
    place.write(place.project, APPROVED, "pipgate-approvals.toml")
    monkeypatch.chdir(place.project)
    for variable, file in (
        ("PIPGATE_POLICY", "pipgate.toml"),
        ("PIPGATE_APPROVALS", "pipgate-approvals.toml"),
    ):
        place.environ[variable] = file
        with pytest.raises(PolicyError, match="by its whole path"):
            place.book()
        del place.environ[variable]
    assert yes(place.book(policy="pipgate.toml", approvals="pipgate-approvals.toml")) == (1, 1)


FILES = {
    "policy": lambda place: place.write(users(place), 'mode = "observe"\n'),
    "approvals": lambda place: place.write(users(place), APPROVED, "pipgate-approvals.toml"),
    "named approvals": lambda place: (
        place.write(users(place), 'approvals = "ok.toml"\n'),
        place.write(users(place), APPROVED, "ok.toml"),
    )[1],
    "pip.conf": lambda place: place.write(
        users(place).parent / "pip",
        f"[pipgate]\npolicy = {place.write(users(place) / 'x', RULE)}\n",
        "pip.conf",
    ),
    "policy of pip.conf": lambda place: Path(
        place.write(
            users(place).parent / "pip",
            f"[pipgate]\npolicy = {place.write(users(place) / 'x', RULE)}\n",
            "pip.conf",
        )
        .read_text()
        .split()[-1]
    ),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(("mode", "what"), [(0o666, "file"), (0o777, "directory"), (0o1777, "directory")])
def test_what_others_can_change_is_no_users(place: Place, kind: str, mode: int, what: str) -> None:
    file = FILES[kind](place)
    place.book()
    (file if what == "file" else file.parent).chmod(mode)
    with pytest.raises(PolicyError, match=r"others can write it") as refused:
        place.book()
    assert "chmod go-w" in " ".join(refused.value.hints)


@pytest.mark.parametrize("kind", FILES)
def test_what_belongs_to_another_is_no_users(place: Place, kind: str, request: pytest.FixtureRequest) -> None:
    FILES[kind](place)
    place.book()
    request.getfixturevalue("stranger")
    with pytest.raises(PolicyError, match="it belongs to another user"):
        place.book()


def test_without_files_of_ours_nobody_minds_whose_home_it_is(place: Place, stranger: int) -> None:
    assert stranger
    (users(place).parent / "pip").mkdir(parents=True)
    (users(place).parent / "pip" / "pip.conf").write_text("[global]\n")
    assert place.book().trusted


def test_a_private_group_may_write(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = FILES["policy"](place)
    file.chmod(0o664)
    monkeypatch.setattr(
        ownership, "_is_private", lambda group, owner: (group, owner) == (os.getgid(), os.getuid())
    )
    assert place.book().policy.mode.value is Mode.OBSERVE
    monkeypatch.setattr(ownership, "_is_private", lambda *_: False)
    with pytest.raises(PolicyError, match="others can write it"):
        place.book()


@pytest.mark.parametrize("kind", ["policy", "approvals", "pip.conf"])
def test_a_home_in_the_project_is_no_users(place: Place, kind: str) -> None:
    place.environ["XDG_CONFIG_HOME"] = str(place.project / ".config")
    assert place.book().trusted
    FILES[kind](place)
    with pytest.raises(PolicyError, match="leads into the project") as refused:
        place.book()
    assert "env -u HOME" in " ".join(refused.value.hints)


def test_a_home_that_is_kept_in_a_repository_is_the_users(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.environ["XDG_CONFIG_HOME"] = str(place.project / ".config")
    FILES["policy"](place)
    monkeypatch.setattr("pipgate.user_directories._account_home", lambda: str(place.project))
    assert place.book().policy.mode.value is Mode.OBSERVE


def test_a_relative_home_is_no_home(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.project)
    monkeypatch.setenv("HOME", ".")
    monkeypatch.setattr(
        "pipgate.user_directories._account_home", lambda: str(place.project.parent / "account")
    )
    place.write(place.project / ".config" / "pipgate", f'mode = "observe"\n{RULE}')
    place.write(
        place.project / ".pip",
        f"[pipgate]\npolicy = {place.project}/.config/pipgate/pipgate.toml\n",
        "pip.conf",
    )
    book = load_rulebook(named(None, None, {}), str(place.project), {})
    assert yes(book) == (0, 0)
    assert book.policy.mode.value is Mode.AUTO
    for home in (config_home({}), state_home({})):
        assert home.startswith(str(place.project.parent / "account"))


def test_a_list_of_trusted_projects_that_others_can_write_trusts_nothing(
    place: Place, request: pytest.FixtureRequest
) -> None:
    place.write(place.project, RULE)
    place.trust()
    store = Path(state_home(place.environ)) / "trusted.json"
    for path, mode in ((store, 0o666), (store.parent, 0o777)):
        usual = path.stat().st_mode
        assert yes(place.book()) == (1, 0)
        path.chmod(mode)
        assert yes(place.book()) == (0, 0)
        with pytest.raises(FileNotWrittenError, match="others can write it"):
            place.trust()
        path.chmod(usual)
    request.getfixturevalue("stranger")
    assert yes(place.book()) == (0, 0)
    with pytest.raises(FileNotWrittenError, match="belongs to another user"):
        place.trust()


def test_a_list_of_trusted_projects_in_the_project_trusts_nothing(place: Place) -> None:
    place.write(place.project, RULE)
    place.trust()
    kept = Path(state_home(place.environ))
    place.environ["XDG_STATE_HOME"] = str(place.project / ".state")
    place.write(place.project / ".state" / "pipgate", (kept / "trusted.json").read_text(), "trusted.json")
    assert yes(place.book()) == (0, 0)
    with pytest.raises(FileNotWrittenError, match="leads into the project"):
        place.trust()


def test_what_is_remembered_where_others_write_is_read_anew(place: Place) -> None:
    place.write(place.project, "")
    note_valid(named(None, None, {}), str(place.project), place.environ, [], Outlook())
    assert unchanged(named(None, None, {}), str(place.project), place.environ)
    valid = Path(state_home(place.environ)) / "valid"
    valid.chmod(0o777)
    assert not unchanged(named(None, None, {}), str(place.project), place.environ)
    valid.chmod(0o700)
    place.environ["XDG_STATE_HOME"] = str(place.project / ".state")
    note_valid(named(None, None, {}), str(place.project), place.environ, [], Outlook())
    assert not unchanged(named(None, None, {}), str(place.project), place.environ)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that everybody can write to, a directory of ours in it, and files that a stranger made."""
    above = tmp_path / "shared"
    (above / "mine").mkdir(parents=True)
    above.chmod(0o1777)
    original = os.lstat
    theirs = {"pipgate.toml", "pyproject.toml", ".git", "pipgate-approvals.toml"}

    def lstat(path: str | Path, **options: object) -> os.stat_result:
        found = original(path, **options)  # type: ignore[arg-type]  # as it was called
        if Path(path).name in theirs and str(Path(path).parent) == str(above):
            return os.stat_result((*found[:4], os.getuid() + 1000, *found[5:]))
        return found

    monkeypatch.setattr(ownership.os, "lstat", lstat)
    return above


def test_a_strangers_policy_in_a_shared_directory_is_ignored(place: Place, shared: Path) -> None:
    mine = shared / "mine"
    place.write(shared, "nonsense = 1\n")
    place.write(shared, "[tool.pipgate]\nnonsense = 1\n", "pyproject.toml")
    (shared / ".git").mkdir()
    for directory in (mine, shared):
        place.write(directory, APPROVED.replace("version = 1", "nonsense = 1"), "pipgate-approvals.toml")
        if directory is mine:
            (mine / "pipgate-approvals.toml").unlink()
        assert find_project(str(directory)) is None
        assert find_root(str(directory)) == str(directory)
        book = load_rulebook(named(None, None, {}), str(directory), place.environ)
        assert yes(book) == (0, 0)
        told = [Path(each.path).name for each in ignored(str(directory))]
        assert told[:3] == ["pipgate.toml", "pyproject.toml", ".git"]
        assert ("pipgate-approvals.toml" in told) is (directory is shared)


def test_ones_own_policy_in_a_shared_directory_counts(place: Place, tmp_path: Path) -> None:
    above = tmp_path / "shared"
    own = place.write(above, 'default = "block"\n')
    above.chmod(0o1777)
    assert find_project(str(above)) == str(own)
    assert ignored(str(above)) == []
    os.link(own, tmp_path / "second")
    assert find_project(str(above)) is None, "anybody can make a second name of a file"


def test_a_policy_of_another_in_a_directory_of_theirs_counts(place: Place, stranger: int) -> None:
    """As in a container that runs as root over the sources of a user."""
    assert stranger
    own = place.write(place.project, 'default = "block"\n')
    for mode in (0o755, 0o777):
        place.project.chmod(mode)
        assert find_project(str(place.project)) == str(own)
        assert not policy_places.ignored(str(place.project))


def test_a_directory_in_any_repository_is_not_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile repository says itself where a project begins: a submodule, or a policy of its own."""
    monkeypatch.setattr(user_directories, "_account_home", lambda: str(tmp_path / "home"))
    clone = tmp_path / "clone"
    (clone / "sub" / ".git").mkdir(parents=True)
    place = str(clone / ".config" / "pipgate")
    assert not user_directories.is_projects(place, str(clone / "sub"))
    (clone / ".git").mkdir()
    assert user_directories.is_projects(place, str(clone / "sub"))
    assert user_directories.is_projects(str(tmp_path / "home" / "x" / ".config"), str(tmp_path)) is False


def test_settings_that_are_kept_in_a_repository_are_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_directories, "_account_home", lambda: str(tmp_path))
    (tmp_path / ".config" / ".git").mkdir(parents=True)
    for root in (tmp_path / ".config", tmp_path, tmp_path / "elsewhere"):
        assert not user_directories.is_projects(str(tmp_path / ".config" / "pipgate"), str(root))
    assert user_directories.is_projects(str(tmp_path / ".config" / "other"), str(tmp_path))
    linked = tmp_path / "dotfiles" / "pipgate"
    (tmp_path / "dotfiles" / ".git").mkdir(parents=True)
    linked.mkdir()
    (tmp_path / ".config" / "pipgate").symlink_to(linked)
    assert not user_directories.is_projects(
        str(tmp_path / ".config" / "pipgate"), str(tmp_path / "elsewhere")
    )
