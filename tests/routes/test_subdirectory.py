"""The directory that is built belongs to what was approved: another one in the same bytes is another build."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.canary import Canary
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.environments import Ended
    from support.world import World

EVIL = "tests/evil"


@dataclass(frozen=True, slots=True)
class Good:
    """A quiet project, in whose archive and repository lies a directory that sings."""

    world: World
    sdist: Path
    repository: Path
    commit: str
    away: Path

    @property
    def url(self) -> str:
        return self.world.index.file_url(self.sdist)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sdist.read_bytes()).hexdigest()

    @property
    def git(self) -> str:
        return f"git+{self.repository.as_uri()}"

    def link(self, fragment: str) -> tuple[str, ...]:
        """Return the arguments that take good from an index page whose link says this."""
        anchor = f'<a href="{self.url}#sha256={self.sha256}{fragment}">{self.sdist.name}</a>'
        self.world.index.html["good"] = anchor
        return ("good",)

    def through_a_wheel(self, url: str) -> tuple[str, ...]:
        """Return the arguments that take it because a wheel requires it there."""
        make_wheel(self.world.index.root, "front", "1.0", requires=(f"good @ {url}",))
        return ("front",)

    def approved(self, line: str) -> list[str]:
        """Return the options for a run in which an approval says this, besides its date."""
        path = self.world.tmp / "approvals.toml"
        entry = f'{{ name = "good", {line}, for = ["metadata", "wheel", "editable"], by = "t", on = 2026-01-01T00:00:00Z }},'
        path.write_text(f"version = 1\napprovals = [\n  {entry}\n]\n", encoding="utf-8")
        return ["--approvals", str(path)]

    def file_approved(self, more: str = "") -> list[str]:
        return self.approved(f'version = "1.0", sha256 = "{self.sha256}"{more}')

    def commit_approved(self, more: str = "") -> list[str]:
        return self.approved(f'vcs = "{self.git}", commit = "{self.commit}"{more}')

    def install(self, own: list[str], *args: str) -> Ended:
        target = str(self.world.tmp / "target")
        words = (*own, "install", "--prefix", target, "--no-warn-script-location", *args)
        return self.world.pipgate(*words, cwd=self.project)

    @property
    def project(self) -> Path:
        """A directory to call from, which the home does not lie in."""
        place = self.world.tmp / "project"
        place.mkdir(exist_ok=True)
        return place


@pytest.fixture
def good(world: World) -> Good:
    return made(world)


def made(world: World) -> Good:
    singing = Project("good", "1.0", world.canary)
    files = {f"{EVIL}/{name}": text for name, text in singing.contents().items()}
    quiet = Project("good", "1.0", Canary(world.tmp / "quiet.txt"), files=files)
    repository = quiet.repository(world.tmp / "repo")
    git = ["git", "-C", str(repository)]
    subprocess.run([*git, "tag", f"v1&subdirectory={EVIL}"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    away = singing.tree(world.tmp / "away")
    return Good(world, quiet.sdist(world.index.root), repository, commit.strip(), away)


OF_THE_FILE: dict[str, Callable[[Good], tuple[str, ...]]] = {
    "link": lambda good: good.link(f"&subdirectory={EVIL}"),
    "link-written-otherwise": lambda good: good.link(f"&subdirectory=./{EVIL}//"),
    "url": lambda good: (f"good @ {good.url}#subdirectory={EVIL}",),
    "url-without-name": lambda good: (f"{good.url}#subdirectory={EVIL}",),
    "url-twice": lambda good: (f"good @ {good.url}#subdirectory={EVIL}&subdirectory=",),
    "url-in-query": lambda good: (f"good @ {good.url}?x&subdirectory={EVIL}",),
    "wheel": lambda good: good.through_a_wheel(f"{good.url}#subdirectory={EVIL}"),
    "wheel-file": lambda good: good.through_a_wheel(f"{good.sdist.as_uri()}?x&subdirectory={EVIL}"),
}
OUTSIDE: dict[str, Callable[[Good], tuple[str, ...]]] = {
    "link-absolute": lambda good: good.link(f"&subdirectory={good.away}"),
    "link-up": lambda good: good.link(f"&subdirectory={'../' * 20}{good.away}"),
    "url-absolute": lambda good: (f"good @ {good.url}#subdirectory={good.away}",),
    "url-up": lambda good: (f"good @ {good.url}#subdirectory=x/../../..{good.away}",),
    "url-hash": lambda good: (f"good @ {good.url}?x&subdirectory={EVIL}#subdirectory=",),
    "wheel-absolute": lambda good: good.through_a_wheel(f"{good.url}#subdirectory={good.away}"),
    "wheel-file-absolute": lambda good: good.through_a_wheel(
        f"{good.sdist.as_uri()}?x&subdirectory={good.away}"
    ),
}
OF_THE_COMMIT: dict[str, Callable[[Good], tuple[str, ...]]] = {
    "git": lambda good: (f"{good.git}@{good.commit}#egg=good&subdirectory={EVIL}",),
    "git-editable": lambda good: (
        "--src", str(good.world.tmp / "src"), "-e", f"{good.git}@{good.commit}#egg=good&subdirectory={EVIL}",
    ),
}  # fmt: skip
WAYS = {**OF_THE_FILE, **OUTSIDE, **OF_THE_COMMIT}


@pytest.mark.parametrize("way", OF_THE_FILE)
def test_an_approved_file_is_approved_at_its_root(good: Good, way: str) -> None:
    refused = good.install(good.file_approved(), *WAYS[way](good))
    assert good.world.canary.silent, refused.text
    assert refused.status == 43, refused.text
    assert EVIL in refused.err, refused.text
    assert "No project code has run" in refused.err, refused.text
    sung = good.install(good.file_approved(f', subdirectory = "{EVIL}"'), *WAYS[way](good))
    assert sung.status == 0, sung.text
    assert not good.world.canary.silent


@pytest.mark.parametrize("way", OF_THE_COMMIT)
def test_an_approved_commit_is_approved_at_its_root(good: Good, way: str) -> None:
    refused = good.install(good.commit_approved(), *WAYS[way](good))
    assert good.world.canary.silent, refused.text
    assert refused.status == 43, refused.text
    sung = good.install(good.commit_approved(f', subdirectory = "{EVIL}"'), *WAYS[way](good))
    assert sung.status == 0, sung.text
    assert not good.world.canary.silent


def test_a_directory_that_stands_in_the_revision(newest: World) -> None:
    """A direct reference by name to a file URL, which pip takes since 24.1."""
    good = made(newest)
    take = f"good @ {good.git}@v1&subdirectory={EVIL}"
    refused = good.install(good.commit_approved(), take)
    assert newest.canary.silent, refused.text
    assert refused.status == 43, refused.text
    sung = good.install(good.commit_approved(f', subdirectory = "{EVIL}"'), take)
    assert sung.status == 0, sung.text
    assert not newest.canary.silent


def test_an_approved_directory_does_not_stand_for_the_root(good: Good) -> None:
    only = good.commit_approved(f', subdirectory = "{EVIL}"')
    root = good.install(only, f"{good.git}@{good.commit}#egg=good&subdirectory=&subdirectory={EVIL}")
    assert root.status == 43, root.text
    file = good.install(good.file_approved(f', subdirectory = "{EVIL}"'), *good.link(""))
    assert file.status == 43, file.text
    assert good.world.canary.silent


@pytest.mark.parametrize(
    ("way", "allow"),
    [
        *((way, allow) for way in OUTSIDE for allow in ("file_approved", "observe")),
        *(("url-absolute", allow) for allow in ("by_name", "by_url")),
        *(("wheel-file-absolute", allow) for allow in ("by_name", "by_path", "by_url")),
    ],
)
def test_nothing_outside_of_the_file_is_ever_built(good: Good, way: str, allow: str) -> None:
    args = WAYS[way](good)
    url = f"{good.url}#subdirectory={good.away}"
    own = {
        "file_approved": good.file_approved(),
        "by_name": ["--allow-build", "good"],
        "by_path": ["--allow-build", str(good.sdist)],
        "by_url": ["--allow-build", url],
        "observe": ["--gate-mode", "observe"],
    }[allow]
    ended = good.install(own, *args)
    assert good.world.canary.silent, ended.text
    assert ended.status == 43, ended.text
    assert "Traceback" not in ended.err, ended.text


@pytest.mark.parametrize("way", ["link", "wheel", "wheel-file"])
def test_a_name_or_a_path_alone_allows_the_root(good: Good, way: str) -> None:
    for own in (["--allow-build", "good"], ["--allow-build", str(good.sdist)]):
        ended = good.install(own, *WAYS[way](good))
        assert good.world.canary.silent, ended.text
        assert ended.status == 43, ended.text


def test_a_name_allows_the_directory_that_the_user_named_with_it(good: Good) -> None:
    ended = good.install(["--allow-build", "good"], f"good @ {good.url}#subdirectory={EVIL}")
    assert ended.status == 0, ended.text
    assert not good.world.canary.silent


def test_a_directory_that_is_a_link_out_of_the_checkout(good: Good) -> None:
    (good.repository / "out").symlink_to(good.away)
    git = ["git", "-C", str(good.repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["add", "."], ["commit", "-q", "-m", "out"]):
        subprocess.run([*git, *words], check=True)
    ended = good.install(["--allow-build", "good"], f"{good.git}#egg=good&subdirectory=out")
    assert good.world.canary.silent, ended.text
    assert ended.status == 43, ended.text


@pytest.mark.parametrize("way", [*OF_THE_FILE, *OF_THE_COMMIT])
def test_what_a_block_prints_works(good: Good, way: str) -> None:
    args = WAYS[way](good)
    blocked = good.install([], *args)
    assert blocked.status == 43, blocked.text
    hint = next(line for line in blocked.err.splitlines() if "To approve and record: " in line)
    approved = good.world.pipgate(*shlex.split(hint.partition(": pipgate ")[2]), cwd=good.project)
    assert approved.status == 0, approved.text
    assert EVIL in approved.out, approved.text
    assert good.world.canary.silent
    passed = good.install([], *args)
    assert passed.status == 0, passed.text
    assert not good.world.canary.silent
