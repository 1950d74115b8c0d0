"""Nothing but the very same files counts as read before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pipgate import policy_places, read_before
from pipgate.outlook import Outlook
from pipgate.policy_places import Named, named
from pipgate.read_before import note_valid, unchanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OUTLOOK = Outlook(names=frozenset({"thing"}), patterns=("acme-*",), timed=True)


class Place:
    """A project with a policy and approvals, found valid once."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(policy_places, "_SYSTEM", (str(root / "etc"),))
        self.environ = {"XDG_CONFIG_HOME": str(root / "config"), "XDG_STATE_HOME": str(root / "state")}
        self.root, self.project = root, root / "project"
        (self.project / "sub").mkdir(parents=True)
        self.policy, self.approvals = self.project / "pipgate.toml", self.project / "approvals.toml"
        self.policy.write_text("version = 1\n")
        self.approvals.write_text("version = 1\n")
        assert not self.unchanged()
        note_valid(Named(), str(self.project), self.environ, self.looked_for, OUTLOOK)
        assert self.unchanged() == OUTLOOK

    @property
    def looked_for(self) -> list[str]:
        return [str(self.approvals), str(self.root / "config" / "pipgate" / "pipgate-approvals.toml")]

    def unchanged(self, given: Named | None = None, cwd: str | None = None) -> Outlook | None:
        return unchanged(given or Named(), cwd or str(self.project), self.environ)


@pytest.fixture
def found_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


CHANGES: dict[str, Callable[[Place], object]] = {
    "policy": lambda place: place.policy.write_text("version = 1\n\n"),
    "no policy": lambda place: place.policy.unlink(),
    "approvals": lambda place: place.approvals.write_text("version = 1\n\n"),
    "no approvals": lambda place: place.approvals.unlink(),
    "a directory": lambda place: (place.approvals.unlink(), place.approvals.mkdir()),
    "a pipe": lambda place: (place.approvals.unlink(), os.mkfifo(place.approvals)),
    "user's approvals": lambda place: _write(
        place.root / "config" / "pipgate" / "pipgate-approvals.toml", "version = 1\n"
    ),
    "user's policy": lambda place: _write(
        place.root / "config" / "pipgate" / "pipgate.toml", "version = 1\n"
    ),
    "system's policy": lambda place: _write(place.root / "etc" / "pipgate.toml", "version = 1\n"),
    "trust": lambda place: _write(place.root / "state" / "pipgate" / "trusted.json", "{}"),
    "what is kept": lambda place: [file.write_text("[]") for file in (place.root / "state").rglob("*.json")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(found_valid: Place, change: str) -> None:
    CHANGES[change](found_valid)
    assert not found_valid.unchanged()


def test_another_directory_other_words_another_pipgate(
    found_valid: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not found_valid.unchanged(cwd=str(found_valid.project / "sub"))
    assert not found_valid.unchanged(named(str(found_valid.policy), None, {}))
    monkeypatch.setattr(read_before, "__version__", "0")
    assert not found_valid.unchanged()


def test_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, monkeypatch)
    place.environ["XDG_STATE_HOME"] = "/proc/nowhere"
    note_valid(Named(), str(place.project), place.environ, place.looked_for, OUTLOOK)
    assert not place.unchanged()
