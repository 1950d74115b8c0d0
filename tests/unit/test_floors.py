"""Nobody below the system loosens one of its floors, however their files are trusted and whatever they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipgate.allowances import parse_allowance
from pipgate.approvals import Approvals
from pipgate.build_request import BuildRequest, Purpose, Sdist
from pipgate.decision import Allowed, Context, Refused, decide
from pipgate.origin import Layer
from pipgate.policy import COMMANDS, Mode, PolicyLayer, Setting, Verdict
from unit.test_decision import NOW, approval_files, requests, rules
from unit.test_policy_layers import WRITTEN, layer, loose

SHA = "a" * 64
NAMED = {
    "first-party.names": ["f*"],
    "first-party.indexes": ["https://index.example.org/simple"],
    "first-party.paths": ["*", "/home/kim"],
    "first-party.vcs": ["git+https://example.org/"],
}
VALUES = [
    (key, Setting(value)) for key, values in WRITTEN.items() if key not in NAMED for value in values
] + [(key, Setting((each,))) for key, values in NAMED.items() for each in values]
below = [each for each in Layer if each not in {Layer.SYSTEM, Layer.BUILTIN}]
said = st.lists(st.sampled_from(VALUES), max_size=6).map(dict)
names = st.lists(st.sampled_from(["foo", "other"]), max_size=1)


def system_layer(floors: dict[str, Setting[Any]], denied: list[str]) -> PolicyLayer:
    """Return a system's layer with these floors, and with locked names."""
    deny = {"deny": Setting(tuple(denied))} if denied else {}
    return PolicyLayer(Layer.SYSTEM, locked={**floors, **deny}, deny=tuple(map(Setting, denied)))


# A mode that asks nobody refuses what a rule would allow: that it refuses is no floor.
floors = said.map(lambda each: {key: value for key, value in each.items() if key != "mode"})
systems = st.builds(system_layer, floors, names).filter(lambda system: bool(system.locked))
others = st.builds(
    PolicyLayer, st.sampled_from(below), settings=said, rules=st.lists(rules, max_size=2).map(tuple)
)
# What is built in is no floor.
NO_QUARANTINE = PolicyLayer(Layer.USER, settings={"status.quarantined": Setting(Verdict.ALLOW)})
contexts = st.builds(
    Context,
    now=st.just(NOW),
    command=st.sampled_from(COMMANDS),
    can_ask=st.just(value=True),
    allowances=st.sampled_from([(), (parse_allowance("foo"),), (parse_allowance("other"),)]),
    project=st.just("/home/kim"),
)


@settings(max_examples=1000, deadline=None)
@given(systems, st.lists(others, min_size=1, max_size=3), requests, approval_files, contexts)
def test_what_the_floors_refuse_or_ask_about_nobody_below_lets_run(
    system: PolicyLayer,
    nearer: list[PolicyLayer],
    request: BuildRequest,
    approvals: Approvals,
    context: Context,
) -> None:
    """Approvals aside, which everybody may give where no floor says otherwise; they are the same in both."""
    alone = decide(request, loose(NO_QUARANTINE, system), approvals, context)
    found = decide(request, loose(NO_QUARANTINE, system, *nearer), approvals, context)
    assert not (isinstance(alone, Refused) and not isinstance(found, Refused))
    assert not (isinstance(found, Allowed) and found.code == "observed")


EVERYTHING = 'mode = "observe"\n[first-party]\nnames = ["evil"]\nindexes = ["https://i.example/simple"]\n'
RULE = '[[rule]]\nname = "evil"\nverdict = "allow"\n'
EVIL = BuildRequest(
    "evil", "1", Sdist("evil-1.tar.gz", SHA, "https://i.example/evil-1.tar.gz"), Purpose.WHEEL
)


@pytest.mark.parametrize("whose", below)
@pytest.mark.parametrize("floor", ['default = "block"', '[locked.when.install]\ndefault = "block"'])
@pytest.mark.parametrize("allowed", ["", "evil"])
def test_a_floor_that_blocks_holds_against_every_layer(whose: Layer, floor: str, allowed: str) -> None:
    policy = loose(layer(f"[locked]\n{floor}", Layer.SYSTEM), layer(EVERYTHING + RULE, whose))
    allowances = (parse_allowance(allowed),) if allowed else ()
    found = decide(EVIL, policy, Approvals(), Context(NOW, can_ask=True, allowances=allowances))
    assert isinstance(found, Refused), found
    assert {note.key for note in policy.overruled} >= {"mode", "rule", "first-party.names"}


@pytest.mark.parametrize(
    "floor",
    [
        "deny = ['evil']",
        "status.yanked = 'block'",
        "min-age = 'P3D'",
        "default = 'ask'",
        "require-reason = true",
    ],
)
def test_nobody_observes_below_a_floor_unless_the_system_does(floor: str) -> None:
    floors = layer(f"[locked]\n{floor}", Layer.SYSTEM)
    policy = loose(floors, layer(EVERYTHING))
    assert (policy.mode.value, [note.key for note in policy.overruled]) == (Mode.AUTO, ["mode"])
    observing = layer(f"mode = 'observe'\n[locked]\n{floor}", Layer.SYSTEM)
    assert loose(observing, layer(EVERYTHING)).mode.value is Mode.OBSERVE
    assert loose(layer(EVERYTHING)).mode.value is Mode.OBSERVE
