"""Who may loosen what: the system's floors, trust, and files that the caller names."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipgate import pip_conf, policy_places, rulebook, trust
from pipgate.approving import record, revocation_of
from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.policy import Mode, Verdict
from pipgate.policy_places import find_project, find_root, named
from pipgate.rulebook import Rulebook, load_rulebook
from pipgate.user_directories import state_home

APPROVED = (
    'version = 1\napprovals = [\n  { name = "evil", version = "1.0", sha256 = "%s", for = ["wheel"], by = "kim",'
    " on = 2026-11-23T10:00:00Z },\n]\nrevoked = [\n]\n"
) % ("a" * 64)
RULE = '[[rule]]\nname = "evil"\nverdict = "allow"\n'


class Place:
    """A home, a project and a system of their own."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.system, self.project = root / "etc", root / "project"
        self.environ = {"XDG_CONFIG_HOME": str(root / "config"), "XDG_STATE_HOME": str(root / "state")}
        (self.project / ".git").mkdir(parents=True)
        monkeypatch.setattr(policy_places, "_SYSTEM", (str(self.system),))
        monkeypatch.setattr(pip_conf, "SYSTEM", (str(self.system / "pip.conf"),))

    def write(self, where: Path, text: str, name: str = "pipgate.toml") -> Path:
        where.mkdir(parents=True, exist_ok=True)
        path = where / name
        path.write_text(text if name != "pipgate.toml" else f"version = 1\n{text}")
        return path

    def book(
        self, policy: str | None = None, approvals: str | None = None, mode: str | None = None
    ) -> Rulebook:
        given = named(policy, approvals, self.environ)
        return load_rulebook(given, str(self.project), self.environ, mode=mode)

    def trust(self) -> None:
        trust.store(self.book().files, state_home(self.environ))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def yes(book: Rulebook) -> tuple[int, int]:
    """Return how many rules and approvals can say yes."""
    allowing = [rule for rule in book.policy.rules if rule.verdict is Verdict.ALLOW]
    return len(allowing), len(book.approvals.approved)


def hostile(place: Place) -> None:
    place.write(place.project, RULE + '[first-party]\npaths = ["*"]\n')
    place.write(place.project, APPROVED, "pipgate-approvals.toml")


def test_nothing_anywhere(place: Place) -> None:
    book = place.book()
    assert yes(book) == (0, 0)
    assert book.trusted
    assert book.approvals_path == str(place.project / "pipgate-approvals.toml")


def test_a_project_says_yes_only_when_it_is_trusted_as_it_is(place: Place) -> None:
    hostile(place)
    book = place.book()
    assert yes(book) == (0, 0)
    assert len(book.passed_by) == 1
    place.trust()
    assert yes(place.book()) == (1, 1)
    place.write(place.project, RULE + RULE)
    assert yes(place.book()) == (0, 0)


def test_under_a_floor_only_the_system_trusts(place: Place) -> None:
    hostile(place)
    place.trust()
    place.write(place.system, '[locked]\ndefault = "block"\n')
    book = place.book(policy=str(place.project / "pipgate.toml"))
    assert not book.trusted
    assert yes(place.book()) == (0, 0)
    assert book.policy.default.value is Verdict.BLOCK
    place.write(place.system, f'trust-projects = ["{place.project.parent}"]\n[locked]\ndefault = "block"\n')
    assert yes(place.book()) == (0, 1), "what it approves counts, and its rules do not"
    place.write(place.system, f'trust-projects = ["{place.project.parent}"]\n[locked]\nmode = "auto"\n')
    assert yes(place.book()) == (1, 1)


def test_no_option_goes_below_a_floor(place: Place) -> None:
    assert place.book(mode="observe").policy.mode.value is Mode.OBSERVE
    place.write(place.system, '[locked]\nmode = "auto"\n')
    book = place.book(mode="observe")
    assert book.policy.mode.value is Mode.AUTO
    assert [each.key for each in book.policy.overruled] == ["mode"]


