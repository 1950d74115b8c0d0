"""An approvals file is read in every form that it may have, or is refused with its line."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from pipgate.approval_entries import entry_line
from pipgate.approvals import Approvals, Sha256Pin
from pipgate.approvals_text import parse_approvals, strictest
from pipgate.build_request import Purpose
from pipgate.errors import PolicyError
from pipgate.origin import Layer
from support.approval_files import (
    COMMIT,
    DOCOPT,
    ENTRY,
    EVIL,
    FILE,
    ON,
    OTHER_SHA,
    SHA,
    TOOL,
    VALID,
    approval,
    one,
    parsed,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_every_entry_remembers_its_line() -> None:
    assert parsed(VALID) == Approvals((DOCOPT, TOOL), (EVIL,))


@pytest.mark.parametrize(
    "text",
    [
        VALID.replace("\n", "\r\n"),
        "\ufeff" + VALID,
        "\ufeff" + VALID.replace("\n", "\r\n"),
        VALID.removesuffix("\n"),
        VALID.replace(" },\n", '}\t, # seen, by "two" }, {\n').replace("  {", "\t{"),
        VALID.replace("approvals = [", "approvals=[ # these"),
        VALID.replace("10:00:00Z", "12:00:00.9+02:00"),
        VALID.replace(SHA, SHA.upper()),
        VALID.replace('"docopt"', '"DocOpt"'),
        VALID.replace('"kim"', "'kim'"),
    ],
)
def test_other_forms_that_say_the_same(text: str) -> None:
    assert parsed(text) == parsed(VALID)


@pytest.mark.parametrize(
    "text",
    ["", "\n \n", "# nothing\n", "\ufeff", "version = 1", "version = 1\napprovals = [ ]\nrevoked = [\n]"],
)
def test_a_file_without_entries(text: str) -> None:
    assert parsed(text) == Approvals()


def with_value(key: str, value: str) -> str:
    """Return a file whose only entry has another value for a key, or a key more."""
    changed, count = re.subn(rf"\b{key} = (?:\"[^\"]*\"|[^,]+)", lambda _: f"{key} = {value}", ENTRY)
    return one(f"  {{ {changed if count else f'{ENTRY}, {key} = {value}'} }},")


def without_key(key: str) -> str:
    return one(f"  {{ {', '.join(each for each in ENTRY.split(', ') if not each.startswith(f'{key} '))} }},")


ERRORS = [
    # The file.
    ("version = 2\n", 1, "version 2 is not known"),
    ('# x\nversion = "1"\n', 2, "is not known"),
    ("approvals = []\n", 1, "'version' is missing"),
    ("version = 1\nversion = 1\n", 2, "TOML"),
    ("version = 1\naprovals = [\n]\n", 2, "did you mean 'approvals'"),
    ("version = 1\nowner = 1\n", 2, "the keys are version, approvals, revoked"),
    ("version = 1\n[approvals]\n", 2, "this line is no"),
    ("version = 1\n[[approvals]]\n", 2, "this line is no"),
    ("version = 1\napprovals = []\napprovals = []\n", 3, "twice"),
    ("version = 1\n\nrevoked = [\n\n", 3, "never closed"),
    ("version = 1\n]\n", 2, "this line is no"),
    ("version = 1\rapprovals = []\n", 1, "not known"),
    ("version = 1\n# \x07\n", 2, "TOML"),
    ("version = 1\nrevoked = []\n\r", 3, "this line is no"),
    # A conflict.
    (VALID.replace("revoked", "<<<<<<< HEAD\nrevoked"), 7, "merge conflict"),
    (VALID + "=======\n", 10, "merge conflict"),
    (VALID + "||||||| base\n", 10, "merge conflict"),
    (VALID.replace("\n", "\r\n") + ">>>>>>> x\r\n", 10, "merge conflict"),
    ("\ufeff<<<<<<< HEAD\n" + VALID, 1, "merge conflict"),
    # An entry that is not one line.
    (one(f"{{ {ENTRY} }}, {{ {ENTRY} }},"), 4, "line of its own"),
    (one(f"{{ {ENTRY} }}"), 4, "ends in a comma"),
    (one(f"{{ {ENTRY.replace('[', f'[{chr(10)}')} }},"), 4, "line of its own"),
    (one(f"{{ {ENTRY.replace(', by', f',{chr(10)} by')} }},"), 4, "line of its own"),
    (one(f"{{ {ENTRY} }}\n,"), 4, "line of its own"),
    (one('{ name = """\na""" },'), 4, "line of its own"),
    (f"version = 1\napprovals = [ {{ {ENTRY} }}, ]\n", 2, "line of its own"),
    (f"version = 1\n{{ {ENTRY} }},\n", 2, "line of its own"),
    (f"version = 1\napprovals = [ {{ {ENTRY} }},\n]\n", 2, "line of its own"),
    (one('"a",'), 4, "line of its own"),
    (one(f"{{ {ENTRY} }}, 1,"), 4, "line of its own"),
    (one(f"{{ {ENTRY} }}, 1 }},"), 4, "TOML"),
    # Keys.
    (with_value("expire", "2027-01-01"), 4, "'expire' is not known; did you mean 'expires'"),
    (with_value("zzz", "1"), 4, "'zzz' is not known; the keys are name"),
    (without_key("name"), 4, "'name' is missing"),
    (without_key("sha256"), 4, "'sha256' is missing"),
    (without_key("for"), 4, "'for' is missing"),
    (without_key("by"), 4, "'by' is missing"),
    (without_key("on"), 4, "'on' is missing"),
    (with_value("name", '"a", name = "b"'), 4, "TOML"),
    (with_value("vcs", '"git+https://example.org/a"'), 4, "either"),
    (
        without_key("sha256").replace(" },", ', vcs = "git+https://example.org/a" },'),
        4,
        "'commit' is missing",
    ),
    (without_key("sha256").replace(" },", f', commit = "{COMMIT}" }},'), 4, "'vcs' is missing"),
    (one('{ name = "a", on = 2026-11-23T10:00:00Z },', "revoked"), 4, "'by' is missing"),
    (one('{ by = "a", on = 2026-11-23T10:00:00Z },', "revoked"), 4, "'name' is missing"),
    (one('{ by = "a", name = "a" },', "revoked"), 4, "'on' is missing"),
    (one(f"{{ {ENTRY} }},", "revoked"), 4, "'for' is not known"),
    # Values.
    (with_value("name", "1"), 4, "'name' is no string"),
    (with_value("name", '"-a"'), 4, "no name"),
    (with_value("name", '"a b"'), 4, "no name"),
    (with_value("name", '"\u017fix"'), 4, "no name"),
    (with_value("name", '""'), 4, "'name' is empty"),
    (with_value("version", "1"), 4, "'version' is no string"),
    (with_value("version", '"one"'), 4, "PEP 440"),
    (with_value("version", f'"{"9" * 5000}"'), 4, "PEP 440"),
    (with_value("sha256", '"49b3"'), 4, "no sha256"),
    (with_value("sha256", f'"{"g" * 64}"'), 4, "no sha256"),
    (with_value("sha256", "true"), 4, "'sha256' is no string"),
    (VALID.replace(COMMIT, COMMIT[:-1]), 5, "no whole commit id"),
    (VALID.replace("git+https://git", "git+https://kim:secret@git"), 5, "not the public URL"),
    (with_value("file", "[]"), 4, "'file' is no string"),
    (VALID.replace('["wheel"]', "[]"), 5, "'for' is empty"),
    (VALID.replace('["wheel"]', '"wheel"'), 5, "'for' is no list"),
    (VALID.replace('["wheel"]', "[1]"), 5, "'for' is no list"),
    (VALID.replace('["wheel"]', '["wheels"]'), 5, "'for' has 'wheels'"),
    (with_value("by", '"  "'), 4, "'by' is empty"),
    (with_value("by", '"k\\u001b[31m"'), 4, "control character"),
    (with_value("by", '"k\\n"'), 4, "control character"),
    (with_value("by", '"k\u202eim"'), 4, "cannot be seen"),
    (with_value("on", '"2026-11-23"'), 4, "'on' is no date and time"),
    (with_value("on", "2026-11-23"), 4, "'on' is no date and time"),
    (with_value("on", "2026-11-23T10:00:00"), 4, "with an offset"),
    (with_value("on", "2026-11-31T10:00:00Z"), 4, "TOML"),
    (with_value("on", "0001-01-01T00:00:00+10:00"), 4, "out of range"),
    (with_value("expires", "2027-02-30"), 4, "TOML"),
    (with_value("expires", "2027-02-20T10:00:00Z"), 4, "'expires' is no date"),
    (with_value("expires", '"2027-02-20"'), 4, "'expires' is no date"),
    (with_value("reason", "5"), 4, "'reason' is no string"),
    (with_value("reason", "[" * 5000 + "]" * 5000), 4, "TOML"),
]


@pytest.mark.parametrize(("text", "line", "message"), ERRORS)
def test_an_error_says_the_line(text: str, line: int, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parsed(text)
    assert caught.value.place == f"{FILE}:{line}"
    assert message in caught.value.message
    assert "secret" not in caught.value.message


def test_the_way_on_from_a_conflict_works(tmp_path: Path) -> None:
    ours, theirs = approval("ours"), approval("theirs")
    lines = ["<<<<<<< HEAD", f"  {entry_line(ours)}", "||||||| base", f"  {entry_line(TOOL)}"]
    lines += ["=======", f"  {entry_line(theirs)}", ">>>>>>> them"]
    path = tmp_path / "a file.toml"
    path.write_text(one("\n".join(lines)))
    with pytest.raises(PolicyError) as caught:
        parse_approvals(path.read_text(), str(path), Layer.PROJECT)
    command = caught.value.hints[0].removeprefix("To do that: ")
    subprocess.run(["bash", "-c", command], check=True)
    assert said(path.read_text()) == sorted([entry_line(ours), entry_line(theirs)])


# What a merge may leave


@pytest.mark.parametrize("turn", [1, -1])
def test_the_strictest_of_one_identity_holds(turn: int) -> None:
    first = approval("a", expires=None, on=ON, by="old")
    second = approval("a", "1.0", expires=date(2027, 1, 1), on=ON + timedelta(1), purposes=frozenset(Purpose))
    third = approval("a", expires=date(2026, 12, 1), on=ON + timedelta(2))
    other = approval("a", pin=Sha256Pin(OTHER_SHA))
    found = strictest(Approvals((first, second, third, other)[::turn], (EVIL,)))
    assert set(found.approved) == {replace(first, expires=date(2026, 12, 1)), other}
    assert found.revoked == (EVIL,)


def test_an_approval_without_a_common_purpose_is_none() -> None:
    wheel, metadata = (
        approval("a", purposes=frozenset({each})) for each in (Purpose.WHEEL, Purpose.METADATA)
    )
    assert strictest(Approvals((wheel, metadata))) == Approvals()
    assert strictest(Approvals((wheel, approval("a")))) == Approvals((wheel,))
