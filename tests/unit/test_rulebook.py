"""Who may loosen what: the system's floors, trust, and files that the caller names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pipgate import policy_places, trust
from pipgate.errors import PolicyError
from pipgate.policy import Mode, Verdict
from pipgate.policy_places import find_project, find_root, named, state_home
from pipgate.rulebook import Rulebook, load_rulebook

if TYPE_CHECKING:
    from pathlib import Path

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
    assert book.passed_by == 1
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
    """The untrusted project's word for where its approvals lie leads nowhere."""
    place.write(place.project, 'approvals = "/dev/zero"\n')
    book = place.book()
    assert book.approvals_path == str(place.project / "pipgate-approvals.toml")
    assert yes(book) == (0, 0)


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