def test_a_locked_approvals_file_is_the_only_one(place: Place) -> None:
    hostile(place)
    place.trust()
    file = place.write(place.system, APPROVED.replace("evil", "audited"), "approved.toml")
    place.write(place.system, f'[locked]\napprovals = "{file}"\n')
    book = place.book(approvals=str(place.project / "pipgate-approvals.toml"))
    assert [each.name for each in book.approvals.approved] == ["audited"]


def test_revocations_of_an_untrusted_project_count(place: Place) -> None:
    revoked = '  { name = "evil", by = "kim", on = 2026-11-23T10:00:00Z },\n'
    place.write(
        place.project, APPROVED.replace("revoked = [\n", f"revoked = [\n{revoked}"), "pipgate-approvals.toml"
    )
    book = place.book()
    assert yes(book) == (0, 0)
    assert [each.name for each in book.approvals.revoked] == ["evil"]


@pytest.mark.parametrize(("mode", "who"), [(0o666, "file"), (0o664, "file"), (0o777, "directory")])
def test_a_system_file_that_others_can_change_is_refused(place: Place, mode: int, who: str) -> None:
    path = place.write(place.system, "")
    assert place.book().trusted
    os.chmod(path if who == "file" else place.system, mode)  # noqa: PTH101 -- either of the two
    with pytest.raises(PolicyError, match="not safe"):
        place.book()


def test_a_project_ends_where_its_repository_begins(place: Place) -> None:
    place.write(place.project.parent, RULE)
    inner = place.project / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(str(inner)) is None
    assert find_root(str(inner)) == str(place.project)
    own = place.write(place.project, "")
    assert find_project(str(inner)) == str(own)


def test_an_approvals_path_that_is_no_file_of_the_project(place: Place) -> None:
    place.write(place.project, 'approvals = "/dev/zero"\n')
    with pytest.raises(PolicyError, match="/dev/zero: cannot be read: it is no plain file"):
        place.book()


def test_a_store_that_is_broken_is_no_trust(place: Place) -> None:
    hostile(place)
    place.trust()
    (place.project.parent / "state" / "pipgate" / "trusted.json").write_text("{")
    with pytest.raises(PolicyError, match="trusted projects"):
        place.book()


def test_changes_are_shown(place: Place) -> None:
    place.write(place.project, "")
    place.trust()
    place.write(place.project, RULE)
    assert '+verdict = "allow"' in trust.changes(place.book().files, state_home(place.environ))
    assert trust.forget(str(place.project), state_home(place.environ))
    assert not trust.forget(str(place.project), state_home(place.environ))


def test_trust_is_in_the_very_text(place: Place) -> None:
    """What breaks a line elsewhere breaks none in TOML: a comment must not turn into a key."""
    for text, changed in (
        ("# never:\u2028mode = 'observe'\n", "# never:\nmode = 'observe'\n"),
        ("# never:\x85mode = 'observe'\n", "# never:\nmode = 'observe'\n"),
    ):
        place.write(place.project, text)
        place.trust()
        assert place.book().trusted
        place.write(place.project, changed)
        assert not place.book().trusted
        place.write(place.project, text.replace("\n", "\r\n"))
        assert place.book().trusted, "line ends are git's business"


def test_all_of_a_large_file_is_hashed(place: Place) -> None:
    padding = f"# {'x' * 1000}\n" * 7_000
    path = place.write(place.project, padding + APPROVED, "pipgate-approvals.toml")
    place.trust()
    assert yes(place.book()) == (0, 1)
    path.write_text(padding + APPROVED.replace("evil", "worse"))
    assert yes(place.book()) == (0, 0)
    path.write_text(padding * 2 + APPROVED)
    with pytest.raises(PolicyError, match="larger than 8 MiB"):
        place.book()


