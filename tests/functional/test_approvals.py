"""Approvals as people use them: blocked, approved, committed, revoked; and what each one covers."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from support.canary import Canary
from support.environments import ENDS, THIN
from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended
    from support.world import World

# For what is ours and hardly pip's: the default session takes the newest alone.
on_both_ends = pytest.mark.parametrize("pip", ENDS[-1:] if THIN else ENDS)
FILE = "pipgate-approvals.toml"


def here(world: World) -> Path:
    directory = world.tmp / "project"
    (directory / ".git").mkdir(parents=True, exist_ok=True)
    return directory


def run(world: World, *args: str, **options: object) -> Ended:
    ended = world.pipgate(*args, cwd=here(world), **options)
    assert "Traceback" not in ended.err, ended.text
    return ended


def install(world: World, *args: str, before: tuple[str, ...] = (), **options: object) -> Ended:
    return run(world, *before, "install", "--prefix", str(world.tmp / "t"), *args, **options)


def suggested(ended: Ended, what: str) -> list[str]:
    """Return the command of the hint that begins so, as a shell would have it."""
    [line] = [line for line in ended.err.splitlines() if line.startswith(f"hint: {what}")]
    return shlex.split(line.partition(": pipgate ")[2])


@on_both_ends
def test_blocked_approved_and_installed(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    make_wheel(world.index.root, "good", "1.0", requires=("evil",))
    blocked = install(world, "good")
    assert blocked.status == 43, blocked.text
    pending = json.loads(run(world, "pending", "--json").out)
    assert [each["name"] for each in pending["requests"]] == ["evil"]
    approved = run(world, *suggested(blocked, "To approve and record"), "--reason", "read it")
    assert approved.status == 0, approved.text
    assert hashlib.sha256(sdist.read_bytes()).hexdigest() in approved.out, "it is shown"
    assert world.canary.silent
    passed = install(world, "good")
    assert passed.status == 0, passed.text
    assert not world.canary.silent
    assert run(world, "pending").out == "Nothing is pending here.\n"


@on_both_ends
def test_every_command_that_a_block_suggests_works(world: World) -> None:
    url = world.index.file_url(world.project("direct").sdist(world.index.root / "elsewhere"))
    world.project("evil").sdist(world.index.root)
    make_wheel(world.index.root, "good", "1.0", requires=(f"direct @ {url}", "evil"))
    blocked = install(world, "good")
    assert blocked.status == 43, blocked.text
    for_once = world.pipgate(*suggested(blocked, "To allow them for this run"), cwd=here(world))
    assert for_once.status == 0, for_once.text
    assert run(world, *suggested(blocked, "To approve and record")).status == 0
    assert install(world, "good", "--force-reinstall").status == 0


@on_both_ends
def test_revoked_and_denied(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil==1.0").status == 0
    assert run(world, "revoke", "evil").status == 0
    assert install(world, "evil").status == 43
    assert "revoked" in run(world, "approvals").out
    assert run(world, "approve", "evil==1.0", "--reason", "read it again").status == 0
    assert install(world, "evil").status == 0
    assert run(world, "deny", "evil", "--reason", "SEC-120").status == 0
    denied = install(world, "evil", before=("--allow-build", "evil"))
    assert denied.status == 43, denied.text
    assert "SEC-120" in denied.err
    assert run(world, "revoke", "nothing").status == 2


@on_both_ends
def test_the_same_version_with_another_hash(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil==1.0").status == 0
    world.project(files={"more.txt": "other bytes"}).sdist(world.index.root)
    ended = install(world, "evil")
    assert ended.status == 43, ended.text
    assert "another file was approved under this name and version" in ended.err
    assert world.canary.silent
    assert install(world, "evil", before=("--allow-build", "evil")).status == 43, "not for one run either"
    assert world.canary.silent


@on_both_ends
def test_an_approval_of_an_index_file_covers_nothing_else_of_that_name(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil==1.0").status == 0
    other = world.project(files={"more.txt": "other bytes"})
    tree = other.tree(world.tmp / "tree")
    url = world.index.file_url(other.sdist(world.index.root / "elsewhere", "evil-1.0.tar.gz"))
    for requires in (f"evil @ {url}", f"evil @ {tree.as_uri()}"):
        make_wheel(world.index.root, "good", "1.0", requires=(requires,))
        ended = install(world, "--no-cache-dir", "good")
        assert ended.status == 43, ended.text
        assert world.canary.silent


@on_both_ends
def test_a_build_requirement_needs_an_approval_of_its_own(world: World) -> None:
    quiet = Canary(world.tmp / "quiet.txt")
    type(world.project())("middle", "1.0", quiet, build_requires=("evil",)).sdist(world.index.root)
    world.project().sdist(world.index.root)
    assert run(world, "approve", "middle").status == 0
    ended = install(world, "middle")
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert run(world, "approve", "evil").status == 0
    assert install(world, "middle").status == 0
    assert not world.canary.silent


@on_both_ends
def test_an_index_that_answers_differently_the_second_time(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    world.index.hashes = False
    other = type(world.project())("evil", "1.0", Canary(world.tmp / "other.txt")).sdist(
        world.tmp / "elsewhere"
    )
    assert run(world, "approve", "evil==1.0").status == 0
    world.index.answers[f"/files/{sdist.name}"] = [other.read_bytes()]
    ended = install(world, "--no-cache-dir", "evil")
    assert ended.status == 43, ended.text
    assert not (world.tmp / "other.txt").exists()


def test_approving_without_a_network_and_with_limits(newest: World) -> None:
    sdist = newest.project().sdist(newest.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    asked = len(newest.index.requests)
    told = run(
        newest, "approve", "evil==1.0", "--sha256", digest, "--for", "metadata", "--expires", "P1D", "--json"
    )
    assert told.status == 0, told.text
    [entry] = json.loads(told.out)["recorded"]
    assert entry["sha256"] == digest
    assert entry["for"] == ["metadata"]
    assert len(newest.index.requests) == asked
    ended = install(newest, "evil")
    assert ended.status == 43, "an approval for metadata alone is none for a wheel"
    assert "evil 1.0 build_wheel" not in newest.canary.songs
    assert run(newest, "approve", "evil==1.0", "--sha256", digest).status == 0
    assert install(newest, "evil").status == 0


@pytest.mark.parametrize(
    "args",
    [
        ["approve"],
        ["approve", "evil", "--sha256", "abc"],
        ["approve", "a b"],
        ["approve", "evil", "--expires", "soon"],
        ["approve", "no-such-project"],
        ["approve", "git+https://example.org/x"],
        ["explain"],
        ["policy", "shout"],
        ["revoke"],
    ],
)
def test_wrong_use_of_a_verb(newest: World, args: list[str]) -> None:
    ended = run(newest, *args)
    assert ended.status == 2, ended.text
    assert "error: usage" in ended.err
    assert not (here(newest) / FILE).exists()


def test_what_a_requirements_file_still_needs(newest: World) -> None:
    info = "Metadata-Version: 2.2\nName: {}\nVersion: 1.0\nRequires-Dist: {}\n"
    newest.project("evil", requires=("worse",), files={"PKG-INFO": info.format("evil", "worse")}).sdist(
        newest.index.root
    )
    binding = {"PKG-INFO": "Metadata-Version: 2.2\nName: worse\nVersion: 1.0\n"}
    newest.project("worse", files=binding).sdist(newest.index.root)
    make_wheel(newest.index.root, "good", "1.0", requires=("evil",))
    (here(newest) / "r.txt").write_text("good\n")
    approved = run(newest, "approve", "-r", "r.txt")
    assert approved.status == 0, approved.text
    assert newest.canary.silent
    assert {line.split()[0] for line in approved.out.splitlines() if line.endswith(" 1.0")} == {
        "evil",
        "worse",
    }
    assert install(newest, "-r", "r.txt").status == 0
    again = run(newest, "approve", "-r", "r.txt")
    assert again.status == 0
    assert "Nothing in r.txt needs an approval." in again.out


def test_a_new_file_offers_to_merge_well(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    first = run(newest, "approve", "evil")
    [line] = [line for line in first.out.splitlines() if "merge=union" in line]
    assert line.endswith("echo 'pipgate-approvals.toml merge=union' >> .gitattributes")
    (here(newest) / ".gitattributes").write_text(f"{FILE} merge=union\n")
    assert "merge=union" not in run(newest, "approve", "evil").out


def test_a_no_beside_a_yes(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert run(newest, "approve", "evil", "!worse").status == 0
    text = (here(newest) / FILE).read_text()
    assert 'name = "worse"' in text.partition("revoked")[2]
    assert 'name = "evil"' in text.partition("revoked")[0]


def test_prune_takes_out_what_is_over(newest: World) -> None:
    digest = "a" * 64
    assert run(newest, "approve", "old==1.0", "--sha256", digest, "--expires", "P0D").status == 0
    file = here(newest) / FILE
    file.write_text(re.sub(r"expires = [0-9-]+", "expires = 2020-01-01", file.read_text()))
    assert run(newest, "trust").status == 0
    assert run(newest, "approve", "new==1.0", "--sha256", digest).status == 0
    assert "old" in run(newest, "prune", "--dry-run").out
    assert 'name = "old"' in (here(newest) / FILE).read_text()
    assert run(newest, "prune").status == 0
    text = (here(newest) / FILE).read_text()
    assert 'name = "old"' not in text
    assert 'name = "new"' in text
    path = here(newest) / FILE
    path.write_text(re.sub(r"on = [0-9-]+T", "on = 2026-01-01T", text))
    (here(newest) / "pipgate.toml").write_text('version = 1\nmax-approval-life = "P30D"\n')
    path.write_text(re.sub(r"on = [0-9-]+T", "on = 2999-01-01T", text))
    assert run(newest, "trust").status == 0
    assert "yet to come" in run(newest, "approvals").out
    assert "nothing" in run(newest, "prune").out, "it may hold one day"
    path.write_text(re.sub(r"on = [0-9-]+T", "on = 2026-01-01T", text))
    assert run(newest, "trust").status == 0
    assert "older than max-approval-life" in run(newest, "approvals").out
    assert "new 1.0" in run(newest, "prune").out
    assert 'name = "new"' not in path.read_text()


def test_explain(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    install(newest, "evil")
    blocked = json.loads(run(newest, "explain", "evil", "--json").out)["explained"]
    assert [(each["verdict"], each["code"]) for each in blocked] == [("blocked", "needs-approval")]
    assert blocked[0]["considered"][-1] == {"text": "default = ask", "origin": "builtin", "verdict": "ask"}
    assert run(newest, *shlex.split(blocked[0]["next"][0])[1:]).status == 0
    allowed = run(newest, "explain", "evil")
    assert "evil 1.0: allowed (approved)" in allowed.out
    assert f"{FILE}:4: approval of evil 1.0" in allowed.out
    run(newest, "deny", "evil")
    assert "blocked (denied)" in run(newest, "explain", "evil").out


def test_pip_may_take_a_word_of_ours(newest: World) -> None:
    assert run(newest, "pip", "approve").status == 1, "pip's own error for an unknown command"
    assert run(newest, "approve").status == 2


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("version = 1\napprovals = [\n  { name = 1 },\n]\n", 3, "sha256"),
        ("version = 1\napprovals = [\n<<<<<<< ours\n]\n", 3, "conflict"),
        ("version = 2\n", 1, "version"),
        ("version = 1\nnonsense = 2\n", 2, "nonsense"),
    ],
)
def test_approvals_that_are_not_valid_stop_everything(newest: World, text: str, line: int, says: str) -> None:
    newest.project().sdist(newest.index.root)
    (here(newest) / FILE).write_text(text)
    for args in (
        ["install", "evil"],
        ["--allow-build", "evil", "install", "evil"],
        ["approve", "evil"],
        ["approvals"],
    ):
        ended = run(newest, *args)
        assert ended.status == 44, ended.text
        assert f"{FILE}:{line}" in ended.err, ended.text
        assert says in ended.err
        assert "no project code has run" in ended.err
    assert (here(newest) / FILE).read_text() == text
    assert newest.canary.silent
    assert not newest.index.requests
