"""What was approved once and is not any more: who took it back is said, nobody is asked, a new yes takes a reason."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, here, install, on_both_ends, run, suggested
from functional.test_pending import hints, left, recorded
from functional.test_policy_files import user_policy
from functional.test_prompt import on_a_terminal

if TYPE_CHECKING:
    from support.environments import Ended
    from support.world import World


def revoked(world: World, *names: str) -> None:
    for name in names or ("evil",):
        world.project(name).sdist(world.index.root)
        assert run(world, "approve", f"{name}==1.0").status == 0
        assert run(world, "revoke", f"{name}==1.0", "--reason", "SEC-7").status == 0


def says_who(text: str) -> bool:
    """Return whether a text says who revoked something, when, why and where, however it is wrapped."""
    one_line = " ".join(text.split())
    return "revoked by " in one_line and ": SEC-7 (" in one_line and f"{FILE}:" in one_line


@on_both_ends
def test_over_a_revocation_nobody_is_asked(world: World) -> None:
    revoked(world)
    before = recorded(world)
    command = ("install", "--prefix", str(world.tmp / "t"), "evil")
    status, shown = on_a_terminal(world, [b"a\n"], *command)
    assert status == 43, shown
    assert "Run it?" not in shown
    assert says_who(shown)
    assert recorded(world) == before
    for_once = install(world, "evil", before=("--allow-build", "evil==1.0"))
    assert for_once.status == 43, for_once.text
    assert world.canary.silent


@on_both_ends
def test_who_took_it_back_is_said_everywhere(world: World) -> None:
    revoked(world)
    blocked = install(world, "evil")
    assert blocked.status == 43
    assert says_who(blocked.err)
    assert "nobody has approved" not in blocked.err
    told = json.loads(run(world, "pending", "--json").out)["requests"]
    assert [each["decision"]["code"] for each in told] == ["revoked"]
    shown = run(world, "pending").out
    assert says_who(shown)
    assert hints(shown) == [["explain", "evil==1.0"]]
    explained = run(world, *suggested(blocked, "To see who decided that"))
    assert explained.status == 0, explained.text
    assert "blocked (revoked)" in explained.out
    assert says_who(explained.out)
    assert run(world, "prune").status == 0
    assert says_who(install(world, "evil").err), "what takes it back stays when the approval is gone"
    assert says_who(run(world, "explain", "evil").out)
    assert says_who(left(world).err)


@on_both_ends
def test_a_new_approval_over_a_revocation_takes_the_name_and_a_reason(world: World) -> None:
    revoked(world)
    before = recorded(world)
    assert install(world, "evil").status == 43
    assert left(world, "--reason", "x").status == 43
    for words in (["evil==1.0"], ["evil"], ["evil", "--reason", "read it again"]):
        refused = run(world, "approve", *words)
        assert refused.status == 43, refused.text
        assert "approval-refused" in refused.err
        assert says_who(refused.err)
        assert recorded(world) == before
    [command] = hints(refused.err)
    assert run(world, *command).status == 0
    assert install(world, "evil").status == 0
    assert not world.canary.silent


def test_a_hash_alone_is_no_yes_over_a_revoked_version(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    entry = '{ name = "evil", version = "1.0", by = "kim", on = 2026-01-01T00:00:00Z, reason = "SEC-7" }'
    (here(newest) / FILE).write_text(f"version = 1\nrevoked = [\n    {entry},\n]\n")
    assert run(newest, "trust").status == 0
    [sdist] = newest.index.root.glob("evil*")
    sha256 = hashlib.sha256(sdist.read_bytes()).hexdigest()
    run(newest, "approve", f"evil@sha256:{sha256}")
    for wanted in ("evil", f"evil @ {newest.index.file_url(sdist)}"):
        blocked = install(newest, wanted)
        assert blocked.status == 43, blocked.text
        assert "revoked by kim on 2026-01-01: SEC-7" in " ".join(blocked.err.split())
    assert newest.canary.silent
    assert run(newest, "approve", "evil==1.0", "--reason", "read it again").status == 0
    assert install(newest, "evil").status == 0


def test_what_explain_says_works_when_pasted(newest: World) -> None:
    revoked(newest)
    assert install(newest, "evil").status == 43
    [command] = hints(run(newest, "explain", "evil").out)
    assert run(newest, *command).status == 0
    assert install(newest, "evil").status == 0


def test_a_requirements_file_takes_nothing_that_was_revoked(newest: World) -> None:
    revoked(newest)
    before = recorded(newest)
    (here(newest) / "r.txt").write_text("evil\n")
    ended = run(newest, "approve", "-r", "r.txt", "--reason", "x")
    assert ended.status == 43, ended.text
    assert says_who(ended.err)
    assert recorded(newest) == before


@on_both_ends
def test_an_expired_approval_is_asked_about_and_said(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil==1.0", "--expires", "P1D").status == 0
    file = here(world) / FILE
    line = next(each for each in recorded(world).splitlines() if "expires" in each)
    day = line.partition("expires = ")[2][:10]
    file.write_text(recorded(world).replace(f"expires = {day}", "expires = 2020-01-01"))
    assert run(world, "trust").status == 0
    blocked = install(world, "evil")
    assert blocked.status == 43
    assert "no approval of that holds" in blocked.err
    assert "expired on 2020-01-01" in blocked.err
    assert "nobody has approved" not in blocked.err
    assert "expired on 2020-01-01" in " ".join(run(world, "pending").out.split())
    assert "expired on 2020-01-01" in run(world, "explain", "evil").out
    command = ("install", "--prefix", str(world.tmp / "t"), "evil")
    status, shown = on_a_terminal(world, [b"o\n"], *command)
    assert status == 0, shown
    assert "expired on 2020-01-01" in " ".join(shown.split())
    assert not world.canary.silent


@pytest.mark.parametrize("day", ["2020-01-01", "1999-12-31"])
def test_an_end_in_the_past_is_refused(newest: World, day: str) -> None:
    newest.project().sdist(newest.index.root)
    for words in (("evil==1.0", "--sha256", "a" * 64), ("evil",)):
        wrong = run(newest, "approve", *words, "--expires", day)
        assert wrong.status == 2, wrong.text
        assert "in the past" in wrong.err
    assert not recorded(newest)
    assert run(newest, "approve", "evil==1.0", "--sha256", "a" * 64, "--expires", "P0D").status == 0


def refused_by(world: World, *words: str) -> Ended:
    before = recorded(world)
    ended = run(world, "approve", *words)
    assert ended.status == 43, ended.text
    assert "approval-refused" in ended.err
    assert recorded(world) == before
    return ended


@on_both_ends
def test_a_denied_name_is_not_approved(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "deny", "evil", "--reason", "SEC-8").status == 0
    for words in (("evil==1.0",), ("evil",), ("evil==1.0", "--sha256", "a" * 64, "--reason", "x")):
        ended = refused_by(world, *words)
        assert ": SEC-8 (" in ended.err
        assert f"{FILE}:" in ended.err
    [command] = hints(ended.err)
    assert command == ["undeny", "evil"]
    taken = run(world, *command)
    assert taken.status == 0, taken.text
    assert ": SEC-8 (" in taken.out
    assert "deny" not in run(world, "explain", "evil").out
    assert run(world, "approve", "evil==1.0").status == 0
    assert install(world, "evil").status == 0


@pytest.mark.parametrize("policy", ['deny = ["evil"]\n', '[[rule]]\nname = "evil"\nverdict = "block"\n'])
def test_a_denial_of_a_policy_is_told_by_its_line(newest: World, policy: str) -> None:
    newest.project().sdist(newest.index.root)
    user_policy(newest, policy)
    for ended in (refused_by(newest, "evil==1.0"), run(newest, "undeny", "evil")):
        assert ended.status in {2, 43}
        assert "pipgate/pipgate.toml:2" in ended.err
        assert "by hand" in ended.err
    assert "pipgate/pipgate.toml:2" in run(newest, "explain", "evil").out


def test_undeny_says_what_holds_again_and_what_still_denies(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert run(newest, "undeny", "evil").status == 2
    assert run(newest, "approve", "evil==1.0").status == 0
    assert run(newest, "deny", "evil").status == 0
    assert install(newest, "evil").status == 43
    taken = run(newest, "undeny", "evil")
    assert taken.status == 0
    assert "evil 1.0" in taken.out
    assert "holds again" in taken.out
    assert install(newest, "evil").status == 0
    assert run(newest, "deny", "evil").status == 0
    user_policy(newest, 'deny = ["evil"]\n')
    still = run(newest, "undeny", "evil")
    assert still.status == 43, still.text
    assert "pipgate/pipgate.toml:2" in still.err
    assert "deny" not in recorded(newest).partition("revoked")[2].partition("]")[0]


def users(world: World) -> tuple[str, str]:
    """Return the option that names the user's own file, which then lies there."""
    file = world.home / ".config" / "pipgate" / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    return "--approvals", str(file)


