"""A checkout that lies there already: an approval of a commit counts for what was fetched for it alone."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.canary import Canary
from support.projects import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.environments import Ended
    from support.world import World


def git(directory: Path, *words: str) -> str:
    command = ["git", "-C", str(directory), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True, slots=True)
class Approved:
    """A repository with a quiet project whose commit is approved, and where pip keeps its checkout."""

    world: World
    repository: Path
    commit: str

    @property
    def there(self) -> Path:
        return self.world.tmp / "src" / "good"

    @property
    def built(self) -> list[str]:
        return Canary(self.world.tmp / "built.txt").songs

    def install(self, commit: str = "", own: tuple[str, ...] = ()) -> Ended:
        url = f"git+{self.repository.as_uri()}"
        names = f'name = "good", vcs = "{url}", for = ["metadata", "wheel", "editable"], by = "t"'
        commits = (self.commit, git(self.repository, "rev-parse", "HEAD"))
        entries = "".join(
            f'  {{ {names}, commit = "{each}", on = 2026-01-01T00:00:00Z }},\n'
            for each in dict.fromkeys(commits)
        )
        path = self.world.tmp / "approvals.toml"
        path.write_text(f"version = 1\napprovals = [\n{entries}]\n", encoding="utf-8")
        source = ("--src", str(self.there.parent), "-e", f"{url}@{commit or self.commit}#egg=good")
        prefix = ("--prefix", str(self.world.tmp / "target"))
        return self.world.pipgate("--approvals", str(path), *own, "install", *prefix, *source)


@pytest.fixture
def approved(world: World) -> Approved:
    repository = Project("good", "1.0", Canary(world.tmp / "built.txt")).repository(world.tmp / "repo")
    return Approved(world, repository, git(repository, "rev-parse", "HEAD"))


def sing(approved: Approved) -> None:
    backend = approved.there / "backend.py"
    backend.write_text(approved.world.canary.sings_from("evil") + "\n" + backend.read_text())


def changed(approved: Approved) -> None:
    sing(approved)


def changed_and_hidden(approved: Approved) -> None:
    sing(approved)
    git(approved.there, "update-index", "--assume-unchanged", "backend.py")


def committed_under_its_name(approved: Approved) -> None:
    """A commit that git shows in the place of the approved one."""
    sing(approved)
    git(approved.there, "commit", "-q", "-a", "-m", "evil")
    evil = git(approved.there, "rev-parse", "HEAD")
    git(approved.there, "checkout", "-q", "--detach", approved.commit)
    git(approved.there, "replace", approved.commit, evil)
    git(approved.there, "reset", "-q", "--hard")


def one_file_more(approved: Approved) -> None:
    (approved.there / "zipfile.py").write_text(approved.world.canary.sings_from("evil") + "\n")


def forged(approved: Approved) -> None:
    """A tree with a HEAD that names the commit, and no objects at all."""
    sing(approved)
    shutil.rmtree(approved.there / ".git")
    git(approved.there, "init", "-q")
    git(approved.there, "remote", "add", "origin", approved.repository.as_uri())
    (approved.there / ".git" / "HEAD").write_text(f"{approved.commit}\n")


def elsewhere(approved: Approved) -> None:
    """A link to a tree that lies somewhere else."""
    moved = approved.world.tmp / "moved"
    approved.there.rename(moved)
    approved.there.symlink_to(moved)
    sing(approved)


TRICKS: list[Callable[[Approved], None]] = [
    changed, changed_and_hidden, committed_under_its_name, one_file_more, forged, elsewhere,
]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
def test_a_tree_that_lies_there_is_not_the_approved_commit(
    approved: Approved, trick: Callable[[Approved], None]
) -> None:
    assert approved.install().status == 0
    trick(approved)
    before = len(approved.built)
    ended = approved.install()
    assert approved.world.canary.silent, ended.text
    assert ended.status == 43, ended.text
    assert len(approved.built) == before
    assert "was there already" in ended.err, ended.text
    assert "Traceback" not in ended.err, ended.text
    assert sorted(each.name for each in approved.there.parent.iterdir()) == ["good"]
    assert "evil" in "".join(each.read_text() for each in approved.there.glob("*.py")), (
        "nobody's work is lost"
    )
    allowed = approved.install(own=("--allow-build", "good"))
    assert not approved.world.canary.silent, allowed.text


def branch_of_his_own(approved: Approved) -> None:
    git(approved.there, "checkout", "-q", "-b", "mine")
    git(approved.there, "commit", "-q", "--allow-empty", "-m", "mine")
    git(approved.there, "pack-refs", "--all")


def stash(approved: Approved) -> None:
    (approved.there / "backend.py").write_text("mine")
    git(approved.there, "stash")


def another_worktree(approved: Approved) -> None:
    git(approved.there, "worktree", "add", "-q", "--detach", str(approved.world.tmp / "worktree"))


@pytest.mark.parametrize("work", [branch_of_his_own, stash, another_worktree], ids=lambda work: work.__name__)
def test_work_that_is_in_the_repository_alone_is_kept(
    approved: Approved, work: Callable[[Approved], None]
) -> None:
    """The files are those of the commit; what the user has beside them would be gone with ``.git``."""
    assert approved.install().status == 0
    work(approved)
    before = git(approved.there, "for-each-ref"), git(approved.there, "worktree", "list")
    ended = approved.install()
    assert ended.status == 43, ended.text
    assert "was there already" in ended.err, ended.text
    assert (git(approved.there, "for-each-ref"), git(approved.there, "worktree", "list")) == before


def test_a_scheme_in_capitals(approved: Approved) -> None:
    assert approved.install().status == 0
    url = f"GIT+{approved.repository.as_uri()}@{approved.commit}#egg=good"
    source = ("--prefix", str(approved.world.tmp / "target"), "--src", str(approved.there.parent), "-e", url)
    ended = approved.world.pipgate("--allow-build", "good", "install", *source)
    assert "Traceback" not in ended.err, ended.text
    assert ended.status == 0, ended.text


def test_what_a_block_says_works(approved: Approved) -> None:
    assert approved.install().status == 0
    sing(approved)
    said = approved.install().err
    [line] = [line for line in said.splitlines() if "to have it fetched anew: " in line]
    subprocess.run(line.partition("anew: ")[2], shell=True, check=True)
    ended = approved.install()
    assert ended.status == 0, ended.text
    assert approved.world.canary.silent


def test_the_same_command_twice_and_a_third_time(approved: Approved) -> None:
    for _ in range(3):
        ended = approved.install()
        assert ended.status == 0, ended.text
        assert (approved.there / ".git").is_dir()
        (approved.there / "good.egg-info").mkdir(exist_ok=True)  # as setuptools leaves one
        assert [each.name for each in approved.there.parent.iterdir()] == ["good"]


def test_a_pin_that_moves_on(approved: Approved) -> None:
    assert approved.install().status == 0
    (approved.repository / "more.txt").write_text("more")
    git(approved.repository, "add", ".")
    git(approved.repository, "commit", "-q", "-m", "more")
    ended = approved.install(git(approved.repository, "rev-parse", "HEAD"))
    assert ended.status == 0, ended.text
    assert (approved.there / "more.txt").exists()


def test_a_branch_that_is_named_as_the_commit(approved: Approved) -> None:
    """pip takes a branch of that name before the commit; what it took is what is decided on."""
    backend = approved.repository / "backend.py"
    backend.write_text(approved.world.canary.sings_from("evil") + "\n" + backend.read_text())
    git(approved.repository, "commit", "-q", "-a", "-m", "evil")
    git(approved.repository, "update-ref", f"refs/heads/{approved.commit}", "HEAD")
    git(approved.repository, "checkout", "-q", "--orphan", "other")
    git(approved.repository, "commit", "-q", "-m", "other", "--allow-empty")
    ended = approved.install()
    assert approved.world.canary.silent, ended.text
