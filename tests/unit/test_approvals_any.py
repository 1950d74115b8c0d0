"""Any entry is read as it was written, and any text is read or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from pipgate.approval_entries import entry_line
from pipgate.approvals import Approval, CommitPin, Revocation, Sha256Pin
from pipgate.approvals_text import added, all_added, without
from pipgate.build_request import Purpose
from pipgate.errors import PolicyError
from pipgate.origin import Layer, Origin
from support.approval_files import (
    ENTRY,
    FILE,
    VALID,
    parsed,
    said,
)

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,4}[A-Za-z0-9])?", fullmatch=True)
versions = st.sampled_from(["1", "1.0", "1.10", "1.9", "2!1", "1rc1", "1.0+local", "v3"])
hexadecimal = "0123456789abcdef"
directories = st.sampled_from(["", "b", 'packages/"one"'])
shas = st.builds(Sha256Pin, st.text(hexadecimal, min_size=64, max_size=64), directories)
urls = st.sampled_from(["git+https://example.org/a", 'hg+http://h/"\\', "git+file:///x y"])
commits = st.builds(CommitPin, urls, st.text(hexadecimal, min_size=40, max_size=40), directories)
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1, max_size=12
).filter(str.strip)
offsets = st.sampled_from([timezone.utc, timezone(timedelta(hours=5, minutes=30))])
instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=offsets)  # noqa: DTZ001 -- it has zones
origins = st.just(Origin(Layer.PROJECT, FILE, 1))
purposes = st.frozensets(st.sampled_from(Purpose), min_size=1)
why = st.none() | texts
until = st.none() | st.dates()
approvals = st.one_of(
    st.builds(
        Approval, names, st.none() | versions, shas, purposes, texts, instants, origins, why, until, why
    ),
    st.builds(
        Approval, names, st.none() | versions, commits, purposes, texts, instants, origins, why, until, why
    ),
)
revocations = st.one_of(
    st.builds(Revocation, names, st.none() | versions, st.none() | commits, texts, instants, origins, why),
    st.builds(Revocation, names, st.none() | versions, shas, texts, instants, origins, why),
)
entries = approvals | revocations


def identity(entry: Approval | Revocation) -> object:
    return canonicalize_name(entry.name), entry.version and Version(entry.version), entry.pin


@settings(max_examples=1000)
@given(
    st.lists(entries, max_size=5), entries, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"])
)
def test_what_was_added_is_there_with_all_that_was(
    some: list[Approval | Revocation], entry: Approval | Revocation, ending: str, mark: str
) -> None:
    text = added("", some[0]) if some else ""
    text = mark + text.replace("\n", ending)
    for each in some:
        text = added(text, each)
    after = added(text, entry)
    assert added(after, entry) == after
    kept = {
        line
        for each in parsed(text).approved + parsed(text).revoked
        if not (
            isinstance(entry, Approval) and isinstance(each, Approval) and identity(each) == identity(entry)
        )
        for line in [entry_line(each)]
    }
    assert set(said(after)) == kept | {entry_line(entry)}
    assert (after.count("\r\n") == after.count("\n")) == ("\r" in text)
    assert after.startswith(mark)
    assert not set(said(without(after, [entry]))) - kept


@settings(max_examples=200, deadline=None)
@given(st.lists(entries, max_size=5), st.lists(entries, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_many_at_once_are_as_one_after_the_other(
    some: list[Approval | Revocation], more: list[Approval | Revocation], ending: str
) -> None:
    """Also where some of them are there already, or twice among them."""
    text = reduce(added, some, "").replace("\n", ending)
    more = [*more, *some[:2], *more[:1]]
    together = all_added(text, more)
    assert sorted(said(together)) == sorted(said(reduce(added, more, text)))
    assert together == reduce(added, sorted(more, key=lambda each: isinstance(each, Revocation)), text)


@settings(max_examples=1000)
@given(entries)
def test_an_entry_is_read_as_it_was_written(entry: Approval | Revocation) -> None:
    read = parsed(added(None, entry))
    found = (*read.approved, *read.revoked)[0]
    assert found.reason == entry.reason
    assert found.by == entry.by
    assert found.pin == entry.pin
    assert found.on == entry.on.replace(microsecond=0)
    assert replace(found, name=entry.name, version=entry.version, on=entry.on, origin=entry.origin) == entry


@settings(max_examples=1000)
@given(st.lists(approvals | approvals.map(lambda each: replace(each, name="a", version="1")), max_size=6))
def test_the_order_of_additions_does_not_matter(some: list[Approval]) -> None:
    distinct = list({identity(each): each for each in some}.values())
    text, turned = "", ""
    for each, other in zip(distinct, reversed(distinct), strict=True):
        text, turned = added(text, each), added(turned, other)
    assert text == turned


def read_or_refused(text: str) -> None:
    place = f"{FILE}:1"
    try:
        parsed(text)
    except PolicyError as error:
        place = error.place
    file, _, line = place.rpartition(":")
    assert file == FILE
    assert 1 <= int(line) <= text.count("\n") + 1


fragments = st.sampled_from(
    [
        *[
            "\n",
            "\r",
            "\r\n",
            "{",
            "}",
            "[",
            "]",
            ",",
            '"',
            "'",
            '"""',
            "#",
            "=",
            "\\",
            "\\u0000",
            "\ufeff",
            "\0",
        ],
        *[
            "=======\n",
            "version = 1",
            "approvals = [",
            "revoked = [",
            "]\n",
            f"{{ {ENTRY} }},\n",
            "nan",
            "9" * 5000,
        ],
        *["1979-05-27T07:32:00+23:59", "\u2028", "\x85", "\ud800", "a.b.c = 1"],
    ]
)


@settings(max_examples=1000)
@given(st.text() | st.lists(fragments).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@settings(max_examples=1500)
@given(
    st.lists(
        st.tuples(st.integers(0, len(VALID)), st.integers(0, 40), fragments | st.text(max_size=3)),
        min_size=1,
        max_size=3,
    )
)
def test_a_valid_file_with_mistakes_is_read_or_refused(mistakes: list[tuple[int, int, str]]) -> None:
    text = VALID
    for start, length, put in mistakes:
        text = text[:start] + put + text[start + length :]
    read_or_refused(text)
