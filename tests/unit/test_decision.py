"""The rules and their laws: no approval, no yes; what each yes reaches; what never loosens."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipgate.allowances import Allowance, AllowedName, parse_allowance
from pipgate.approvals import Approval, Approvals, CommitPin, Revocation, Sha256Pin
from pipgate.build_request import (
    Archive,
    BuildRequest,
    Directory,
    Offer,
    Purpose,
    Sdist,
    Source,
    Vcs,
    location,
)
from pipgate.decision import UNIDENTIFIED, Allowed, Context, Finding, Question, Refused, decide
from pipgate.errors import UsageError
from pipgate.matching import normalised, pin_or_none, same_subject
from pipgate.origin import BUILTIN, Layer, Origin
from pipgate.outlook import outlook_from_json, outlook_of
from pipgate.policy import Mode, Policy, Rule, Setting, Status, Verdict
from pipgate.public_urls import public_url

if TYPE_CHECKING:
    from random import Random

SHA = "a" * 64
SDIST = Sdist("foo-1.0.tar.gz", SHA, "https://example.org/foo-1.0.tar.gz")
ARCHIVE = Archive("foo-1.0.tar.gz", SHA, "https://example.org/foo-1.0.tar.gz")
CHECKOUT = Vcs("git+https://example.org/foo", "c" * 40)
TREE = Directory("/home/kim/foo", editable=False)

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
BUILT_IN, NOTHING = Policy(), Approvals()
CLOSED = Policy(first_party_paths=Setting(()))
LAWS = settings(max_examples=1000, deadline=None)

sources = st.sampled_from(
    [SDIST, ARCHIVE, CHECKOUT, TREE, replace(SDIST, sha256="b" * 64), replace(SDIST, sha256=None)]
)
offers = st.builds(
    Offer,
    index=st.sampled_from([None, "https://index.example.org/simple/foo/", "https://other.example.org/foo/"]),
    uploaded=st.sampled_from([None, "2020-01-01T00:00:00Z", "2026-11-24T11:00:00Z", "nonsense"]),
    statuses=st.sets(st.sampled_from(["yanked", "quarantined", "archived"])).map(tuple),
)
requests = st.builds(
    BuildRequest,
    name=st.sampled_from(["foo", "Foo_Bar", "other", None]),
    version=st.sampled_from(["1.0", "1", "2.0", "not a version", None]),
    source=sources,
    purpose=st.sampled_from(Purpose),
    named_by_user=st.booleans(),
    offer=offers,
    claimed=st.sampled_from([None, "foo", "Other"]),
)
verdicts = st.sampled_from(Verdict)
rules = st.builds(
    Rule,
    name=st.sampled_from(["foo", "foo-bar", "other", "*", "f*"]),
    verdict=verdicts,
    origin=st.just(Origin(Layer.USER, "pipgate.toml", 3)),
    version=st.sampled_from(["", ">=1", "<1", "==1.0"]),
    index=st.sampled_from([None, "https://index.example.org/simple"]),
    expires=st.sampled_from([None, date(2020, 1, 1), date(2030, 1, 1)]),
)
policies = st.builds(
    Policy,
    default=st.sampled_from([Verdict.ASK, Verdict.BLOCK]).map(Setting),
    mode=st.sampled_from([Mode.INTERACTIVE, Mode.AUTO, Mode.CI]).map(Setting),
    deny=st.sets(st.sampled_from(["foo", "other"])).map(
        lambda names: tuple(Setting(name) for name in sorted(names))
    ),
    min_age=st.sampled_from([timedelta(), timedelta(days=3)]).map(Setting),
    require_reason=st.booleans().map(Setting),
    max_approval_life=st.sampled_from([None, timedelta(days=30)]).map(Setting),
    first_party_paths=st.sampled_from([("*",), (), ("/home/kim",)]).map(Setting),
    first_party_names=st.sampled_from([(), ("f*",)]).map(Setting),
    first_party_indexes=st.sampled_from([(), ("https://index.example.org/simple",)]).map(Setting),
    status=st.dictionaries(st.sampled_from(Status), verdicts.map(Setting)),
    rules=st.lists(rules, max_size=4).map(tuple),
    locked=st.booleans(),
)
pins = st.sampled_from(
    [Sha256Pin(SHA), Sha256Pin("b" * 64), CommitPin("git+https://example.org/foo", "c" * 40)]
)
approvals_ = st.builds(
    Approval,
    name=st.sampled_from(["foo", "other"]),
    version=st.sampled_from(["1.0", "1", "2.0", None]),
    pin=pins,
    purposes=st.sets(st.sampled_from(Purpose), min_size=1).map(frozenset),
    by=st.just("kim"),
    on=st.sampled_from([NOW - timedelta(days=1), NOW - timedelta(days=400), NOW + timedelta(days=400)]),
    origin=st.just(BUILTIN),
    file=st.sampled_from([None, "foo-1.0.tar.gz", "foo-1.0.zip"]),
    expires=st.sampled_from([None, date(2020, 1, 1), date(2030, 1, 1)]),
    reason=st.sampled_from([None, "read it"]),
)
revocations = st.builds(
    Revocation,
    name=st.sampled_from(["foo", "other"]),
    version=st.sampled_from([None, "1.0"]),
    pin=st.none() | pins,
    by=st.just("kim"),
    on=st.just(NOW),
    origin=st.just(BUILTIN),
)
approval_files = st.builds(
    Approvals, st.lists(approvals_, max_size=3).map(tuple), st.lists(revocations, max_size=2).map(tuple)
)
contexts = st.builds(Context, now=st.just(NOW), can_ask=st.booleans(), project=st.just("/home/kim"))
allowances = st.sampled_from(
    ["foo", "foo==1.0", "foo-bar", "other==2", SDIST.url, CHECKOUT.url, TREE.path]
).map(parse_allowance)


def request(source: Source, *, named: bool = False, name: str | None = "foo") -> BuildRequest:
    return BuildRequest(name, "1.0", source, Purpose.METADATA, named_by_user=named)


def decided(
    wanted: BuildRequest, *given_: Allowance, policy: Policy = BUILT_IN, approvals: Approvals = NOTHING
) -> Finding:
    return decide(wanted, policy, approvals, Context(NOW, allowances=given_))


def strictness(finding: Finding) -> int:
    return 0 if isinstance(finding, Allowed) else 1 if isinstance(finding, Question) else 2


def is_yes(finding: Finding) -> bool:
    return isinstance(finding, Allowed)


@LAWS
@given(requests, policies, contexts)
def test_without_an_approval_or_a_rule_only_first_party_is_allowed(
    wanted: BuildRequest, policy: Policy, context: Context
) -> None:
    silent = replace(policy, rules=(), first_party_names=Setting(()))
    finding = decide(wanted, silent, Approvals(), context)
    named_tree = isinstance(wanted.source, Directory) and wanted.named_by_user
    assert not is_yes(finding) or named_tree
    assert not is_yes(decide(wanted, replace(silent, first_party_paths=Setting(())), Approvals(), context))


@LAWS
@given(requests, policies, approval_files, contexts)
def test_ask_never_leaves_when_nobody_can_answer(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context
) -> None:
    finding = decide(wanted, policy, approvals, replace(context, can_ask=False))
    assert not isinstance(finding, Question)
    assert finding == decide(wanted, policy, approvals, replace(context, can_ask=False)), "the same again"
    in_ci = replace(policy, mode=Setting(Mode.CI))
    assert not isinstance(decide(wanted, in_ci, approvals, replace(context, can_ask=True)), Question)


@LAWS
@given(requests, policies, approval_files, contexts, st.sampled_from(["foo", "other", "foo-bar"]))
def test_a_deny_never_loosens_and_beats_every_yes(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context, name: str
) -> None:
    denied = decide(wanted, replace(policy, deny=(*policy.deny, Setting(name))), approvals, context)
    assert not is_yes(denied) or is_yes(decide(wanted, policy, approvals, context))
    if (wanted.name or "").lower().replace("_", "-") == name:
        assert isinstance(denied, Refused)
        assert denied.code == "denied"


@LAWS
@given(requests, policies, approval_files, contexts, approvals_)
def test_an_approval_less_never_turns_a_no_into_a_yes(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context, one: Approval
) -> None:
    more = replace(approvals, approved=(*approvals.approved, one))
    if is_yes(decide(wanted, policy, approvals, context)):
        finding = decide(wanted, policy, more, context)
        assert is_yes(finding) or (isinstance(finding, Refused) and finding.code == "hash-mismatch")
    else:
        lone = replace(one, pin=Sha256Pin("d" * 64))
        assert not is_yes(
            decide(wanted, policy, replace(approvals, approved=(*approvals.approved, lone)), context)
        )


@LAWS
@given(requests, policies, approval_files, contexts, revocations)
def test_a_revocation_never_loosens(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context, one: Revocation
) -> None:
    revoked = decide(wanted, policy, replace(approvals, revoked=(*approvals.revoked, one)), context)
    assert strictness(revoked) >= strictness(decide(wanted, policy, approvals, context))


@LAWS
@given(requests, policies, approval_files, contexts, st.sampled_from(["pin", "directories", "version"]))
def test_what_was_revoked_is_refused_and_never_asked_about(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context, width: str
) -> None:
    """A revocation of exactly this request, younger than every approval, beats every yes."""
    pin = pin_or_none(wanted)
    name = normalised(wanted.name)
    if pin is None or name is None or (isinstance(pin, Sha256Pin) and wanted.version is None):
        return
    held = pin if width == "pin" else replace(pin, subdirectory="") if width == "directories" else None
    version = None if isinstance(pin, CommitPin) and held is not None else wanted.version
    if held is None and version is None:
        return
    one = Revocation(name, version, held, "kim", NOW + timedelta(days=500), BUILTIN, "SEC-1")
    everything = (*policy.rules, Rule(name, Verdict.ALLOW, BUILTIN))
    for each in (policy, replace(policy, rules=everything)):
        found = decide(wanted, each, replace(approvals, revoked=(one,)), replace(context, can_ask=True))
        for_this_run = tuple(parse_allowance(text) for text in (location(wanted.source), name))
        forced = decide(
            wanted,
            each,
            replace(approvals, revoked=(one,)),
            replace(context, allowances=for_this_run, once=frozenset({wanted})),
        )
        for finding in (found, forced):
            assert isinstance(finding, Refused | Allowed)
            if isinstance(finding, Allowed):  # by an approval of these bytes under another version or none
                assert finding.code == "approved"
                assert any(same_subject(one_, wanted) for one_ in approvals.approved)
            else:
                assert finding.code in {"revoked", "denied", "status-blocked"}


@pytest.mark.parametrize("min_age", [timedelta(0), timedelta(days=30)])
def test_nobody_is_asked_about_a_project_of_your_own_without_a_hash(min_age: timedelta) -> None:
    index = "https://index.example.org/simple"
    policy = Policy(
        first_party_names=Setting(("foo",)), first_party_indexes=Setting((index,)), min_age=Setting(min_age)
    )
    unpinned = replace(SDIST, sha256=None)
    wanted = BuildRequest("foo", "1.0", unpinned, Purpose.WHEEL, offer=Offer(f"{index}/foo/"))
    assert decide(wanted, policy, NOTHING, Context(NOW, can_ask=True)) == UNIDENTIFIED


@LAWS
@given(requests, policies, approval_files, contexts)
def test_a_floor_that_is_raised_never_loosens(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context
) -> None:
    before = decide(wanted, policy, approvals, context)
    for raised in (
        replace(policy, default=Setting(Verdict.BLOCK)),
        replace(policy, mode=Setting(Mode.CI)),
        replace(policy, require_reason=Setting(value=True)),
        replace(policy, min_age=Setting(timedelta(days=30))),
        replace(policy, max_approval_life=Setting(timedelta(days=1))),
        replace(policy, first_party_paths=Setting(())),
        replace(policy, status=dict.fromkeys(Status, Setting(Verdict.BLOCK))),
    ):
        assert strictness(decide(wanted, raised, approvals, context)) >= strictness(before)


@LAWS
@given(requests, policies, approval_files, contexts, rules)
def test_what_asks_or_blocks_never_loosens(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context, rule: Rule
) -> None:
    """All that a project nobody trusts may add to a policy."""
    before = decide(wanted, policy, approvals, context)
    asking = replace(rule, verdict=max(rule.verdict, Verdict.ASK))
    asked = {
        status: max(policy.status.get(status, Setting(Verdict.ALLOW)).value, Verdict.ASK) for status in Status
    }
    for tighter in (
        replace(policy, rules=(*policy.rules, asking)),
        replace(policy, status={status: Setting(verdict) for status, verdict in asked.items()}),
        replace(policy, min_age=Setting(max(policy.min_age.value, timedelta(days=1)))),
    ):
        assert strictness(decide(wanted, tighter, approvals, context)) >= strictness(before)


@LAWS
@given(requests, policies, approval_files, contexts, st.randoms())
def test_the_order_of_rules_and_approvals_does_not_matter(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context, random: Random
) -> None:
    def kind(finding: Finding) -> tuple[str, str | None]:
        return type(finding).__name__, getattr(finding, "code", None)

    shuffled = list(policy.rules), list(approvals.approved)
    for each in shuffled:
        random.shuffle(each)
    others = replace(approvals, approved=tuple(shuffled[1]))
    other = decide(wanted, replace(policy, rules=tuple(shuffled[0])), others, context)
    assert kind(other) == kind(decide(wanted, policy, approvals, context))


@LAWS
@given(requests, policies, approval_files, contexts)
def test_observe_runs_everything_and_says_what_would_have_been(
    wanted: BuildRequest, policy: Policy, approvals: Approvals, context: Context
) -> None:
    finding = decide(wanted, policy, approvals, context)
    observed = decide(wanted, replace(policy, mode=Setting(Mode.OBSERVE)), approvals, context)
    assert isinstance(observed, Allowed)
    assert is_yes(finding) == (observed.code != "observed")


@given(requests, st.lists(allowances, max_size=4), allowances)
def test_one_allowance_less_never_allows_more(
    wanted: BuildRequest, some: list[Allowance], one: Allowance
) -> None:
    assert not is_yes(decided(wanted, *some)) or is_yes(decided(wanted, *some, one))


def approved(**fields: object) -> Approvals:
    one = Approval("foo", "1.0", Sha256Pin(SHA), frozenset({Purpose.WHEEL}), "kim", NOW, BUILTIN)
    return Approvals((replace(one, **fields),))  # type: ignore[arg-type]  # the fields of an approval


def test_an_approval_covers_exactly_its_bytes() -> None:
    assert is_yes(decided(request(SDIST), approvals=approved()))
    other = decided(request(replace(SDIST, sha256="b" * 64)), approvals=approved())
    assert isinstance(other, Refused)
    assert other.code == "hash-mismatch"
    asked = decide(request(replace(SDIST, sha256="b" * 64)), Policy(), approved(), Context(NOW, can_ask=True))
    assert asked == other, "never asked about"
    for source in (CHECKOUT, TREE):
        assert not is_yes(decided(request(source, named=True), policy=CLOSED, approvals=approved()))
    assert decided(request(replace(SDIST, sha256=None)), approvals=approved()) is UNIDENTIFIED


def test_a_revoked_commit_is_no_denied_name() -> None:
    pin = CommitPin("git+https://example.org/foo", "c" * 40)
    one = replace(approved().approved[0], pin=pin, version=None)
    taken_back = Revocation("foo", None, pin, "kim", NOW, BUILTIN)
    assert is_yes(decided(request(CHECKOUT), approvals=Approvals((one,))))
    assert not is_yes(decided(request(CHECKOUT), approvals=Approvals((one,), (taken_back,))))
    assert is_yes(decided(request(SDIST), approvals=Approvals(approved().approved, (taken_back,))))


def test_a_place_of_ones_own_ends_where_it_ends() -> None:
    policy = replace(
        CLOSED,
        first_party_names=Setting(("foo",)),
        first_party_vcs=Setting(("git+https://example.org/platform",)),
        first_party_indexes=Setting(("https://index.example.org/simple",)),
    )
    for url, own in (
        ("git+https://example.org/platform/foo", True),
        ("git+https://example.org/platform-evil/foo", False),
        ("git+https://example.org/platform/../evil", False),
        ("git+https://example.org/platform/%2e%2E/evil", False),
        ("git+https://example.org/platform/.%252e/evil", False),
        ("git+https://example.org/platform/..%2fevil", False),
        ("git+https://example.org/platform/..\\evil", False),
        ("git+https://example.org/platform/a..b", True),
    ):
        assert is_yes(decided(request(Vcs(url, "c" * 40)), policy=policy)) == own
    for page, own in (
        ("https://index.example.org/simple/foo/", True),
        ("https://index.example.org/simple-evil/foo/", False),
        ("https://index.example.org/simple/%2e%2e/evil/foo/", False),
    ):
        assert is_yes(decided(replace(request(SDIST), offer=Offer(index=page)), policy=policy)) == own


def test_an_approval_covers_exactly_its_commit() -> None:
    commit = approved(pin=CommitPin("git+https://example.org/foo", "c" * 40), version=None)
    assert is_yes(decided(request(CHECKOUT), approvals=commit))
    assert is_yes(decided(request(Vcs(f"{CHECKOUT.url}@{'c' * 40}", None)), approvals=commit))
    for source in (
        Vcs(CHECKOUT.url, "d" * 40),
        Vcs("git+https://example.org/bar", "c" * 40),
        Vcs(CHECKOUT.url, None),
        SDIST,
    ):
        assert not is_yes(decided(request(source), approvals=commit))


@pytest.mark.parametrize(
    ("fields", "policy"),
    [
        ({"expires": date(2026, 11, 23)}, Policy()),
        ({"on": NOW - timedelta(days=31)}, Policy(max_approval_life=Setting(timedelta(days=30)))),
        ({}, Policy(require_reason=Setting(value=True))),
        ({"purposes": frozenset({Purpose.EDITABLE})}, Policy()),
        ({"version": "1.1"}, Policy()),
        ({"name": "bar"}, Policy()),
        ({"on": NOW + timedelta(days=2)}, Policy()),
    ],
)
def test_an_approval_that_does_not_hold(fields: dict[str, object], policy: Policy) -> None:
    wheel = request(SDIST).for_purpose(Purpose.WHEEL)
    assert is_yes(decided(wheel, approvals=approved()))
    assert not is_yes(decided(wheel, policy=policy, approvals=approved(**fields)))
    assert is_yes(decided(wheel, approvals=approved(expires=date(2026, 11, 24)))), "the last day counts"


TAKEN_BACK = Revocation("foo", "1.0", Sha256Pin(SHA), "kim", NOW, BUILTIN, "SEC-7")


@pytest.mark.parametrize("revoked", [TAKEN_BACK, replace(TAKEN_BACK, pin=None)])
@pytest.mark.parametrize("held", [approved(), NOTHING])
def test_who_took_it_back_is_said_and_nothing_is_asked(revoked: Revocation, held: Approvals) -> None:
    nameless = replace(request(ARCHIVE, name=None), version=None, claimed="foo")
    for wanted in (request(SDIST), request(ARCHIVE), *([nameless] if revoked.pin else [])):
        found = decide(wanted, BUILT_IN, replace(held, revoked=(revoked,)), Context(NOW, can_ask=True))
        assert isinstance(found, Refused)
        assert found.code == "revoked"
        assert "kim on 2026-11-24: SEC-7 (builtin)" in found.reason
    other = request(replace(SDIST, sha256="b" * 64), named=True)
    asked = decide(other, BUILT_IN, Approvals((), (TAKEN_BACK,)), Context(NOW, can_ask=True))
    assert isinstance(asked, Question), "another file than the revoked one"
    elsewhere = request(replace(SDIST, subdirectory="part"))
    found = decide(elsewhere, BUILT_IN, Approvals((), (revoked,)), Context(NOW, can_ask=True))
    assert isinstance(found, Refused), "a file stands for every directory in it"
    younger = approved(on=NOW + timedelta(seconds=1))
    assert is_yes(decided(request(SDIST), approvals=replace(younger, revoked=(revoked,))))


def test_a_revoked_commit_stays_so_under_any_version() -> None:
    pin = CommitPin("git+https://example.org/foo", "c" * 40)
    revoked = Revocation("foo", None, pin, "kim", NOW, BUILTIN)
    for version in (None, "1.0", "2.0"):
        wanted = replace(request(CHECKOUT), version=version)
        found = decide(wanted, BUILT_IN, Approvals((), (revoked,)), Context(NOW, can_ask=True))
        assert isinstance(found, Refused)
        assert found.code == "revoked"
    asked = decide(
        request(Vcs(CHECKOUT.url, "d" * 40)), BUILT_IN, Approvals((), (revoked,)), Context(NOW, can_ask=True)
    )
    assert isinstance(asked, Question)


def test_an_expired_approval_is_asked_about_and_said() -> None:
    expired = approved(expires=date(2026, 11, 23))
    young = Policy(min_age=Setting(timedelta(days=3)))
    for policy in (BUILT_IN, young):
        asked = decide(request(SDIST), policy, expired, Context(NOW, can_ask=True))
        assert isinstance(asked, Question)
        assert "by kim on 2026-11-24 does not hold: expired on 2026-11-23 (builtin)" in asked.reason
        assert "nobody has approved" not in asked.reason
    blocked = decided(request(SDIST), policy=Policy(default=Setting(Verdict.BLOCK)), approvals=expired)
    assert isinstance(blocked, Refused)
    assert blocked.code == "needs-approval"
    assert "expired on 2026-11-23" in blocked.reason
    assert "default is block" in blocked.reason


@pytest.mark.parametrize("filename", ["foo-1.0.tar.gz", "Foo-1.0.tar.gz", "foo-1.0.zip"])
def test_another_file_of_the_version_is_refused_and_never_asked_about(filename: str) -> None:
    other = Sdist(filename, "b" * 64, "https://example.org/x")
    found = decide(request(other), BUILT_IN, approved(), Context(NOW, can_ask=True))
    assert isinstance(found, Refused)
    assert found.code == "hash-mismatch"


def test_an_archive_without_a_name_is_known_by_its_bytes() -> None:
    nameless = request(replace(ARCHIVE, filename="main.tar.gz"), name=None)
    nameless = replace(nameless, version=None, claimed="foo")
    assert is_yes(decided(nameless, approvals=approved()))
    assert is_yes(decided(replace(nameless, name="foo"), approvals=approved()))
    assert not is_yes(decided(replace(nameless, name="bar"), approvals=approved()))
    other = replace(ARCHIVE, filename="main.tar.gz", sha256="b" * 64)
    assert not is_yes(decided(replace(nameless, source=other), approvals=approved()))
    assert not is_yes(decided(replace(nameless, source=replace(other, sha256=None)), approvals=approved()))


@pytest.mark.parametrize("source", [replace(ARCHIVE, filename="main.tar.gz"), CHECKOUT])
@pytest.mark.parametrize(
    ("policy", "entries"),
    [
        (Policy(deny=(Setting("foo"),)), ()),
        (Policy(rules=(Rule("foo", Verdict.BLOCK, BUILTIN, version="<2"),)), ()),
        (BUILT_IN, (Revocation("foo", None, None, "kim", NOW, BUILTIN),)),
    ],
)
def test_an_approval_under_a_denied_name_is_no_yes_for_what_has_none(
    source: Source, policy: Policy, entries: tuple[Revocation, ...]
) -> None:
    nameless = replace(request(source, name=None, named=True), version=None)
    pin = pin_or_none(nameless)
    held = approved(pin=pin)
    assert is_yes(decided(nameless, approvals=held))
    refused = decided(
        nameless, AllowedName("foo", None), policy=policy, approvals=replace(held, revoked=entries)
    )
    assert isinstance(refused, Refused)
    assert refused.code == "denied"
    others = (*held.approved, *approved(name="bar", pin=pin).approved)
    assert is_yes(decided(nameless, policy=policy, approvals=Approvals(others, entries))), "a yes of its own"


def test_an_approval_without_a_version_covers_exactly_its_bytes_under_its_name() -> None:
    held = approved(version=None)
    main = replace(ARCHIVE, filename="main.zip")
    other = replace(main, sha256="b" * 64)
    for version in (None, "1.0", "2.0", "v1.x"):
        for source in (main, SDIST):
            assert is_yes(decided(replace(request(source), version=version), approvals=held))
        for wanted in (
            request(other),
            request(replace(main, sha256=None)),
            request(replace(main, subdirectory="one")),
            request(main, name="bar"),
        ):
            assert not is_yes(decided(replace(wanted, version=version), approvals=held))
    moved = decide(replace(request(other), version=None), BUILT_IN, held, Context(NOW, can_ask=True))
    assert isinstance(moved, Question), "its branch has moved on"


@pytest.mark.parametrize(
    ("revoked", "also_of_another_version"),
    [
        (TAKEN_BACK, True),
        (replace(TAKEN_BACK, version=None), True),
        (replace(TAKEN_BACK, pin=None), False),
    ],
)
@pytest.mark.parametrize("version", [None, "1.0"])
def test_what_takes_back_bytes_or_a_version_reaches_what_says_none(
    revoked: Revocation,
    also_of_another_version: bool,  # noqa: FBT001 -- a table
    version: str | None,
) -> None:
    older = Approvals(approved(version=version).approved, (revoked,))
    for asked in ("1.0", *(("2.0", None) if also_of_another_version and version is None else ())):
        refused = decided(replace(request(ARCHIVE), version=asked), approvals=older)
        assert isinstance(refused, Refused)
        assert asked == "2.0" or refused.code == "revoked"
    younger = Approvals(approved(version=version, on=NOW + timedelta(seconds=1)).approved, (revoked,))
    outlives = version is not None or also_of_another_version
    assert is_yes(decided(request(ARCHIVE), approvals=younger)) is outlives, "whose writer was told of it"


def test_a_checkout_without_a_name_is_known_by_its_commit() -> None:
    commit = approved(pin=CommitPin("git+https://example.org/foo", "c" * 40), version=None)
    nameless = replace(request(CHECKOUT, name=None, named=True), version=None)
    assert is_yes(decided(nameless, approvals=commit))
    for source in (
        Vcs(CHECKOUT.url, "d" * 40),
        Vcs("git+https://example.org/bar", "c" * 40),
        Vcs(CHECKOUT.url, None),
        replace(CHECKOUT, subdirectory="one"),
    ):
        assert not is_yes(decided(replace(nameless, source=source), approvals=commit))
    assert not is_yes(decided(replace(nameless, name="bar"), approvals=commit))
    denied = Approvals(commit.approved, (Revocation("foo", None, None, "kim", NOW, BUILTIN),))
    assert not is_yes(decided(nameless, approvals=denied))


@pytest.mark.parametrize("source", [ARCHIVE, TREE, CHECKOUT])
def test_a_denied_name_holds_for_what_says_it_of_itself(source: Source) -> None:
    wanted = replace(request(source, named=True, name=None), claimed="Foo")
    allowance = parse_allowance(location(source))
    assert is_yes(decided(wanted, allowance))
    blocked = Rule("foo", Verdict.BLOCK, BUILTIN)
    denied = Revocation("foo", None, None, "kim", NOW, BUILTIN)
    for policy, approvals in (
        (Policy(deny=(Setting("foo"),)), NOTHING),
        (Policy(rules=(blocked,)), NOTHING),
        (BUILT_IN, Approvals((), (denied,))),
    ):
        refused = decided(wanted, allowance, policy=policy, approvals=approvals)
        assert isinstance(refused, Refused)
        assert refused.code == "denied"


def test_a_yes_for_metadata_alone_is_none_for_a_wheel() -> None:
    metadata = approved(purposes=frozenset({Purpose.METADATA}))
    assert is_yes(decided(request(SDIST), approvals=metadata))
    assert not is_yes(decided(request(SDIST).for_purpose(Purpose.WHEEL), approvals=metadata))


def test_a_locked_default_of_block_allows_nothing_for_one_run() -> None:
    locked = Policy(default=Setting(Verdict.BLOCK), locked=True)
    refused = decided(request(SDIST), AllowedName("foo", None), policy=locked)
    assert isinstance(refused, Refused)
    assert refused.code == "locked"
    assert is_yes(decided(request(SDIST), policy=locked, approvals=approved()))


def test_a_gate_that_asks_is_answered_by_an_approval_and_one_that_blocks_is_not() -> None:
    yanked = replace(request(SDIST), offer=Offer(statuses=("yanked",)))
    for verdict, answer in ((Verdict.ASK, True), (Verdict.BLOCK, False)):
        policy = Policy(status={Status.YANKED: Setting(verdict)})
        assert is_yes(decided(yanked, policy=policy, approvals=approved())) == answer


@pytest.mark.parametrize("text", ["foo", "Foo", "foo==1.0", "foo==1", "foo == 1.0.0"])
def test_a_name_allows_a_file_of_an_index(text: str) -> None:
    assert isinstance(decided(request(SDIST), parse_allowance(text)), Allowed)


@pytest.mark.parametrize("text", ["fo", "foobar", "foo==1.0.1", "foo==1.0.post1", "foo==1.0+local"])
def test_another_name_or_version_does_not(text: str) -> None:
    assert isinstance(decided(request(SDIST), parse_allowance(text)), Refused)


@pytest.mark.parametrize("source", [ARCHIVE, CHECKOUT, TREE])
def test_a_name_reaches_a_direct_reference_only_when_the_user_named_it(source: Source) -> None:
    foo = AllowedName("foo", None)
    assert isinstance(decided(request(source, named=True), foo, policy=CLOSED), Allowed)
    refused = decided(request(source), foo, policy=CLOSED)
    assert isinstance(refused, Refused)
    assert "not named yourself" in refused.reason


@pytest.mark.parametrize("source", [SDIST, ARCHIVE, CHECKOUT, TREE])
def test_a_url_or_path_allows_what_lies_there(source: Source) -> None:
    assert isinstance(decided(request(source, name=None), parse_allowance(location(source))), Allowed)


def test_bytes_without_a_hash_are_never_allowed() -> None:
    unhashed = Sdist("foo-1.0.tar.gz", None, SDIST.url)
    assert decided(request(unhashed), AllowedName("foo", None)) is UNIDENTIFIED


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


@LAWS
@given(request=requests, policy=policies, approvals=approval_files, context=contexts)
def test_what_is_allowed_was_in_the_outlook(
    request: BuildRequest, policy: Policy, approvals: Approvals, context: Context
) -> None:
    """A name that is not in it never opens the gate, so it must hold all that the gate would allow."""
    outlook = outlook_of(policy, approvals)
    assert outlook_from_json(json.loads(json.dumps(outlook.to_json()))) == outlook
    decision = decide(request, policy, approvals, context)
    if isinstance(decision, Allowed) and not isinstance(request.source, Directory):
        assert outlook.may_allow(request.name)


SETTINGS = "r.txt (line 2): --config-settings=--compiler=./evil"


@pytest.mark.parametrize("policy", [BUILT_IN, Policy(rules=(Rule("foo", Verdict.ALLOW, BUILTIN),))])
def test_a_yes_at_the_terminal_is_for_the_settings_that_it_was_given_to(policy: Policy) -> None:
    bare = BuildRequest("foo", "1.0", SDIST, Purpose.WHEEL)
    with_them = replace(bare, settings=SETTINGS)
    once = Context(NOW, can_ask=True, once=frozenset({bare}))
    for each in (with_them, with_them.for_purpose(Purpose.METADATA)):
        found = decide(each, policy, NOTHING, once)
        assert isinstance(found, Question), found
        assert found.code == ("file-settings" if policy.rules else "needs-approval"), "undecided stays that"
        assert found.reason.endswith("no approval covers the build settings that a file gives")
    shown = replace(once, once=frozenset({replace(with_them, purpose=Purpose.METADATA)}))
    assert isinstance(decide(with_them, policy, NOTHING, shown), Allowed)
    assert isinstance(decide(bare, policy, NOTHING, shown), Allowed)
    others = replace(bare, settings=f"{SETTINGS} --config-settings=more")
    assert isinstance(decide(others, policy, NOTHING, shown), Question)


@pytest.mark.parametrize("can_ask", [True, False])
@pytest.mark.parametrize("allowances", [(), (parse_allowance("foo"),)])
@pytest.mark.parametrize("once", [False, True])
def test_over_a_floor_nobody_is_asked_in_vain(
    *, can_ask: bool, allowances: tuple[Allowance, ...], once: bool
) -> None:
    origin = Origin(Layer.SYSTEM, "/etc/pipgate/config.toml", 2)
    wanted = BuildRequest("foo", "1.0", SDIST, Purpose.WHEEL, settings=SETTINGS)
    approved = Approval("foo", "1.0", Sha256Pin(SHA), frozenset(Purpose), "kim", NOW, origin)
    said = frozenset({wanted} if once else ())
    context = Context(NOW, can_ask=can_ask, allowances=allowances, once=said)
    floor = Policy(default=Setting(Verdict.BLOCK, origin), locked=True)
    found = decide(wanted, floor, Approvals((approved,)), context)
    assert isinstance(found, Refused), found
    assert found.code == "file-settings"
    assert (
        "build settings that a file gives; the system's policy allows only what is approved" in found.reason
    )
    assert str(origin) in found.reason
    assert isinstance(decide(replace(wanted, settings=None), floor, Approvals((approved,)), context), Allowed)
    asking = replace(floor, rules=(Rule("foo", Verdict.ALLOW, origin),), min_age=Setting(timedelta(days=3)))
    found = decide(
        replace(wanted, settings=None), asking, NOTHING, replace(context, allowances=(), once=frozenset())
    )
    assert isinstance(found, Refused), found
    assert (found.code, "counts as too new" in found.reason) == ("needs-approval", True)
