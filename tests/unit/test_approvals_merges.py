"""Two branches that change the approvals file, merged by git: nothing is lost, nothing comes from nowhere.

With ``merge=union`` a pruned or renewed line comes back where git sees the change of the other side touching
the same place, and nowhere else; the strictest of one identity then holds. A plain merge is a conflict there.
"""

from __future__ import annotations

import difflib
import random
import subprocess
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from pipgate.approval_entries import entry_line
from pipgate.approvals import Approval, Revocation, Sha256Pin
from pipgate.approvals_text import added, parse_approvals, without
from pipgate.build_request import Purpose
from pipgate.errors import PolicyError
from pipgate.origin import Layer, Origin

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = 200
FILE = "pipgate-approvals.toml"
ORIGIN = Origin(Layer.PROJECT, FILE, 1)
ON = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{who}_{what}": "kim@acme.example"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}


def entries_of(text: str) -> list[Approval | Revocation]:
    found = parse_approvals(text, FILE, Layer.PROJECT)
    return [*found.approved, *found.revoked]


def said(text: str) -> set[str]:
    return {entry_line(each) for each in entries_of(text)}


def some_entry(chance: random.Random) -> Approval | Revocation:
    name, version = chance.choice("abcdefghij"), chance.choice(["1", "2", "10"])
    on = ON + timedelta(days=chance.randrange(40))
    if chance.random() < 0.3:
        return Revocation(name, version, None, "kim", on, ORIGIN, chance.choice([None, "SEC-120"]))
    expires = chance.choice([None, date(2027, 1, 1), date(2028, 1, 1)])
    pin = Sha256Pin(chance.choice("ab") * 64)
    return Approval(name, version, pin, frozenset({Purpose.WHEEL}), "kim", on, ORIGIN, expires=expires)


def some_change(text: str, chance: random.Random) -> str:
    there = entries_of(text)
    if there and chance.random() < 0.4:
        return without(text, chance.sample(there, min(len(there), chance.choice([1, 1, 2]))))
    return added(text, some_entry(chance))


@dataclass(frozen=True)
class Pair:
    base: str
    ours: str
    theirs: str


def pair(number: int) -> Pair:
    chance = random.Random(number)
    base = ""
    for _ in range(chance.choice([0, 1, 3, 10, 20])):
        base = added(base, some_entry(chance))
    if chance.random() < 0.2:
        base = base.replace("\n", "\r\n")
    ours = theirs = base
    for _ in range(chance.choice([1, 2, 3])):
        ours, theirs = some_change(ours, chance), some_change(theirs, chance)
    return Pair(base, ours, theirs)


class Repository:
    """One repository that holds every pair as three commits."""

    def __init__(self, path: Path, pairs: list[Pair]) -> None:
        self.path = path
        self.git("init", "-q", ".")
        stream = b"".join(self._commits(number, each) for number, each in enumerate(pairs))
        self.git("fast-import", "--quiet", given=stream)

    def git(self, *words: str, given: bytes | None = None) -> int:
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", *words],
            cwd=self.path,
            input=given,
            capture_output=True,
            check=False,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(self.path), **ENVIRONMENT},
        )
        assert done.returncode in {0, 1}, done.stderr
        assert b"fatal" not in done.stderr
        return done.returncode

    def use_union(self) -> None:
        (self.path / ".git" / "info").mkdir(exist_ok=True)
        (self.path / ".git" / "info" / "attributes").write_text(f"{FILE} merge=union\n")

    def merged(self, number: int) -> tuple[bool, str]:
        """Return whether git merged a pair without a conflict, and the file that it left."""
        self.git("reset", "-q", "--hard", f"ours-{number}")
        clean = self.git("merge", "-q", "--no-commit", "--no-ff", f"theirs-{number}") == 0
        return clean, (self.path / FILE).read_bytes().decode()

    @staticmethod
    def _commits(number: int, each: Pair) -> bytes:
        stream = b""
        for side, text in (("base", each.base), ("ours", each.ours), ("theirs", each.theirs)):
            data = text.encode()
            stream += b"commit refs/heads/%s-%d\ncommitter k <k@k> 1700000000 +0000\ndata 0\n" % (
                side.encode(),
                number,
            )
            stream += b"" if side == "base" else b"from refs/heads/base-%d\n" % number
            if text:  # a base without the file: each side made it
                stream += b"M 100644 inline %s\ndata %d\n%s\n" % (FILE.encode(), len(data), data)
        return stream


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return [pair(number) for number in range(PAIRS)]


@pytest.fixture
def repository(tmp_path: Path, pairs: list[Pair]) -> Repository:
    return Repository(tmp_path, pairs)


def both(each: Pair) -> set[str]:
    """Return what both sides did to the base, put together."""
    base, ours, theirs = said(each.base), said(each.ours), said(each.theirs)
    return (base & ours & theirs) | (ours - base) | (theirs - base)


def may_come_back(each: Pair) -> set[str]:
    """Return the lines that one side took out where the other changed the same place."""
    hunks = [_hunks(each.base, each.ours), _hunks(each.base, each.theirs)]
    lines = each.base.split("\n")
    found = set()
    for mine, other in (hunks, hunks[::-1]):
        for start, end in mine:
            if any(start <= other_end and other_start <= end for other_start, other_end in other):
                found |= {line.strip() for line in lines[start:end]}
    return found


def _hunks(base: str, side: str) -> list[tuple[int, int]]:
    matcher = difflib.SequenceMatcher(None, base.split("\n"), side.split("\n"), autojunk=False)
    return [(start, end) for tag, start, end, _, _ in matcher.get_opcodes() if tag != "equal"]


def test_a_union_merge_is_what_both_sides_did(repository: Repository, pairs: list[Pair]) -> None:
    repository.use_union()
    came_back = 0
    for number, each in enumerate(pairs):
        clean, text = repository.merged(number)
        assert clean
        found = said(text)
        assert both(each) <= found, (number, "nothing is lost")
        more = found - both(each)
        assert more <= may_come_back(each), (number, "what comes back was taken out beside another change")
        came_back += bool(more)
    assert 0 < came_back < PAIRS / 2, "both kinds are among the pairs"


def test_a_plain_merge_is_a_conflict_or_right(repository: Repository, pairs: list[Pair]) -> None:
    conflicts = 0
    for number, each in enumerate(pairs):
        clean, text = repository.merged(number)
        if clean:
            assert said(text) == both(each), number
        else:
            conflicts += 1
            with pytest.raises(PolicyError, match="merge conflict"):
                parse_approvals(text, FILE, Layer.PROJECT)
    assert PAIRS / 10 < conflicts < PAIRS, "both kinds are among the pairs"


def test_the_blocks_of_a_new_file_stay_apart(tmp_path: Path) -> None:
    """Both sides add the last approval and the first revocation: two conflicts, four lines apart."""
    chance = random.Random(0)
    first = next(each for each in iter(lambda: some_entry(chance), None) if isinstance(each, Approval))
    base = added(None, first)
    sides = []
    for name in ("x", "y"):
        revocation = Revocation(name, None, None, "kim", ON, ORIGIN)
        sides.append(added(added(base, replace(first, name=name)), revocation))
    each = Pair(base, *sides)
    repository = Repository(tmp_path, [each])
    repository.use_union()
    clean, text = repository.merged(0)
    assert clean
    assert said(text) == both(each)
