"""purge takes away everything that was written for a user, and says what it could not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from support.adopted import Adopted, adopted_by_hook
from support.environments import ALL_PIPS, link_interpreter, tool

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index


@pytest.fixture
def at(tmp_path: Path, index: Index, canary: Canary) -> Adopted:
    return adopted_by_hook(ALL_PIPS[-1], tmp_path, index, canary)


def listing(*places: Path) -> list[str]:
    return sorted(
        str(path) for place in places for path in place.rglob("*") if "__pycache__" not in path.parts
    )


def test_all_of_it_is_taken_away(at: Adopted) -> None:
    env, base, gone = str(at.env.root), at.tmp / "base", at.tmp / "gone"
    link_interpreter(base)
    python = str(next((base / "bin").iterdir()))
    assert at.central("disable", env).returncode == 0
    assert at.central("purge").returncode == 0
    before = listing(at.home, at.env.root, base)
    at.run(str(tool().python), "-m", "venv", "--without-pip", str(gone))
    for words in (
        ("enable", env),
        ("enable", str(gone)),
        ("enable", "--base", python),
        ("team", "install"),
        ("team", "install", "--file", str(at.tmp / "other" / "pip.conf")),
    ):
        done = at.central(*words)
        assert done.returncode == 0, done.stderr
    shutil.rmtree(gone)
    assert at.run(*at.pip, "install", "evil").returncode == 43
    purged = at.central("purge")
    assert purged.returncode == 0, purged.stderr
    assert "environment" in purged.stdout
    assert "uv tool uninstall pipgate" in purged.stdout
    assert listing(at.home, at.env.root, base) == before
    assert not (at.tmp / "other").exists()
    assert "nothing to remove" in at.central("purge").stdout
    assert at.run(*at.pip, "install", "evil").returncode == 0, "and pip is as it was"


def test_what_cannot_be_taken_away_is_said_and_kept_in_mind(at: Adopted) -> None:
    assert at.central("enable", str(at.env.root)).returncode == 0
    assert at.central("team", "install").returncode == 0
    hook = at.env.site_packages / "_pipgate_hook.py"
    good = hook.read_text()
    hook.write_text("mine = 1\n")
    failed = at.central("purge")
    assert failed.returncode == 44
    assert "was not written by pipgate" in failed.stderr
    assert not (at.home / ".config" / "pip").exists()
    hook.write_text(good)
    assert at.central("purge").returncode == 0
    assert not hook.exists()


def test_what_is_not_there_any_more_holds_nothing_up(at: Adopted) -> None:
    link = at.tmp / "link"
    link.symlink_to(at.env.root)
    assert at.central("enable", str(link)).returncode == 0
    link.unlink()
    other = at.tmp / "other"
    at.run(str(tool().python), "-m", "venv", "--without-pip", str(other))
    assert at.central("enable", str(other)).returncode == 0
    shutil.rmtree(other)
    other.mkdir()
    (other / "mine").touch()
    purged = at.central("purge")
    assert purged.returncode == 0, purged.stderr
    assert f"{other} (it was gone before)" in purged.stdout
    assert not list(at.env.site_packages.glob("_pipgate*"))


def test_trust_goes_through_a_link_too(at: Adopted) -> None:
    real, state = at.tmp / "real", at.home / ".local" / "state" / "pipgate"
    real.mkdir()
    state.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(state, ignore_errors=True)
    state.symlink_to(real)
    assert at.central("enable", str(at.env.root)).returncode == 0
    assert list(real.iterdir())
    assert at.central("purge").returncode == 0
    assert not real.exists()
    assert not state.is_symlink()


def test_what_is_not_ours_is_left(at: Adopted) -> None:
    state, other = at.home / ".local" / "state" / "pipgate", at.tmp / "precious"
    assert at.central("purge").returncode == 0
    for place in (state / "valid", state / "locks", other):
        place.mkdir(parents=True)
    own = "0" * 32 + ".json"
    (other / own).write_text("mine")
    (state / "pending").symlink_to(other)
    (state / "written.json").write_text('{"places": []}')
    (state / "trusted.json.4711").touch()
    (state / "valid" / own).symlink_to(other / own)
    (state / "locks" / ("0" * 64)).touch()
    (state / "notes.txt").write_text("mine")
    purged = at.central("purge")
    assert purged.returncode == 0, purged.stderr
    left = {"notes.txt", "pending", "valid", f"valid/{own}"}
    assert {str(path.relative_to(state)) for path in state.rglob("*")} == left
    assert "Not ours, and left" in purged.stdout
    assert "notes.txt" in purged.stdout
    assert (other / own).read_text() == "mine"
    assert (state / "notes.txt").read_text() == "mine"


def test_pip_uninstall_is_still_pips(at: Adopted) -> None:
    assert at.run(*at.pip, "install", "-q", "good").returncode == 0
    removed = at.central("--env", str(at.env.root), "uninstall", "-y", "good")
    assert removed.returncode == 0
    assert "Successfully uninstalled good" in removed.stdout