def test_an_approvals_file_is_read_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes between two reads could be trusted as one thing and used as another."""
    path = place.write(place.project, APPROVED, "pipgate-approvals.toml")
    read: list[str] = []
    original = rulebook.read_text
    monkeypatch.setattr(rulebook, "read_text", lambda name: (read.append(name), original(name))[1])
    place.book()
    assert read.count(str(path)) == 1


def test_what_was_slipped_in_is_not_trusted_with_an_approval(place: Place) -> None:
    """A pull between the reading of the file and the answer to the question."""
    book = place.book()
    assert book.trusted, "it says nothing"
    place.write(place.project, APPROVED, "pipgate-approvals.toml")
    record(book, revocation_of("other"), place.environ)
    assert yes(place.book()) == (0, 0)
    (place.project / "pipgate-approvals.toml").unlink()
    record(place.book(), revocation_of("other"), place.environ)
    assert place.book().trusted


def test_a_policy_that_is_named_speaks_for_itself_and_not_for_what_lies_beside_it(place: Place) -> None:
    hostile(place)
    assert yes(place.book(policy=str(place.project / "pipgate.toml"))) == (1, 0)


@pytest.mark.parametrize(
    "text",
    [
        '[tool."pipgate"]\nversion = 1\ndefault = "block"\n',
        '[ tool . pipgate ]\nversion = 1\ndefault = "block"\n',
        '[tool]\npipgate.version = 1\npipgate.default = "block"\n',
        'tool = { pipgate = { version = 1, default = "block" } }\n',
    ],
)
def test_every_spelling_of_the_table_is_a_policy(place: Place, text: str) -> None:
    place.write(place.project, text, "pyproject.toml")
    assert place.book().policy.default.value is Verdict.BLOCK


@pytest.mark.parametrize("text", ["# see tool.pipgate elsewhere\n", '[project]\nname = "pipgate"\n'])
def test_what_only_mentions_us_hides_no_policy(place: Place, text: str) -> None:
    place.write(place.project, 'default = "block"\n')
    inner = place.project / "sub"
    place.write(inner, text, "pyproject.toml")
    book = load_rulebook(named(None, None, {}), str(inner), place.environ)
    assert book.policy.default.value is Verdict.BLOCK


def test_what_mentions_us_and_cannot_be_read_is_an_error(place: Place) -> None:
    place.write(place.project, "[tool.pipgate\n", "pyproject.toml")
    with pytest.raises(PolicyError, match=r"pyproject\.toml:1"):
        place.book()


@pytest.mark.parametrize("what", ["directory", "link", "pipe"])
def test_a_policy_that_is_no_plain_file_is_an_error(place: Place, what: str) -> None:
    path = place.project / "pipgate.toml"
    if what == "directory":
        path.mkdir()
    elif what == "link":
        path.symlink_to("nowhere")
    else:
        os.mkfifo(path)
    with pytest.raises(PolicyError, match="cannot be read"):
        place.book()


def test_files_that_are_named_have_to_be_there(place: Place) -> None:
    with pytest.raises(PolicyError, match="there is no such file"):
        place.book(policy="nofile.toml")
    with pytest.raises(PolicyError, match="there is no such file"):
        place.book(approvals="nofile.toml")
    place.write(place.project, "[tool.other]\n", "pyproject.toml")
    with pytest.raises(PolicyError, match="no table"):
        place.book(policy=str(place.project / "pyproject.toml"))


def test_relative_directories_of_the_user_do_not_count(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.project)
    monkeypatch.setenv("HOME", str(place.project.parent / "home"))
    place.write(place.project / ".config" / "pipgate", 'mode = "observe"\n')
    book = load_rulebook(named(None, None, {}), str(place.project), {"XDG_CONFIG_HOME": ".config"})
    assert book.policy.mode.value is Mode.AUTO


def test_directories_of_ones_own_are_real_and_of_two_the_inner_one_holds(place: Place) -> None:
    place.write(place.project, '[first-party]\npaths = ["."]\n')
    user = Path(place.environ["XDG_CONFIG_HOME"]) / "pipgate"
    place.write(user, f'[first-party]\npaths = ["{place.project.parent}"]\n')
    assert place.book().policy.first_party_paths.value == (str(place.project),)
    (place.project.parent / "link").symlink_to(place.project)
    place.write(user, f'[first-party]\npaths = ["{place.project.parent}/link/sub"]\n')
    assert place.book().policy.first_party_paths.value == (str(place.project / "sub"),)


def test_a_link_out_of_the_project_is_not_written_through(place: Place) -> None:
    elsewhere = place.write(place.project.parent, APPROVED, "others.toml")
    (place.project / "pipgate-approvals.toml").symlink_to(elsewhere)
    with pytest.raises(FileNotWrittenError, match="link out of the project"):
        record(place.book(), revocation_of("evil"), place.environ)
    assert elsewhere.read_text() == APPROVED


def test_a_yes_or_no_of_today_beats_what_is_dated_later(place: Place) -> None:
    path = place.write(
        place.project, APPROVED.replace("2026-11-23T10", "2999-01-01T10"), "pipgate-approvals.toml"
    )
    place.trust()
    taken_back = revocation_of("evil", version="1.0", pin=place.book().approvals.approved[0].pin)
    record(place.book(), taken_back, place.environ)
    assert "2999-01-01T10:00:00Z" in path.read_text().partition("revoked")[2]


def test_several_processes_trust_at_once(place: Place) -> None:
    roots = [place.project.parent / f"p{number}" for number in range(6)]
    state = state_home(place.environ)

    def one(root: Path) -> None:
        trust.store(trust.ProjectFiles(str(root), "version = 1\n", ""), state)

    with ThreadPoolExecutor(len(roots)) as pool:
        list(pool.map(one, roots))
    assert all(trust.is_trusted(trust.ProjectFiles(str(each), "version = 1\n", ""), state) for each in roots)


def test_trust_that_cannot_be_kept_is_a_clear_error(place: Place) -> None:
    place.environ["XDG_STATE_HOME"] = "/proc/nowhere"
    with pytest.raises(FileNotWrittenError, match="list of trusted projects"):
        place.trust()


def test_a_policy_that_the_systems_pip_conf_names_is_the_systems(place: Place) -> None:
    floor = place.write(place.system, 'version = 1\n[locked]\ndefault = "block"\n', "floor.toml")
    conf = place.write(place.system, f"[pipgate]\npolicy = {floor}\n", "pip.conf")
    place.write(Path(place.environ["XDG_CONFIG_HOME"]) / "pipgate", f'mode = "observe"\n{RULE}')
    book = place.book()
    assert book.policy.default.value is Verdict.BLOCK
    assert book.policy.locked
    assert yes(book) == (0, 0)
    for unsafe in (conf, floor):
        unsafe.chmod(0o666)
        with pytest.raises(PolicyError, match="not safe"):
            place.book()
        unsafe.chmod(0o644)
    floor.unlink()
    with pytest.raises(PolicyError, match=r"there is no such file, and .*pip\.conf names it"):
        place.book()


def test_the_users_pip_conf_is_the_users_and_others_only_tighten(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allows = place.write(tmp_path / "named", RULE)
    lines = f"[pipgate]\npolicy = {allows}\n"
    place.write(Path(place.environ["XDG_CONFIG_HOME"]) / "pip", lines, "pip.conf")
    assert yes(place.book()) == (1, 0)
    (Path(place.environ["XDG_CONFIG_HOME"]) / "pip" / "pip.conf").unlink()
    assert yes(place.book()) == (0, 0)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    place.write(tmp_path / "env", lines, "pip.conf")
    place.environ["PIP_CONFIG_FILE"] = str(place.write(tmp_path / "repository", lines, "pip.conf"))
    book = place.book()
    assert yes(book) == (0, 0)
    assert {each.asked for each in book.policy.overruled} == {"allow evil"}
    allows.write_text('version = 1\ndeny = ["ctx"]\ndefault = "block"\nmode = "observe"\n')
    book = place.book()
    assert [each.value for each in book.policy.deny] == ["ctx"]
    assert book.policy.default.value is Verdict.BLOCK
    assert book.policy.mode.value is Mode.AUTO


@pytest.mark.parametrize(
    "named", ["pipgate-approvals.toml", "other.toml", "/proc/self/cwd/x/pipgate-approvals.toml"]
)
def test_the_approvals_of_others_never_count(place: Place, tmp_path: Path, named: str) -> None:
    """By the name of the built-in file neither, which a wheel can bring beside a policy."""
    theirs = tmp_path / "theirs"
    for name in ("pipgate-approvals.toml", "other.toml"):
        place.write(theirs, APPROVED, name)
    policy = place.write(theirs, f'approvals = "{named}"\n')
    place.environ["PIP_CONFIG_FILE"] = str(place.write(theirs, f"[pipgate]\npolicy = {policy}\n", "pip.conf"))
    assert yes(place.book()) == (0, 0)
    assert place.book().approvals_path == str(place.project / "pipgate-approvals.toml")
    place.write(place.system, '[locked]\ndefault = "block"\n')
    assert yes(place.book()) == (0, 0)


def test_a_locked_approvals_file_is_the_systems_and_no_other_of_that_name(place: Place) -> None:
    place.write(place.system, '[locked]\ndefault = "block"\napprovals = "pipgate-approvals.toml"\n')
    place.write(place.project, APPROVED, "pipgate-approvals.toml")
    for text in (None, "", 'approvals = "pipgate-approvals.toml"\n'):
        if text is not None:
            place.write(place.project, text)
        assert yes(place.book()) == (0, 0)
        assert place.book().approvals_path == str(place.system / "pipgate-approvals.toml")
    place.write(place.system, APPROVED, "pipgate-approvals.toml")
    assert yes(place.book()) == (0, 1)


def test_naming_a_policy_does_not_name_the_approvals_beside_it(place: Place, tmp_path: Path) -> None:
    text = 'approvals = "pipgate-approvals.toml"\n'
    own = place.write(place.project, text)
    place.write(place.project, APPROVED, "pipgate-approvals.toml")
    elsewhere = place.write(tmp_path / "elsewhere", text)
    place.write(tmp_path / "elsewhere", APPROVED, "pipgate-approvals.toml")
    for policy in (own, elsewhere):
        assert yes(place.book(policy=str(policy))) == (0, 0)
    place.trust()
    for policy in (own, elsewhere):
        assert yes(place.book(policy=str(policy))) == (0, 1), "those of the trusted project count"


def test_who_names_the_same_approvals_does_not_switch_them_off(place: Place, tmp_path: Path) -> None:
    config = Path(place.environ["XDG_CONFIG_HOME"]) / "pipgate"
    mine = place.write(config, 'approvals = "ok.toml"\n')
    place.write(config, APPROVED, "ok.toml")
    assert yes(place.book()) == (0, 1)
    place.write(place.project, f"approvals = '{config}/ok.toml'\n")
    place.environ["PIP_CONFIG_FILE"] = str(
        place.write(tmp_path / "x", f"[pipgate]\npolicy = {mine}\n", "pip.conf")
    )
    assert yes(place.book()) == (0, 1)


def test_a_file_outside_of_the_project_is_said_to_be_no_link(place: Place) -> None:
    outside = place.project.parent / "outside.toml"
    place.write(place.project, f'approvals = "{outside}"\n')
    place.trust()
    with pytest.raises(FileNotWrittenError) as refused:
        record(place.book(), revocation_of("evil", version=None, pin=None, reason=None), place.environ)
    assert refused.value.message == f"{outside} does not lie in the project ({place.project})"
