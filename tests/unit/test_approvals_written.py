"""An entry more or less is one line more or less, at its place, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipgate.approval_entries import entry_line
from pipgate.approvals import Approval, Revocation, Sha256Pin
from pipgate.approvals_text import added, without
from pipgate.errors import PolicyError
from pipgate.origin import BUILTIN
from support.approval_files import (
    DOCOPT,
    EVIL,
    FILE,
    ON,
    TOOL,
    VALID,
    approval,
    one,
    said,
)


def test_a_new_file() -> None:
    text = added(None, EVIL)
    assert text == added("", EVIL)
    assert text.splitlines()[:4] == [*VALID.splitlines()[:3], "]"]
    assert text.splitlines()[-3:] == VALID.splitlines()[-3:]
    text = added(added(text, TOOL), DOCOPT)
    assert [each for each in text.splitlines() if each not in VALID.splitlines()] == [
        "",
        "# This line and the blank one keep merges of the two blocks apart.",
    ]
    assert [each for each in VALID.splitlines() if each not in text.splitlines()] == []


def test_versions_are_sorted_as_versions_and_all_else_stays() -> None:
    before = one(
        "\n".join(
            [
                "# the first",
                f"{entry_line(approval('a', '9'))}  # as is",
                "",
                "# of eleven",
                f"\t{entry_line(approval('a', '11'))}",
                "# at the end",
            ]
        )
    ).replace("\n", "\r\n")
    assert_only_one_line_more(before, approval("a", "10"), below=5)
    assert_only_one_line_more(before, approval("a", "1"), below=3)
    assert_only_one_line_more(before, approval("a", "12"), below=8)
    assert_only_one_line_more("\ufeff" + before, approval("a", "10"), below=5)


def assert_only_one_line_more(before: str, entry: Approval | Revocation, below: int) -> None:
    lines = added(before, entry).split("\n")
    assert lines.pop(below) == f"  {entry_line(entry)}\r"
    assert "\n".join(lines) == before


def test_an_approval_is_renewed_where_it_stands() -> None:
    old, twin = approval("a", "1"), approval("a", "1.0", reason="twin")
    new = approval("a", "1", on=ON + timedelta(9), expires=None)
    before = one(f"# why\n{entry_line(old)} # seen\n# twin\n {entry_line(twin)}\n{entry_line(approval('b'))}")
    after = one(f"# why\n{entry_line(new)} # seen\n# twin\n{entry_line(approval('b'))}")
    assert added(before, new) == after


def test_a_revocation_takes_the_place_of_nothing() -> None:
    again = replace(EVIL, on=ON + timedelta(1))
    assert said(added(VALID, again)) == sorted([*said(VALID), entry_line(again)])
    assert added(VALID, EVIL) == VALID


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("version = 1\r\napprovals = [ ] # none", "version = 1\r\napprovals = [ # none\r\nX\r\n]"),
        ("approvals = []\nversion = 1", "approvals = [\nX\n]\nversion = 1"),
        ("\ufeffapprovals = []\nversion = 1\n", "\ufeffapprovals = [\nX\n]\nversion = 1\n"),
        ("version = 1 # x", "version = 1 # x\napprovals = [\nX\n]\n"),
        (
            "\ufeff# x\r\n",
            "\ufeff# x\r\nversion = 1\r\napprovals = [\r\nX\r\n]\r\nAPART\r\nrevoked = [\r\n]\r\n",
        ),
        ("version = 1\nrevoked = [\n]\n", "version = 1\nrevoked = [\n]\nAPART\napprovals = [\nX\n]\n"),
    ],
)
def test_a_block_is_made_where_it_is_missing(before: str, after: str) -> None:
    apart = "# This line and the blank one keep merges of the two blocks apart."
    expected = after.replace("X", f"  {entry_line(DOCOPT)}")
    text = added(before, DOCOPT)
    ending = "\r\n" if "\r" in before else "\n"
    assert text.replace(f"{ending}{apart}", "APART") == expected
    assert said(text) == [entry_line(DOCOPT)]


@pytest.mark.parametrize(
    "entry",
    [
        approval("-a"),
        approval("a", purposes=frozenset()),
        approval("a", pin=Sha256Pin("49b3")),
        approval("a", reason="two\nlines"),
        approval("a", reason="\x1b[31m"),
        approval("a", by="\ud800"),
        approval("a", by=""),
        replace(EVIL, by="\u202e"),
    ],
)
def test_an_entry_that_could_not_be_read_is_not_written(entry: Approval | Revocation) -> None:
    with pytest.raises(PolicyError):
        added(VALID, entry)


def test_what_does_not_parse_is_not_changed() -> None:
    with pytest.raises(PolicyError, match=f"{FILE}:10: a merge conflict"):
        added(VALID + "=======", DOCOPT)
    with pytest.raises(PolicyError, match=f"{FILE}:10: a merge conflict"):
        without(VALID + "=======", [DOCOPT])


def test_a_line_is_taken_out_and_the_comment_above_it_stays() -> None:
    before = VALID.replace("  {", "# why\n  {").replace("\n", "\r\n")
    lines = before.split("\n")
    assert without(before, [replace(DOCOPT, origin=BUILTIN), EVIL]) == "\n".join(
        line for line in lines if "docopt" not in line and "evilpkg" not in line
    )
    assert without(before, [approval("docopt", "7")]) == before
    assert without(before, []) == before
