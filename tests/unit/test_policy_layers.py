"""Merging: a layer always tightens, loosens only if it may, and nobody gets below a floor."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipgate.origin import BUILTIN, Layer, Origin
from pipgate.policy import COMMANDS, Mode, OlderWheel, Overruled, Policy, Rule, Setting, Status, Verdict
from pipgate.policy_file import SETTINGS, PolicyLayer, parse_policy
from pipgate.policy_layers import describe, merge

ALLOW, ASK, BLOCK = Verdict


def layer(text: str, of: Layer = Layer.PROJECT) -> PolicyLayer:
    parsed = parse_policy("version = 1\n" + text, of.value, of)
    assert parsed is not None
    return parsed


def strict(*layers: PolicyLayer) -> Policy:
    return merge(layers, may_loosen=lambda _: False)


def loose(*layers: PolicyLayer) -> Policy:
    return merge(layers, may_loosen=lambda _: True)


def test_no_layers_are_the_built_in_policy() -> None:
    assert strict() == loose() == Policy()


TIGHTER = [
    ('default = "block"', 'default = "ask"', "default", BLOCK, ASK),
    ('mode = "ci"', 'mode = "observe"', "mode", Mode.CI, Mode.OBSERVE),
    ('mode = "auto"', 'mode = "interactive"', "mode", Mode.AUTO, Mode.INTERACTIVE),
    (
        'on-older-wheel = "block"',
        'on-older-wheel = "allow"',
        "on_older_wheel",
        OlderWheel.BLOCK,
        OlderWheel.ALLOW,
    ),
    ('min-age = "P3D"', 'min-age = "PT71H"', "min_age", timedelta(days=3), timedelta(hours=71)),
    ("require-reason = true", "require-reason = false", "require_reason", True, False),
    (
        'max-approval-life = "P1D"',
        'max-approval-life = "P2D"',
        "max_approval_life",
        timedelta(1),
        timedelta(2),
    ),
    ('first-party.paths = ["."]', 'first-party.paths = ["*"]', "first_party_paths", (".",), ("*",)),
    ("first-party.archives = []", 'first-party.archives = ["d"]', "first_party_archives", (), ("d",)),
    (
        'first-party.archives = ["d/e"]',
        'first-party.archives = ["d"]',
        "first_party_archives",
        ("d/e",),
        ("d",),
    ),
    ('first-party.paths = ["a"]', 'first-party.paths = ["b", "a"]', "first_party_paths", ("a",), ("b", "a")),
    (
        "first-party.vcs = []",
        'first-party.vcs = ["git+https://a.example/"]',
        "first_party_vcs",
        (),
        ("git+https://a.example/",),
    ),
    (
        "first-party.indexes = []",
        'first-party.indexes = ["https://a.example"]',
        "first_party_indexes",
        (),
        ("https://a.example",),
    ),
]


@pytest.mark.parametrize(
    ("tight", "lax", "name", "tight_value", "lax_value"), TIGHTER, ids=[row[0] for row in TIGHTER]
)
def test_which_value_is_the_stricter(
    tight: str, lax: str, name: str, tight_value: Any, lax_value: Any
) -> None:
    # The farther layer may loosen the built-in values, the nearer may not.
    def merged(far: str, near: str) -> Policy:
        far_layer = layer(far, Layer.SYSTEM)
        return merge([far_layer, layer(near)], may_loosen=lambda each: each is far_layer)

    dropped, tightened = merged(tight, lax), merged(lax, tight)
    assert getattr(tightened, name) == Setting(tight_value, Origin(Layer.PROJECT, "project", 2))
    assert tightened.overruled == ()
    assert getattr(dropped, name) == Setting(tight_value, Origin(Layer.SYSTEM, "system", 2))
    [note] = dropped.overruled
    assert (note.key, note.origin.file, note.holds.file) == (lax.partition(" ")[0], "project", "system")
    allowed = loose(layer(tight, Layer.SYSTEM), layer(lax))
    assert getattr(allowed, name) == Setting(lax_value, Origin(Layer.PROJECT, "project", 2))
    assert allowed.overruled == ()


def test_an_equal_value_is_that_of_the_nearer_layer() -> None:
    assert strict(layer('default = "ask"')).default == Setting(ASK, Origin(Layer.PROJECT, "project", 2))


def test_another_approvals_file_is_a_loosening() -> None:
    other = layer('approvals = "mine.toml"')
    assert strict(other).approvals == Policy().approvals
    assert strict(other).overruled == (
        Overruled("approvals", "mine.toml", Origin(Layer.PROJECT, "project", 2), BUILTIN),
    )
    assert loose(other).approvals.value == "mine.toml"


def test_of_two_lists_without_order_what_both_have_holds() -> None:
    far, near = layer('first-party.paths = ["a", "b"]', Layer.USER), layer('first-party.paths = ["b", "c"]')
    merged = strict(far, near)
    assert merged.first_party_paths == Setting(("b",), Origin(Layer.PROJECT, "project", 2))
    assert [(note.key, note.asked) for note in merged.overruled] == [("first-party.paths", "b, c")]
    assert loose(far, near).first_party_paths.value == ("b", "c")


def test_the_default_of_a_command_is_measured_against_what_held_for_it() -> None:
    asks = layer('when.install.default = "ask"')
    assert strict(layer('default = "block"', Layer.USER), asks).when == {}
    assert strict(asks).when["install"].value is ASK
    assert loose(layer('default = "block"', Layer.USER), asks).when["install"].value is ASK


@pytest.mark.parametrize("order", [1, -1])
def test_a_layer_may_tighten_the_default_and_keep_what_held_for_one_command(order: int) -> None:
    merged = strict(layer("\n".join(["default = 'block'", "when.lock.default = 'ask'"][::order])))
    assert (merged.default.value, merged.when["lock"].value, merged.overruled) == (BLOCK, ASK, ())


def test_a_nearer_default_tightens_the_default_of_a_command_and_never_loosens_it() -> None:
    commands = layer('when.install.default = "ask"\nwhen.lock.default = "block"', Layer.USER)
    assert {key: each.value for key, each in loose(commands, layer('default = "block"')).when.items()} == {
        "install": BLOCK,
        "lock": BLOCK,
    }
    assert {key: each.value for key, each in loose(commands, layer('default = "ask"')).when.items()} == {
        "install": ASK,
        "lock": BLOCK,
    }


def test_denied_names_are_a_union_and_each_says_who_denied_it_first() -> None:
    merged = strict(layer('deny = ["a", "b"]', Layer.USER), layer('deny = ["B", "c"]'))
    assert [(each.value, each.origin.file) for each in merged.deny] == [
        ("a", "user"),
        ("b", "user"),
        ("c", "project"),
    ]


RULES = "".join(f'[[rule]]\nname = "{each}"\nverdict = "{each}"\n' for each in ("allow", "ask", "block"))


def test_rules_that_allow_need_a_layer_that_may_loosen() -> None:
    assert [rule.name for rule in loose(layer(RULES)).rules] == ["allow", "ask", "block"]
    merged = strict(layer(RULES))
    assert [rule.name for rule in merged.rules] == ["ask", "block"]
    assert merged.overruled == (
        Overruled("rule", "allow allow", Origin(Layer.PROJECT, "project", 2), BUILTIN),
    )


@pytest.mark.parametrize("whose", [Layer.USER, Layer.ENVIRONMENT, Layer.COMMAND_LINE])
def test_over_a_floor_that_blocks_the_users_own_layers_only_tighten(whose: Layer) -> None:
    floor = layer('[locked]\ndefault = "block"', Layer.SYSTEM)
    mine = layer(
        'mode = "observe"\ndeny = ["d"]\nfirst-party.names = ["x"]\n'
        f'first-party.indexes = ["https://i.example/simple"]\n{RULES}',
        whose,
    )
    merged = loose(floor, mine)
    assert [rule.name for rule in merged.rules] == ["ask", "block"]
    assert (merged.mode.value, merged.first_party_names.value) == (Mode.AUTO, ())
    assert [each.value for each in merged.deny] == ["d"]
    assert {note.key for note in merged.overruled} >= {"mode", "rule", "first-party.names"}
    assert len(loose(layer('[locked]\ndefault = "ask"', Layer.SYSTEM), mine).rules) == 3
    of_the_system = layer(RULES + '[locked]\ndefault = "block"', Layer.SYSTEM)
    assert [rule.name for rule in loose(of_the_system).rules] == ["allow", "ask", "block"]


LOCKED = """
[locked]
default = "block"
mode = "auto"
approvals = "org.toml"
max-approval-life = "P30D"
require-reason = true
deny = ["evil"]
first-party.paths = [".", "libs"]
status.yanked = "ask"
"""


def test_floors_hold_and_the_attempts_are_noted() -> None:
    system = layer(LOCKED, Layer.SYSTEM)
    user = layer(
        'default = "ask"\nmode = "observe"\napprovals = "mine.toml"\nmax-approval-life = "P365D"\nfirst-party.paths = ["libs", "x"]\nstatus.yanked = "allow"',
        Layer.USER,
    )
    merged = loose(system, user, layer('mode = "ci"\nwhen.lock.default = "ask"'))
    assert merged.locked
    assert merged.default == Setting(BLOCK, Origin(Layer.SYSTEM, "system", 4))
    assert merged.mode == Setting(Mode.CI, Origin(Layer.PROJECT, "project", 2))
    assert merged.approvals.value == "org.toml"
    assert merged.max_approval_life.value == timedelta(days=30)
    assert merged.require_reason.value is True
    assert merged.first_party_paths.value == ("libs",)
    assert merged.status == {
        Status.QUARANTINED: Setting(BLOCK),
        Status.YANKED: Setting(ASK, Origin(Layer.SYSTEM, "system", 11)),
    }
    assert merged.when["lock"].value is BLOCK
    assert [each.value for each in merged.deny] == ["evil"]
    assert [(note.key, note.asked, str(note.origin), str(note.holds)) for note in merged.overruled] == [
        ("default", "ask", "user:2", "system:4"),
        ("mode", "observe", "user:3", "system:5"),
        ("approvals", "mine.toml", "user:4", "system:6"),
        ("max-approval-life", "P365D", "user:5", "system:7"),
        ("first-party.paths", "libs, x", "user:6", "system:10"),
        ("status.yanked", "allow", "user:7", "system:11"),
        ("when.lock.default", "ask", "project:3", "system:4"),
    ]


def test_a_floor_of_a_command_stands_in_for_the_general_one_in_the_same_file_alone() -> None:
    one = layer(
        'locked.default = "block"\nlocked.when.lock.default = "ask"\nwhen.lock.default = "ask"', Layer.SYSTEM
    )
    assert {key: each.value for key, each in loose(one).when.items()} == {"lock": ASK}
    other = layer('locked.default = "block"', Layer.SYSTEM)
    assert {key: each.value for key, each in loose(one, other).when.items()} == {"lock": BLOCK}
    assert {key: each.value for key, each in loose(other, one).when.items()} == {"lock": BLOCK}


def test_a_floor_of_denied_names_locks_too_and_floors_of_other_layers_do_not() -> None:
    assert strict(layer('locked.deny = ["a"]', Layer.SYSTEM)).locked
    assert not strict(layer('deny = ["a"]', Layer.SYSTEM)).locked
    handmade = PolicyLayer(Layer.PROJECT, locked={"approvals": Setting("mine.toml")})
    assert strict(handmade) == Policy()


def test_describe_tells_every_value_with_its_origin() -> None:
    text = 'mode = "ci"\nmin-age = "P1DT12H"\nwhen.lock.default = "block"\nstatus.yanked = "ask"\ndeny = ["a", "b"]\n'
    rule = '[[rule]]\nname = "x"\nverdict = "allow"\nversion = "<2"\nindex = "https://a.example/"\nexpires = 2027-06-30\nowner = "me"\nreason = "why"\n'
    told = [(key, value, str(origin)) for key, value, origin in describe(loose(layer(text + rule)))]
    assert told == [
        ("default", "ask", "builtin"),
        ("mode", "ci", "project:2"),
        ("approvals", "pipgate-approvals.toml", "builtin"),
        ("on-older-wheel", "tell", "builtin"),
        ("min-age", "P1DT12H", "project:3"),
        ("require-reason", "false", "builtin"),
        ("max-approval-life", "(no limit)", "builtin"),
        ("first-party.paths", "*", "builtin"),
        ("first-party.archives", "(none)", "builtin"),
        ("first-party.names", "(none)", "builtin"),
        ("first-party.indexes", "(none)", "builtin"),
        ("first-party.vcs", "(none)", "builtin"),
        ("when.lock.default", "block", "project:4"),
        ("status.yanked", "ask", "project:5"),
        ("status.quarantined", "block", "builtin"),
        ("deny", "a", "project:6"),
        ("deny", "b", "project:6"),
        ("rule", "allow x <2 from https://a.example until 2027-06-30 owner me (why)", "project:7"),
    ]


def test_describe_shows_nothing_hostile() -> None:
    policy = replace(Policy(), approvals=Setting("https://kim:secret@a.example/\x1b[0m"))
    assert ("approvals", "https://****@a.example/\\x1b[0m", BUILTIN) in describe(policy)


# What is stricter, said here once more and in other words than the code says it.
SCALES: dict[str, list[Any]] = {
    "default": [ASK, BLOCK],
    "mode": [Mode.OBSERVE, Mode.INTERACTIVE, Mode.AUTO, Mode.CI],
    "on-older-wheel": [OlderWheel.ALLOW, OlderWheel.TELL, OlderWheel.ASK, OlderWheel.BLOCK],
    "min-age": [timedelta(), timedelta(hours=1), timedelta(days=3)],
    "require-reason": [False, True],
    "max-approval-life": [None, timedelta(days=9), timedelta(days=1), timedelta()],
}
VERDICTS = [ALLOW, ASK, BLOCK]
UNIVERSE = ("*", "a", "b", "c", "elsewhere")
LISTS = [f"first-party.{key}" for key in ("paths", "archives", "names", "indexes", "vcs")]
WHEN = [f"when.{command}.default" for command in COMMANDS]
STATUS = [f"status.{status.value}" for status in Status]


def covered(listed: tuple[str, ...]) -> set[str]:
    return set(UNIVERSE) if "*" in listed else set(listed)


def strictness(policy: Policy) -> dict[str, Any]:
    """Return a number for each scale, greater for stricter, and a set for each list, smaller for stricter."""
    found: dict[str, Any] = {
        key: SCALES[key].index(getattr(policy, key.replace("-", "_")).value) for key in SCALES
    }
    found |= {key: covered(getattr(policy, key.replace("-", "_").replace(".", "_")).value) for key in LISTS}
    found |= {
        f"when.{command}.default": policy.when.get(command, policy.default).value for command in COMMANDS
    }
    return found | {
        f"status.{each.value}": policy.status[each].value if each in policy.status else ALLOW
        for each in Status
    }


def loosened(before: Policy, after: Policy) -> list[str]:
    """Return the keys, of all there are, that are looser afterwards."""
    old, new = strictness(before), strictness(after)
    keys = [key for key in old if not (new[key] <= old[key] if key in LISTS else new[key] >= old[key])]
    keys += ["approvals"] * (before.approvals.value != after.approvals.value)
    keys += ["deny"] * (not {each.value for each in before.deny} <= {each.value for each in after.deny})
    for verdict in VERDICTS:
        was, now = ({rule for rule in policy.rules if rule.verdict is verdict} for policy in (before, after))
        keys += [f"rule {verdict.name}"] * (not (now <= was if verdict is ALLOW else now >= was))
    return keys


def test_the_measure_of_these_tests_knows_every_key() -> None:
    flat = [
        f"{key}.{inner}" if key != "when" else f"when.{inner}.default"
        for key, table in SETTINGS.items()
        if not callable(table)
        for inner in table
    ]
    flat += [key for key, read in SETTINGS.items() if callable(read)]
    assert {*SCALES, *LISTS, *WHEN, *STATUS, "approvals", "deny"} == set(flat)


LISTED = [(), ("*",), ("a",), ("b",), ("a", "b"), ("c", "b")]
WRITTEN: dict[str, list[Any]] = {
    **SCALES,
    **dict.fromkeys(LISTS, LISTED),
    **dict.fromkeys(WHEN, VERDICTS[1:]),
    **dict.fromkeys(STATUS, VERDICTS),
    "approvals": ["pipgate-approvals.toml", "x.toml", "y.toml"],
}
# Drawn from one list of pairs: Hypothesis is many times slower with a strategy for each key.
asked = st.lists(
    st.sampled_from([(key, Setting(value)) for key, values in WRITTEN.items() for value in values]),
    max_size=5,
).map(dict)
rules = st.sampled_from([Rule(name, verdict, BUILTIN) for name in "ab" for verdict in VERDICTS])


def policy_layers(
    of: st.SearchStrategy[Layer], trust: st.SearchStrategy[str]
) -> st.SearchStrategy[PolicyLayer]:
    return st.builds(
        PolicyLayer,
        of,
        trust,
        settings=asked,
        rules=st.lists(rules, max_size=3).map(tuple),
        deny=st.lists(st.sampled_from("abc").map(Setting), max_size=2).map(tuple),
        locked=asked,
    )


any_layer = policy_layers(st.sampled_from(Layer), st.sampled_from(["trusted", "untrusted"]))
foreign_layer = policy_layers(
    st.sampled_from([each for each in Layer if each is not Layer.SYSTEM]), st.just("untrusted")
)
system_layer = policy_layers(st.just(Layer.SYSTEM), st.just("trusted"))
some_layers = st.lists(any_layer, max_size=3)


def merged(layers: list[PolicyLayer]) -> Policy:
    return merge(layers, may_loosen=lambda each: each.file == "trusted")


@settings(max_examples=1500, deadline=None)
@given(some_layers, foreign_layer, st.integers(0, 3))
def test_a_layer_that_may_not_loosen_loosens_nothing_wherever_it_stands(
    layers: list[PolicyLayer], foreign: PolicyLayer, place: int
) -> None:
    assert loosened(merged(layers), merged([*layers[:place], foreign, *layers[place:]])) == []


@settings(max_examples=1500, deadline=None)
@given(some_layers, system_layer, some_layers)
def test_no_layers_undercut_a_floor(
    farther: list[PolicyLayer], system: PolicyLayer, nearer: list[PolicyLayer]
) -> None:
    """Whatever else there is: what holds is no looser than what would hold with the floor's values alone."""
    got = merged([*farther, system, *nearer])
    values, floor = strictness(got), strictness(loose(PolicyLayer(Layer.USER, settings=system.locked)))
    below = [
        key
        for key in system.locked
        if key != "approvals"
        and not (values[key] <= floor[key] if key in LISTS else values[key] >= floor[key])
    ]
    if "default" in system.locked:
        below += [
            key for key in WHEN if key not in system.locked and values[key] < system.locked["default"].value
        ]
    assert below == []
    assert got.locked or not system.locked
    first = next(
        (
            each.locked["approvals"].value
            for each in [*farther, system, *nearer]
            if each.layer is Layer.SYSTEM and "approvals" in each.locked
        ),
        None,
    )
    assert first is None or got.approvals.value == first


@settings(max_examples=1000, deadline=None)
@given(some_layers)
def test_what_was_asked_for_and_is_not_so_is_noted(layers: list[PolicyLayer]) -> None:
    """The nearest layer gets each of its values, or something stricter and a note."""
    got = merged(layers)
    for key, setting in layers[-1].settings.items() if layers else ():
        alone = loose(PolicyLayer(Layer.USER, settings={key: setting}))
        if key == "approvals":
            same = got.approvals.value == setting.value
        else:
            same = strictness(got)[key] == strictness(alone)[key]
        assert same or key in {note.key for note in got.overruled}


@settings(max_examples=1000, deadline=None)
@given(some_layers, st.data())
def test_the_order_of_rules_and_keys_in_a_layer_does_not_matter(
    layers: list[PolicyLayer], data: st.DataObject
) -> None:
    shuffled = [
        replace(
            each,
            rules=tuple(data.draw(st.permutations(each.rules))),
            settings=dict(data.draw(st.permutations(list(each.settings.items())))),
        )
        for each in layers
    ]
    one, other = merged(layers), merged(shuffled)
    assert set(one.rules) == set(other.rules)
    assert strictness(one) == strictness(other)
    assert set(one.overruled) == set(other.overruled)
