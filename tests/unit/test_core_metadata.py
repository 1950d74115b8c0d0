"""What counts as a difference between what was promised and what was built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipgate.core_metadata import CoreMetadata, as_metadata, read_pkg_info
from pipgate.metadata_promise import differences

BASE = CoreMetadata("Thing", "1.0", ("a>=1", 'b ; extra == "more"'), ">=3.8", ("more",))


def changed(**fields: object) -> CoreMetadata:
    values = {name: getattr(BASE, name) for name in CoreMetadata.__dataclass_fields__}
    return CoreMetadata(**{**values, **fields})  # type: ignore[arg-type]  # the fields of the type


@pytest.mark.parametrize(
    "same",
    [
        changed(requires_dist=("a>=1.0", 'b ; extra == "More"')),
        changed(name="thing"),
        changed(requires_python=">= 3.8"),
        changed(requires_dist=('b ; (extra == "more")', "A >=1")),
        changed(requires_dist=("a>=1", 'b ; extra == "more"', 'c ; python_version < "3"')),
        changed(provides_extra=("More",)),
    ],
)
def test_two_ways_to_say_the_same(same: CoreMetadata) -> None:
    assert differences(BASE, same) == ()


@pytest.mark.parametrize(
    ("other", "lines"),
    [
        (changed(name="other"), ("- Name: thing", "+ Name: other")),
        (changed(version="1.1"), ("- Version: 1.0", "+ Version: 1.1")),
        (changed(requires_python=None), ("- Requires-Python: >=3.8",)),
        (changed(provides_extra=("more", "most")), ("+ Provides-Extra: most",)),
        (
            changed(requires_dist=("a>=2", BASE.requires_dist[1])),
            ("- Requires-Dist: a>=1", "+ Requires-Dist: a>=2"),
        ),
        (
            changed(requires_dist=("a>=1", 'b>1 ; extra == "more"')),
            ("- Requires-Dist: b for the extra more", "+ Requires-Dist: b>1 for the extra more"),
        ),
        (
            changed(requires_dist=("a[x]>=1", BASE.requires_dist[1])),
            ("- Requires-Dist: a>=1", "+ Requires-Dist: a[x]>=1"),
        ),
    ],
)
def test_a_difference_is_shown(other: CoreMetadata, lines: tuple[str, ...]) -> None:
    assert differences(BASE, other) == lines


@pytest.mark.parametrize(
    ("promised", "built"),
    [
        ("packaging~=24.0", "packaging<25.0,>=24.0"),
        ("coverage[TOML]>=5.0RC1", "coverage[toml]>=5.0rc1"),
        ("good[A_b]>=1", "good[a-b]>=1.0"),
        ("a!=1.5,>=1", "a>=1,!=1.5.0"),
        ("a>=1,<3", "a<3,>=1"),
    ],
)
def test_what_other_backends_write_for_the_same(promised: str, built: str) -> None:
    assert differences(changed(requires_dist=(promised,)), changed(requires_dist=(built,))) == ()


@pytest.mark.parametrize(
    ("promised", "built"),
    [
        ("a~=24.0", "a>=24.0"),
        ("a~=24.0", "a<26,>=24.0"),
        ("a==1.0", "a>=1.0"),
        ("a>1", "a>=1"),
        ("a<2", "a<=2"),
        ("a!=1.5", "a"),
        ("a==1.*", "a>=1,<=2"),
        ("a[x]", "a"),
        ("a @ https://example.org/a.zip", "a"),
    ],
)
def test_what_is_not_the_same(promised: str, built: str) -> None:
    assert differences(changed(requires_dist=(promised,)), changed(requires_dist=(built,))) != ()
    assert (
        differences(changed(requires_dist=(promised,)), changed(requires_dist=(built,)), requirements=False)
        == ()
    )


names = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)


@given(
    names,
    st.sampled_from(["1", "1.0rc1", "2!1.0.post1"]),
    st.lists(names.map(lambda name: f"{name}>=1"), max_size=4).map(tuple),
    st.sampled_from([None, ">=3.8", "!=3.0.*,>=2.7"]),
    st.lists(names, max_size=3, unique=True).map(tuple),
)
def test_what_is_written_reads_the_same(
    name: str, version: str, requires: tuple[str, ...], python: str | None, extras: tuple[str, ...]
) -> None:
    fields = CoreMetadata(name, version, requires, python, extras)
    read = read_pkg_info(as_metadata(fields), "METADATA").fields
    assert differences(fields, read) == ()
    assert read.requires_dist == requires
