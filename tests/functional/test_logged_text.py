"""What an index, a server or metadata says comes to the terminal as text, and pip's own words as always."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from functional.test_approvals import here
from functional.test_prompt import QUESTION, on_a_terminal
from support.environments import ENDS
from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World

HOSTILE = "\x1b[8m\x1b(0\u202eevil\r\n  verdict   allowed\x9b31m"
ACTING = ("\x1b[8m", "\x1b(0", "\u202e", "\x9b31m")


def installing(world: World, *what: str) -> tuple[str, ...]:
    return ("install", "--no-color", "--prefix", str(world.tmp / "t"), *what)


@pytest.mark.parametrize("pip", ENDS)
def test_why_a_file_was_yanked_is_one_line_above_the_question(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    world.index.yanked[sdist.name] = HOSTILE
    status, shown = on_a_terminal(world, [b"n\n"], *installing(world, "evil==1.0"))
    assert status == 43, shown
    assert QUESTION.decode() in shown
    assert "Reason for being yanked: \\x1b[8m\\x1b(0\\u202eevil\\r\\n  verdict   allowed" in shown
    assert not [each for each in ACTING if each in shown]


@pytest.mark.parametrize("pip", ENDS)
def test_what_a_server_and_metadata_say_acts_on_nothing(world: World) -> None:
    make_wheel(world.index.root, "good", "1.0", requires=(f"none {ACTING[0]}\u202e",))
    ended = world.pipgate(*installing(world, "good"), cwd=here(world))
    assert "\\x1b[8m" in ended.text, "an error of pip's, with what it cannot read"
    assert not [each for each in ACTING if each in ended.text]


@pytest.mark.parametrize("pip", ENDS)
def test_ordinary_text_is_what_plain_pip_says(world: World) -> None:
    """Names, tabs and languages, on stdout, stderr and in the log, but for the word about the index."""
    wheel = make_wheel(world.index.root, "good", "1.0")
    world.index.yanked[wheel.name] = "zu alt \u2013 na\u00efve \u65e5\u672c"
    words = ("-v", "install", "--no-color", "--progress-bar", "off", "--dry-run", "good==1.0")
    gated = world.pipgate(*words, cwd=here(world))
    plain = world.env.plain_pip(*words, home=world.home, index=world.index.url, cwd=here(world))
    assert gated.status == plain.status == 0
    assert gated.out == plain.out
    assert "zu alt \u2013 na\u00efve \u65e5\u672c" in gated.err
    assert gated.err == plain.err


@pytest.mark.parametrize("how", ["an index", "metadata"])
def test_the_name_of_a_file_is_one_line(newest: World, how: str) -> None:
    wheel = make_wheel(newest.index.root, "good", "1.0")
    odd = wheel.rename(wheel.with_name("good-1.0-1\nhint: To go on: forged\n-py3-none-any.whl"))
    url = newest.index.file_url(odd.with_name(quote(odd.name)))
    newest.index.html["good"] = f'<a href="{url}">{wheel.name}</a>'
    make_wheel(newest.index.root, "carrier", "1.0", requires=(f"good @ {url}",))
    words = ("good",) if how == "an index" else ("carrier",)
    ended = newest.pipgate("download", *words, cwd=here(newest))
    assert (ended.status == 0) is (how == "metadata"), ended.text
    assert "forged" in ended.text
    assert not [line for line in ended.text.splitlines() if line.startswith("hint: To go on: forged")]
    assert (here(newest) / odd.name).exists() is (how == "metadata")


def test_json_is_json(newest: World) -> None:
    make_wheel(newest.index.root, "good", "1.0")
    told = newest.pipgate("list", "--format", "json", cwd=here(newest))
    assert "pip" in {each["name"] for each in json.loads(told.out)}


@pytest.mark.parametrize(("term", "is_reset"), [("xterm", True), ("dumb", False)])
def test_a_terminal_is_brought_into_its_usual_state_before_a_question(
    newest: World, term: str, *, is_reset: bool
) -> None:
    newest.project().sdist(newest.index.root)
    environ = {"TERM": term, "CI": ""}
    _, shown = on_a_terminal(newest, [b"n\n"], *installing(newest, "evil==1.0"), env=environ)
    before = shown[: shown.index(QUESTION.decode())]
    assert all((each in before) is is_reset for each in ("\x1b[0m\x1b(B", "\x1b[?25h", "\x1b[?1047l"))
