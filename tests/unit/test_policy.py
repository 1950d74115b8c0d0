"""The rules: no allowance, no allow; and what each allowance reaches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipgate.build_request import (
    Archive,
    BuildRequest,
    Directory,
    Purpose,
    Sdist,
    Source,
    Vcs,
    location,
    public_url,
)
from pipgate.errors import UsageError
from pipgate.policy import (
    UNIDENTIFIED,
    Allowed,
    AllowedName,
    AllowedUrl,
    Policy,
    Refused,
    decide,
    parse_allowance,
)

SHA = "a" * 64
SDIST = Sdist("foo-1.0.tar.gz", SHA, "https://example.org/foo-1.0.tar.gz")
ARCHIVE = Archive("foo-1.0.tar.gz", SHA, "https://example.org/foo-1.0.tar.gz")
CHECKOUT = Vcs("git+https://example.org/foo", "c" * 40)
TREE = Directory("/home/kim/foo", editable=False)

sources = st.sampled_from([SDIST, ARCHIVE, CHECKOUT, TREE])
requests = st.builds(
    BuildRequest,
    name=st.sampled_from(["foo", "Foo_Bar", "other", None]),
    version=st.sampled_from(["1.0", "1", "2.0", "not a version", None]),
    source=sources,
    purpose=st.sampled_from(Purpose),
    named_by_user=st.booleans(),
)
allowances = st.sampled_from(
    ["foo", "foo==1.0", "foo-bar", "other==2", SDIST.url, CHECKOUT.url, TREE.path]
).map(parse_allowance)


def request(source: Source, *, named: bool = False, name: str | None = "foo") -> BuildRequest:
    return BuildRequest(name, "1.0", source, Purpose.METADATA, named_by_user=named)


@given(requests)
def test_without_an_allowance_only_first_party_is_allowed(wanted: BuildRequest) -> None:
    decision = decide(wanted, Policy())
    first_party = isinstance(wanted.source, Directory) and wanted.named_by_user
    assert isinstance(decision, Allowed) == first_party
    assert isinstance(decide(wanted, Policy(first_party=False)), Refused)


@given(requests, st.lists(allowances, max_size=4), allowances)
def test_one_allowance_less_never_allows_more(
    wanted: BuildRequest, some: list[AllowedName | AllowedUrl], one: AllowedName | AllowedUrl
) -> None:
    fewer, more = decide(wanted, Policy(tuple(some))), decide(wanted, Policy((*some, one)))
    assert isinstance(fewer, Refused) or isinstance(more, Allowed)


@given(requests, st.lists(allowances, max_size=4))
def test_the_order_of_allowances_does_not_matter(
    wanted: BuildRequest, some: list[AllowedName | AllowedUrl]
) -> None:
    assert decide(wanted, Policy(tuple(some))) == decide(wanted, Policy(tuple(reversed(some))))


@pytest.mark.parametrize("text", ["foo", "Foo", "foo==1.0", "foo==1", "foo == 1.0.0"])
def test_a_name_allows_a_file_of_an_index(text: str) -> None:
    assert isinstance(decide(request(SDIST), Policy((parse_allowance(text),))), Allowed)


@pytest.mark.parametrize("text", ["fo", "foobar", "foo==1.0.1", "foo==1.0.post1", "foo==1.0+local"])
def test_another_name_or_version_does_not(text: str) -> None:
    assert isinstance(decide(request(SDIST), Policy((parse_allowance(text),))), Refused)


@pytest.mark.parametrize("source", [ARCHIVE, CHECKOUT, TREE])
def test_a_name_reaches_a_direct_reference_only_when_the_user_named_it(source: Source) -> None:
    policy = Policy((AllowedName("foo", None),), first_party=False)
    assert isinstance(decide(request(source, named=True), policy), Allowed)
    refused = decide(request(source), policy)
    assert isinstance(refused, Refused)
    assert "not named yourself" in refused.reason


@pytest.mark.parametrize("source", [SDIST, ARCHIVE, CHECKOUT, TREE])
def test_a_url_or_path_allows_what_lies_there(source: Source) -> None:
    policy = Policy((parse_allowance(location(source)),))
    assert isinstance(decide(request(source, name=None), policy), Allowed)


def test_bytes_without_a_hash_are_never_allowed() -> None:
    unhashed = Sdist("foo-1.0.tar.gz", None, SDIST.url)
    assert decide(request(unhashed), Policy((AllowedName("foo", None),))) is UNIDENTIFIED


@pytest.mark.parametrize(
    "text", ["", "foo bar", "foo==", "foo==x y", "foo>=1", "-foo", "foo[extra]", "foo;x"]
)
def test_what_is_no_allowance(text: str) -> None:
    with pytest.raises(UsageError):
        parse_allowance(text)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://kim:secret@Example.org/a#sha256=x", "https://example.org/a"),
        ("git+file:///home/kim/repo", "git+file:///home/kim/repo"),
        ("git+ssh://git@example.org/o/r@main", "git+ssh://example.org/o/r@main"),
        ("/home/kim/foo", "/home/kim/foo"),
        ("https://example.org", "https://example.org"),
    ],
)
def test_public_url(url: str, public: str) -> None:
    assert public_url(url) == public
    assert public_url(public) == public
