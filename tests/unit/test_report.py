"""Outcomes survive the way from a child pip to its parent."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pipgate import permit
from pipgate.approvals import Approvals
from pipgate.build_request import Archive, BuildRequest, Directory, Offer, Purpose, Sdist, Vcs
from pipgate.decision import Allowed, Context, Refused, utc_now
from pipgate.gate import Gate
from pipgate.outcomes import Outcome, Record
from pipgate.policy import Policy
from pipgate.report import Ending, blocked, outcome_to_json, outcomes_from_json

text = st.text(max_size=20)
sources = st.one_of(
    st.builds(Sdist, text, st.none() | text, text),
    st.builds(Archive, text, st.none() | text, text),
    st.builds(Vcs, text, st.none() | text),
    st.builds(Directory, text, st.booleans()),
)
offers = st.builds(Offer, st.none() | text, st.none() | text, st.lists(text, max_size=2).map(tuple))
build_requests = st.builds(
    BuildRequest,
    st.none() | text,
    st.none() | text,
    sources,
    st.sampled_from(Purpose),
    st.lists(text, max_size=3).map(tuple),
    st.booleans(),
    offers,
)
decisions = st.one_of(
    st.builds(Allowed, text, text), st.builds(Refused, text, text, st.lists(text, max_size=2).map(tuple))
)
outcomes = st.builds(Outcome, build_requests, decisions, st.booleans(), st.booleans())


@given(st.lists(outcomes, max_size=4))
def test_round_trip(some: list[Outcome]) -> None:
    rows = json.loads(json.dumps([outcome_to_json(each) for each in some]))
    assert outcomes_from_json(rows) == some


@given(st.lists(outcomes.filter(lambda each: isinstance(each.decision, Refused)), min_size=1, max_size=4))
def test_a_block_has_a_message_for_every_outcome(some: list[Outcome]) -> None:
    error = blocked(Record(), some, Ending(["install", "x"]))
    assert error.message
    assert error.hints
    assert all("pipgate" in hint for hint in error.hints)
    assert "\x1b" not in "".join((error.message, *error.context, error.note or "", *error.hints))


def test_what_a_child_ran_is_not_forgotten() -> None:
    gate = Gate(Policy(), Approvals(), Context(utc_now()))
    request = BuildRequest("x", "1", Directory("/x", editable=False), Purpose.WHEEL, named_by_user=True)
    with gate.admitted(request):
        held = permit.current()
        assert held is not None
        assert not gate.record.ran, "nothing has run before a process was started"
        held.used()
    gate.record.adopt([Outcome(request, gate.judge(request))])
    assert gate.record.ran
