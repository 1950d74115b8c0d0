"""Lists of builds: one line each on any screen, whatever the names are; and the numbers of answers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipgate.build_request import Archive, BuildRequest, Directory, Offer, Purpose, Sdist, Vcs
from pipgate.numbered import LISTED, Listed, in_one_screen, numbered, read_numbers, whole
from pipgate.rows import Screen, cells, cut, rows
from pipgate.subject_rows import rows_of
from unit.test_rows import any_text, is_safe, screens, width

sources = st.one_of(
    st.builds(Sdist, any_text, st.just("a" * 64), any_text, any_text),
    st.builds(Archive, any_text, st.just("a" * 64), any_text, any_text),
    st.builds(Vcs, any_text, st.just("c" * 40), any_text),
    st.builds(Directory, any_text, any_text),
)
requests = st.builds(
    BuildRequest,
    any_text,
    any_text,
    sources,
    st.just(Purpose.WHEEL),
    st.tuples(any_text),
    offer=st.builds(Offer, index=any_text),
)


def sdist(name: str, index: str | None = None) -> BuildRequest:
    source = Sdist(f"{name}-1.0.tar.gz", "a" * 64, "")
    return BuildRequest(name, "1.0", source, Purpose.WHEEL, offer=Offer(index=index))


@given(st.lists(st.builds(Listed, requests, st.none(), any_text), min_size=1, max_size=30), screens)
def test_one_line_each_and_none_longer_than_the_screen(listed: list[Listed], screen: Screen) -> None:
    lines = numbered(listed, screen)
    assert len(lines) == len(listed)
    assert screen.columns is not None
    for number, line in enumerate(lines, 1):
        assert re.match(rf"  +{number}  ", line)
        assert not re.match(r"  +[0-9]+  .*  .*  ", line), "two columns, and no third"
    shown = in_one_screen(listed, screen)
    assert len(shown) <= LISTED + 1 + 3 * 2 + 1
    assert sum(bool(re.match(r"  +[0-9]+  ", line)) for line in shown) <= LISTED + 1
    for line in (*lines, *shown):
        assert is_safe(line)
        assert width(line) <= cells(line) <= max(screen.columns, 20), "a count needs its place"


@given(any_text, st.integers(0, 60))
def test_what_is_cut_keeps_both_ends(text: str, columns: int) -> None:
    shown = cut(text, columns)
    assert cells(shown) <= columns
    if cells(text) <= columns:
        assert shown == text


def test_what_differs_has_its_numbers() -> None:
    wide = Screen(100, "utf-8")
    of_two = [
        Listed(sdist(f"p{number}", "https://other/simple/p/" if number == 3 else "https://pypi/simple/p/"))
        for number in range(5)
    ]
    assert in_one_screen(of_two, wide)[5:] == [
        "  index         1-3, 5: https://pypi/simple/",
        "  index         4: https://other/simple/",
    ]
    reasons = [Listed(sdist(f"p{number}"), reason=f"reason {number}") for number in range(5)]
    assert in_one_screen(reasons, wide)[5:] == [
        "  asked because 1: reason 0",
        "  asked because 2: reason 1",
        "  asked because and 3 others",
    ]
    assert in_one_screen([Listed(sdist("ev\u0456l"))], wide)[1].startswith(
        "  note          not all of this is ASCII"
    )


@pytest.mark.parametrize("columns", [20, 60, 100, None])
def test_the_settings_of_a_file_are_shown_whole(columns: int | None) -> None:
    long = " ".join(f"--config-settings=harmless{number}=1" for number in range(200))
    told = [f"r.txt (line {number}): {long} --config-settings=end{number}" for number in range(20)]
    listed = [
        Listed(replace(sdist(f"p{number}"), settings=each), reason="no approval covers them")
        for number, each in enumerate(told)
    ]
    for lines in (in_one_screen(listed, Screen(columns, "utf-8")), whole(listed, Screen(columns, "utf-8"))):
        shown = re.sub(r"\s|settings(?= +[0-9]+: )", "", " ".join(lines))
        for number, each in enumerate(told, 1):
            assert f"{number}:{each.replace(' ', '')}" in shown
        assert sum(line.startswith("  asked") for line in lines) == 1, "the reason is one"
    one = rows(rows_of(listed[0].request), Screen(columns, "utf-8"))
    assert told[0].replace(" ", "") in "".join("".join(one).split())


def test_the_whole_list_has_all_reasons() -> None:
    reasons = [Listed(sdist(f"p{number}"), reason=f"reason {number}") for number in range(20)]
    lines = whole(reasons, Screen(100, "utf-8"))
    assert lines[20:] == [f"  asked because {number + 1}: reason {number}" for number in range(20)]


def test_how_many_are_not_shown() -> None:
    shown = in_one_screen([Listed(sdist(f"p{number}")) for number in range(200)], Screen(20, "ascii"))
    assert shown[LISTED] == "  ... and 188 more"
    assert shown[0].startswith("    1  p0 1.0")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("", []),
        ("1 3", [0, 2]),
        ("3,1, 3", [0, 2]),
        ("all", [0, 1, 2]),
        ("4", None),
        ("0", None),
        ("-1", None),
        ("1-3", None),
        ("one", None),
        ("all 1", None),
        ("\u0663", None),
        ("9" * 5000, None),
    ],
)
def test_numbers_that_are_answered(answer: str, named: list[int] | None) -> None:
    assert read_numbers(answer, 3) == named