@on_both_ends
def test_a_revocation_goes_to_the_file_that_holds_the_approval(world: World) -> None:
    world.project().sdist(world.index.root)
    option = users(world)
    assert run(world, *option, "approve", "evil==1.0").status == 0
    assert install(world, "evil").status == 0
    told = run(world, "revoke", "evil==1.0")
    assert told.status == 0, told.text
    assert option[1] in told.out
    assert not recorded(world), "the project's file has nothing to do with it"
    assert '"evil"' in Path(option[1]).read_text().partition("revoked")[2]
    elsewhere = world.tmp / "another"
    (elsewhere / ".git").mkdir(parents=True)
    other = world.pipgate("explain", "evil", cwd=elsewhere)
    assert "blocked (revoked)" in other.out, "it is taken back wherever that file counts"


def test_each_file_gets_its_own(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    option = users(newest)
    assert run(newest, *option, "approve", "evil==1.0").status == 0
    assert run(newest, "approve", "evil==1.0").status == 0
    told = json.loads(run(newest, "revoke", "evil", "--json").out)
    assert sorted(each["written_to"] for each in told["revoked"]) == sorted(
        [option[1], str(here(newest) / FILE)]
    )
    assert install(newest, "evil").status == 43


def test_only_the_file_of_the_project_is_to_be_committed(newest: World) -> None:
    option = users(newest)
    for words in ((), option):
        assert run(newest, *words, "approve", "evil==1.0", "--sha256", "a" * 64).status == 0
    told = [line for line in run(newest, "revoke", "evil").out.splitlines() if line.startswith("in ")]
    assert {line.endswith("; commit that file") for line in told if option[1] in line} == {False}
    assert {line.endswith("; commit that file") for line in told if str(here(newest)) in line} == {True}


def test_a_file_that_cannot_be_written(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    option = users(newest)
    assert run(newest, *option, "approve", "evil==1.0").status == 0
    linked = here(newest) / FILE
    assert run(newest, "approve", "evil==1.0").status == 0
    outside = newest.tmp / "outside.toml"
    linked.rename(outside)
    linked.symlink_to(outside)
    ended = run(newest, "revoke", "evil")
    assert ended.status == 44, ended.text
    assert '"evil"' in Path(option[1]).read_text().partition("revoked")[2], "the other one was taken back"
    [command] = hints(ended.err)
    assert command[:2] == ["--approvals", str(outside)]
    assert run(newest, *command).status == 0
    assert install(newest, "evil").status == 43
