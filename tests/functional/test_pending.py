"""What is pending: shown with all that holds it to its bytes, and approved as a whole only where nobody has decided."""

from __future__ import annotations

import hashlib
import json
import shlex
from typing import TYPE_CHECKING

from functional.test_approvals import FILE, here, install, on_both_ends, run
from functional.test_policy_files import user_policy
from functional.test_prompt import on_a_terminal
from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended
    from support.world import World


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def recorded(world: World) -> str:
    file = here(world) / FILE
    return file.read_text() if file.exists() else ""


def hints(text: str) -> list[list[str]]:
    """Return the commands at the ends of lines that have one, as a shell would have them."""
    lines = [line.partition(": pipgate ")[2] for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line]


def codes(world: World) -> dict[str, str]:
    told = json.loads(run(world, "pending", "--json").out)["requests"]
    return {each["name"]: each["decision"]["code"] for each in told}


def left(world: World, *words: str) -> Ended:
    ended = run(world, "approve", "--pending", *words)
    assert ended.status == 43, ended.text
    assert "not-all-approved" in ended.err
    return ended


@on_both_ends
def test_another_file_than_the_approved_one_is_left(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil==1.0").status == 0
    before = recorded(world)
    other = world.project(files={"more.txt": "other bytes"}).sdist(world.index.root)
    world.project("worse").sdist(world.index.root)
    assert install(world, "evil", "worse").status == 43
    assert codes(world) == {"evil": "hash-mismatch", "worse": "needs-approval"}
    ended = left(world)
    assert sha256_of(other) not in recorded(world)
    assert 'name = "worse"' in recorded(world), "what nobody has decided on is taken"
    assert before.splitlines()[3] in recorded(world)
    assert "another file was approved" in ended.err
    [command] = hints(ended.err)
    assert command == ["approve", "evil==1.0"]
    assert run(world, *command).status == 0
    assert sha256_of(other) in recorded(world)
    assert run(world, "pending").out == "Nothing is pending here.\n"


def test_nothing_is_recorded_where_all_is_left(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert run(newest, "approve", "evil==1.0", "--sha256", "a" * 64).status == 0
    before = recorded(newest)
    assert install(newest, "evil").status == 43
    ended = left(newest, "--json")
    assert recorded(newest) == before
    told = json.loads(ended.out)
    assert told["recorded"] == []
    assert [each["decision"]["code"] for each in told["left"]] == ["hash-mismatch"]


@on_both_ends
def test_what_was_answered_no_is_left(world: World) -> None:
    world.project().sdist(world.index.root)
    status, _ = on_a_terminal(world, [b"n\n"], "install", "--prefix", str(world.tmp / "t"), "evil")
    assert status == 43
    assert codes(world) == {"evil": "denied-at-the-prompt"}
    ended = left(world)
    assert not recorded(world)
    [command] = hints(ended.err)
    assert run(world, *command).status == 0
    assert 'name = "evil"' in recorded(world)


def test_what_is_denied_does_not_wait(newest: World) -> None:
    for name in ("evil", "worse", "third"):
        newest.project(name).sdist(newest.index.root)
    assert install(newest, "evil", "worse", "third").status == 43
    assert run(newest, "deny", "evil").status == 0
    user_policy(newest, 'deny = ["third"]\n')
    assert codes(newest) == {"worse": "needs-approval"}
    shown = run(newest, "pending").out
    assert "evil" not in shown
    assert hints(shown) == [["approve", "worse==1.0"]]
    assert run(newest, "approve", "--pending").status == 0
    approved = recorded(newest).partition("revoked")[0]
    assert 'name = "worse"' in approved
    assert 'name = "evil"' not in approved
    assert install(newest, "evil").status == 43
    assert run(newest, "pending").out == "Nothing is pending here.\n"
    again = run(newest, "approve", "--pending")
    assert (again.status, again.out) == (0, "Nothing is pending here.\n")
    assert json.loads(run(newest, "approve", "--pending", "--json").out)["recorded"] == []


def test_what_the_index_holds_back_is_left(newest: World) -> None:
    sdist = newest.project().sdist(newest.index.root)
    link = f'<a href="{newest.index.file_url(sdist)}#sha256={sha256_of(sdist)}">{sdist.name}</a>'
    newest.index.html["evil"] = f'<meta name="pypi:project-status" content="quarantined">{link}'
    assert install(newest, "evil").status == 43
    ended = left(newest)
    assert "status-blocked" in ended.err
    [command] = hints(ended.err)
    assert command == ["explain", "evil==1.0"]
    assert run(newest, *command).status == 0
    assert not recorded(newest)


@on_both_ends
def test_pending_shows_what_holds_it_and_where_it_is_from(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    url = world.index.file_url(world.project("direct").sdist(world.index.root / "elsewhere"))
    secret = url.replace("http://", "http://kim:hidden@")
    make_wheel(world.index.root, "good", "1.0", requires=("evil", f"direct @ {secret}"))
    assert install(world, "good").status == 43
    shown = run(world, "pending").out
    told = json.loads(run(world, "pending", "--json").out)["requests"]
    row = next(each for each in told if each["name"] == "evil")
    assert row["decision"]["code"] == "needs-approval"
    assert row["source"]["sha256"] == sha256_of(sdist)
    assert row["required_by"][0] == "good"
    for part in (
        "needs-approval",
        sha256_of(sdist),
        row["source"]["url"],
        row["offer"]["index"],
        "good",
        url,
    ):
        assert part in shown
    assert "hidden" not in shown + json.dumps(told)


@on_both_ends
def test_what_is_named_beside_it_is_taken_as_well(world: World) -> None:
    world.project().sdist(world.index.root)
    assert run(world, "approve", "evil==1.0").status == 0
    other = world.project(files={"more.txt": "other bytes"}).sdist(world.index.root)
    world.project("worse").sdist(world.index.root)
    assert install(world, "evil", "worse").status == 43
    both = run(world, "approve", "--pending", "evil==1.0")
    assert both.status == 0, both.text
    assert sha256_of(other) in recorded(world)
    assert 'name = "worse"' in recorded(world)


def test_a_known_hash_is_for_a_name_that_is_typed(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert install(newest, "evil").status == 43
    assert run(newest, "approve", "--pending", "--sha256", "a" * 64).status == 2
    assert not recorded(newest)


def test_a_url_that_gives_another_file_by_now_is_not_taken(newest: World) -> None:
    folder = newest.index.root / "elsewhere"
    sdist = newest.project("direct").sdist(folder)
    assert install(newest, newest.index.file_url(sdist)).status == 43
    was = sha256_of(sdist)
    newest.project("direct", files={"more.txt": "other bytes"}).sdist(folder)
    ended = run(newest, "approve", "--pending")
    assert ended.status == 2, ended.text
    assert was in ended.err
    assert not recorded(newest)
