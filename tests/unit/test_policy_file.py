"""Schema v1: what each key may be, what is refused and on which line, and that no text breaks the reading."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipgate import policy_file
from pipgate.errors import EXIT_POLICY, PolicyError
from pipgate.origin import Layer, Origin
from pipgate.policy import Mode, OlderWheel, Rule, Setting, Verdict
from pipgate.policy_file import PolicyLayer, parse_policy
from pipgate.policy_values import as_duration, duration

FULL = """\
version = 1
default = "block"
mode = "ci"
approvals = "team/approvals.toml"
on-older-wheel = "ask"
min-age = "P3D"
require-reason = true
max-approval-life = "P1DT12H"
deny = [
  "ctx",
  "Re_Quest",
]
trust-projects = ["/srv/a", "/srv/b"]
[first-party]
paths = [".", "./libs/"]
names = ["Acme_*"]
indexes = ["https://PyPI.acme.example/simple/"]
vcs = ["git+ssh://git@git.acme.example/platform/"]
[when.download]
default = "block"
[when]
lock.default = "ask"
[status]
yanked = "ask"
quarantined = "block"
archived = "allow"
[[rule]]
name = "uWSGI"
version = ">=2.0.24, <2.1"
index = "https://index.example.org/simple"
verdict = "allow"
expires = 2027-06-30
owner = "platform-team"
reason = "reviewed in SEC-114"
[[rule]]
name = "acme-*"
index = "https://index.example.org/simple"
verdict = "ask"
[locked]
default = "block"
deny = ["evil"]
first-party = { names = ["acme-*"] }
"""
HEAD = "version = 1\n"


def at(line: int, layer: Layer = Layer.SYSTEM) -> Origin:
    return Origin(layer, "p.toml", line)


def parse(text: str, layer: Layer = Layer.PROJECT) -> PolicyLayer:
    parsed = parse_policy(text, "p.toml", layer)
    assert parsed is not None
    return parsed


def refusal(text: str, layer: Layer = Layer.PROJECT, **options: Any) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "p.toml", layer, **options)
    assert caught.value.exit_status == EXIT_POLICY
    assert caught.value.message.startswith(f"{caught.value.place}: ")
    return caught.value.message


def test_every_key_is_read_with_its_line() -> None:
    assert parse(FULL, Layer.SYSTEM) == PolicyLayer(
        Layer.SYSTEM,
        "p.toml",
        settings={
            "default": Setting(Verdict.BLOCK, at(2)),
            "mode": Setting(Mode.CI, at(3)),
            "approvals": Setting("team/approvals.toml", at(4)),
            "on-older-wheel": Setting(OlderWheel.ASK, at(5)),
            "min-age": Setting(timedelta(days=3), at(6)),
            "require-reason": Setting(True, at(7)),  # noqa: FBT003 -- the value of the key
            "max-approval-life": Setting(timedelta(days=1.5), at(8)),
            "first-party.paths": Setting((".", "libs"), at(15)),
            "first-party.names": Setting(("acme-*",), at(16)),
            "first-party.indexes": Setting(("https://pypi.acme.example/simple",), at(17)),
            "first-party.vcs": Setting(("git+ssh://git.acme.example/platform/",), at(18)),
            "when.download.default": Setting(Verdict.BLOCK, at(20)),
            "when.lock.default": Setting(Verdict.ASK, at(22)),
            "status.yanked": Setting(Verdict.ASK, at(24)),
            "status.quarantined": Setting(Verdict.BLOCK, at(25)),
            "status.archived": Setting(Verdict.ALLOW, at(26)),
        },
        rules=(
            Rule(
                "uwsgi",
                Verdict.ALLOW,
                at(27),
                version="<2.1,>=2.0.24",
                index="https://index.example.org/simple",
                expires=date(2027, 6, 30),
                owner="platform-team",
                reason="reviewed in SEC-114",
            ),
            Rule("acme-*", Verdict.ASK, at(35), index="https://index.example.org/simple"),
        ),
        deny=(Setting("ctx", at(10)), Setting("re-quest", at(11)), Setting("evil", at(41))),
        locked={
            "default": Setting(Verdict.BLOCK, at(40)),
            "deny": Setting(("evil",), at(41)),
            "first-party.names": Setting(("acme-*",), at(42)),
        },
        trust_projects=(Setting("/srv/a", at(13)), Setting("/srv/b", at(13))),
    )


def test_an_empty_policy_asks_for_nothing() -> None:
    assert parse(HEAD) == PolicyLayer(Layer.PROJECT, "p.toml")


def test_the_table_of_a_pyproject_is_read_and_its_lines_are_those_of_the_file() -> None:
    text = '[project]\nname = "x"\n[tool.pipgate]\nversion = 1\n[[tool.pipgate.rule]]\nname = "a"\nverdict = "ask"\n'
    parsed = parse_policy(text, "p.toml", Layer.PROJECT, table=("tool", "pipgate"))
    assert parsed == PolicyLayer(
        Layer.PROJECT, "p.toml", rules=(Rule("a", Verdict.ASK, at(5, Layer.PROJECT)),)
    )
    assert refusal(text + "version = 2\n", table=("tool", "pipgate")).startswith("p.toml:8: ")


@pytest.mark.parametrize("text", ["", "[tool.other]\nversion = 9\n", "tool = 1\n", "[[tool]]\npipgate = 1\n"])
def test_a_pyproject_without_the_table_is_no_layer(text: str) -> None:
    assert parse_policy(text, "p.toml", Layer.PROJECT, table=("tool", "pipgate")) is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[tool]\npipgate = 1\n", 2, "tool.pipgate must be a table, and is a whole number"),
        ("[tool.x]\n[tool.pipgate]\n", 2, "version is missing; write version = 1"),
        ("[[tool.pipgate]]\n", 1, "tool.pipgate must be a table, and is an array"),
        ("[tool.pipgate]\nversion = 1\n\ndefalt = 1\n", 4, 'unknown key "defalt"; did you mean "default"?'),
        (
            "[tool]\npipgate.version = 1\npipgate.mode = 1\n",
            3,
            "mode must be a string, and is a whole number",
        ),
    ],
)
def test_refused_in_a_pyproject(text: str, line: int, words: str) -> None:
    assert refusal(text, table=("tool", "pipgate")) == f"p.toml:{line}: {words}"


NO_SPECIFIER = "is no version specifier, such as >=2.0,<3 or ==1.4"
WRITE_DURATION = "write weeks, or days and hours, as P2W, P3D, P1DT12H, PT36H"
RULE = '[[rule]]\nname = "a"\nverdict = "ask"\n'

REFUSED = [
    ("", 1, "version is missing; write version = 1"),
    ("\n[status]\n", 1, "version is missing; write version = 1"),
    ("\nversion = 2\nnew-key = 1\n", 2, "version is not 1, the one that this pipgate reads"),
    ("version = true\n", 1, "version must be a whole number, and is true or false"),
    ('version = "1"\n', 1, "version must be a whole number, and is a string"),
    (HEAD + '\nmin_age = "P3D"\n', 3, 'unknown key "min_age"; did you mean "min-age"?'),
    (HEAD + "[First-Party]\n", 2, 'unknown key "First-Party"; did you mean "first-party"?'),
    (HEAD + "[first-party]\nindex = []\n", 3, 'unknown key "first-party.index"; did you mean "indexes"?'),
    (HEAD + '[when.instal]\ndefault = "ask"\n', 2, 'unknown key "when.instal"; did you mean "install"?'),
    (HEAD + '[when.lock]\nmode = "ci"\n', 3, 'unknown key "when.lock.mode"; possible are default'),
    (
        HEAD + '[status]\n"\\u001b[0m" = 1\n',
        3,
        'unknown key "status.\\x1b[0m"; possible are yanked, quarantined, archived, deprecated',
    ),
    (HEAD + RULE + 'verison = "1"\n', 5, 'unknown key "rule.verison"; did you mean "version"?'),
    (HEAD + 'default = "blok"\n', 2, 'default cannot be "blok"; did you mean "block"?'),
    (HEAD + 'default = "Ask"\n', 2, 'default cannot be "Ask"; did you mean "ask"?'),
    (HEAD + "default = 1\n", 2, "default must be a string, and is a whole number"),
    (HEAD + 'default = ["ask"]\n', 2, "default must be a string, and is an array"),
    (HEAD + 'mode = "never"\n', 2, 'mode cannot be "never"; possible are auto, interactive, ci, observe'),
    (HEAD + 'mode = "x"\n', 2, 'mode cannot be "x"; possible are auto, interactive, ci, observe'),
    (HEAD + 'approvals = ""\n', 2, "approvals is empty"),
    (HEAD + 'approvals = "a\\nb"\n', 2, "approvals holds the control or invisible character \\n"),
    (HEAD + 'approvals = "a\u202eb"\n', 2, "approvals holds the control or invisible character \\u202e"),
    (
        HEAD + 'on-older-wheel = "warn"\n',
        2,
        'on-older-wheel cannot be "warn"; possible are tell, ask, block, allow',
    ),
    (HEAD + 'min-age = "P1Y"\n', 2, f'min-age cannot be "P1Y"; {WRITE_DURATION}'),
    (HEAD + 'min-age = "3 days"\n', 2, f'min-age cannot be "3 days"; {WRITE_DURATION}'),
    (HEAD + "min-age = 3\n", 2, "min-age must be a string, and is a whole number"),
    (HEAD + 'max-approval-life = "P36501D"\n', 2, "max-approval-life is longer than P36500D"),
    (HEAD + 'require-reason = "yes"\n', 2, "require-reason must be true or false, and is a string"),
    (HEAD + "require-reason = 1\n", 2, "require-reason must be true or false, and is a whole number"),
    (HEAD + 'deny = "ctx"\n', 2, "deny must be an array of strings, and is a string"),
    (
        HEAD + 'deny = [\n  "a",\n  "b==1",\n]\n',
        4,
        'deny element 2 "b==1" is no name of a project, without a version',
    ),
    (HEAD + 'deny = [\n  "a", "b", 3]\n', 3, "deny element 3 must be a string, and is a whole number"),
    (HEAD + 'deny = [\n"*"]\n', 3, 'deny element 1 "*" is no name of a project, without a version'),
    (HEAD + "first-party = 1\n", 2, "first-party must be a table, and is a whole number"),
    (
        HEAD + '[first-party]\nnames = ["a"]\n',
        3,
        "first-party.names needs first-party.indexes or first-party.vcs",
    ),
    (
        HEAD + '[first-party]\nvcs = []\nnames = ["a"]\n',
        4,
        "first-party.names needs first-party.indexes or first-party.vcs",
    ),
    (
        HEAD + '[first-party]\nnames = ["a?*"]\n',
        3,
        'first-party.names element 1 "a?*" is no pattern of names, such as acme-*',
    ),
    (
        HEAD + '[first-party]\narchives = ["dist", "*"]\n',
        3,
        'first-party.archives element 2 "*" is every directory; name the ones that your own archives are made in',
    ),
    (HEAD + '[first-party]\npaths = ["."\n,\n""]\n', 5, "first-party.paths element 2 is empty"),
    (
        HEAD + '[first-party]\nindexes = ["index.example.org"]\n',
        3,
        'first-party.indexes element 1 "index.example.org" is no URL such as https://index.example.org/simple',
    ),
    (
        HEAD + '[first-party]\nindexes = ["https://["]\n',
        3,
        'first-party.indexes element 1 "https://[" is no URL such as https://index.example.org/simple',
    ),
    (
        HEAD + '[first-party]\nindexes = ["https://a:b@x.example/"]\n',
        3,
        "first-party.indexes element 1 holds credentials; they belong in a keyring or in .netrc",
    ),
    (
        HEAD + '[first-party]\nindexes = ["https://x.example\\\\@y.example/"]\n',
        3,
        'first-party.indexes element 1 "https://x.example\\@y.example/" is no URL such as https://index.example.org/simple',
    ),
    (
        HEAD + '[first-party]\nvcs = ["https://x.example/"]\n',
        3,
        'first-party.vcs element 1 "https://x.example/" is no URL such as git+https://git.example.org/team/',
    ),
    (
        HEAD + '[first-party]\nvcs = ["git+ssh://git:pw@x.example/"]\n',
        3,
        "first-party.vcs element 1 holds credentials; they belong in a keyring or in .netrc",
    ),
    (HEAD + '[when]\ninstall = "ask"\n', 3, "when.install must be a table, and is a string"),
    (HEAD + '[status]\nyanked = "no"\n', 3, 'status.yanked cannot be "no"; possible are allow, ask, block'),
    (HEAD + "rule = 1\n", 2, "rule must be an array of tables; write [[rule]] above each"),
    (HEAD + '[rule]\nname = "a"\n', 2, "rule must be an array of tables; write [[rule]] above each"),
    (HEAD + "rule = [1]\n", 2, "rule must be an array of tables; write [[rule]] above each"),
    (HEAD + RULE + '[[rule]]\nverdict = "ask"\n', 5, "rule.name is missing"),
    (HEAD + RULE + '[[rule]]\nname = "a"\n', 5, "rule.verdict is missing"),
    (
        HEAD + '[[rule]]\nverdict = "ask"\nname = "*"\n',
        4,
        "rule.name can be a pattern only together with rule.index",
    ),
    (
        HEAD + '[[rule]]\nverdict = "ask"\nname = "a-*"\n',
        4,
        "rule.name can be a pattern only together with rule.index",
    ),
    (HEAD + '[[rule]]\nname = "a 1"\n', 3, 'rule.name "a 1" is no name of a project, without a version'),
    (HEAD + RULE + 'version = "1.0"\n', 5, f'rule.version "1.0" {NO_SPECIFIER}'),
    (
        HEAD + RULE + 'expires = "2027-01-01"\n',
        5,
        "rule.expires must be a date such as 2027-06-30, without quotes, and is a string",
    ),
    (
        HEAD + RULE + "expires = 2027-01-01T00:00:00\n",
        5,
        "rule.expires must be a date such as 2027-06-30, without quotes, and is a date with a time",
    ),
    (HEAD + RULE + 'reason = "a\\u0007"\n', 5, "rule.reason holds the control or invisible character \\x07"),
    (HEAD + RULE + 'owner = ["a"]\n', 5, "rule.owner must be a string, and is an array"),
    (HEAD + '[locked]\ndefault = "ask"\n', 2, "locked is for the system's file alone"),
    (HEAD + 'trust-projects = ["/"]\n', 2, "trust-projects is for the system's file alone"),
    ("\n\nversion = = 1\n", 3, "the file is not TOML: Invalid value"),
    ("version = 1\nversion = 1\n", 2, "the file is not TOML: Cannot overwrite a value"),
    ('version = 1\nmode = "ci\n', 2, None),
    ('version = 1\nmode = """ci\n\n\n', 2, None),
    ("\ufeffversion = 1\n", 1, "the file begins with a byte order mark; save it as UTF-8 without one"),
    ("version = 1\n# \udcff\n", 2, "the file is not UTF-8"),
    ("version = " + "1" * 5_000, 1, None),
    ("x = " + "[" * 100_000, 1, "the file nests too deeply"),
    ("#" * (1 << 20) + "#", 1, "the file is larger than 1 MiB"),
    ("#" + "\u00fc" * (1 << 19), 1, "the file is larger than 1 MiB"),
]


@pytest.mark.parametrize(("text", "line", "words"), REFUSED, ids=[repr(row[0][-40:]) for row in REFUSED])
def test_refused(text: str, line: int, words: str | None) -> None:
    place, _, told = refusal(text).partition(": ")
    assert place == f"p.toml:{line}"
    assert told == words if words is not None else told.startswith("the file is not TOML: ")


def test_allow_is_no_default_and_the_message_names_what_is() -> None:
    for text in ('default = "allow"\n', '[when.install]\ndefault = "allow"\n'):
        told = refusal(HEAD + text)
        assert re.match(r'p\.toml:[23]: (when\.install\.)?default cannot be "allow"', told)
        for alternative in ('"ask"', '"block"', "[[rule]]", "approval", 'mode = "observe"'):
            assert alternative in told


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[locked]\nversion = 1\n", 3, 'unknown key "locked.version"; '),
        ("[locked]\n[[locked.rule]]\n", 3, 'unknown key "locked.rule"; '),
        ('[locked]\ndefault = "allow"\n', 3, 'locked.default cannot be "allow"'),
        ("[locked.locked]\n", 2, 'unknown key "locked.locked"; '),
        ("locked = true\n", 2, "locked must be a table, and is true or false"),
        ('trust-projects = ["/a",\n"b"]\n', 3, 'trust-projects element 2 "b" is no absolute path'),
        ('trust-projects = "/a"\n', 2, "trust-projects must be an array of strings, and is a string"),
    ],
)
def test_refused_in_a_system_file(text: str, line: int, words: str) -> None:
    assert refusal(HEAD + text, Layer.SYSTEM).startswith(f"p.toml:{line}: {words}")


def test_a_text_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_file, "LONGEST_READING", 0.0)
    long_key = ".".join("a" * 400)
    assert refusal(f"{HEAD}{long_key} = 1\n") == "p.toml:1: the file takes longer than 0 s to read"


def test_the_name_of_the_file_is_made_harmless() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy("", "a\x1b[0m\n.toml", Layer.PROJECT)
    assert caught.value.place == "a\\x1b[0m\\n.toml:1"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P2W", timedelta(weeks=2)),
        ("P3D", timedelta(days=3)),
        ("P0D", timedelta()),
        ("PT36H", timedelta(hours=36)),
        ("P1DT12H", timedelta(days=1, hours=12)),
        ("P36500D", timedelta(days=36_500)),
    ],
)
def test_durations(text: str, length: timedelta) -> None:
    assert duration(text) == length
    assert duration(as_duration(length)) == length


@pytest.mark.parametrize(
    "text",
    [
        "P",
        "PT",
        "P1DT",
        "p3d",
        "P3",
        "3D",
        "P1W1D",
        "P1M",
        "PT1M",
        "P-1D",
        "P1.5D",
        " P3D",
        "P3D ",
        "P\u0663D",
        "P9999999D",
    ],
)
def test_no_durations(text: str) -> None:
    assert refusal(f'{HEAD}min-age = "{text}"\n').startswith("p.toml:2: min-age cannot be ")


def outcome(text: str, layer: Layer, table: tuple[str, ...]) -> PolicyLayer | PolicyError | None:
    try:
        return parse_policy(text, "p.toml", layer, table=table)
    except PolicyError as error:
        return error


def assert_lines_exist(told: PolicyLayer | PolicyError | None, text: str) -> None:
    last = text.count("\n") + 1
    if isinstance(told, PolicyError):
        assert 1 <= int(told.place.removeprefix("p.toml:")) <= last
    elif told is not None:
        origins = [
            each.origin for each in (*told.settings.values(), *told.deny, *told.locked.values(), *told.rules)
        ]
        assert all(origin.line is not None and 1 <= origin.line <= last for origin in origins)


layers = st.sampled_from([Layer.SYSTEM, Layer.USER, Layer.PROJECT])
tables = st.sampled_from([(), ("tool", "pipgate")])


@settings(max_examples=1500, deadline=None)
@example("version = 1\ntool = [[[[{a=1}]]]]", Layer.PROJECT, ("tool",))
@given(st.text(st.characters()) | st.text().map(lambda each: HEAD + each), layers, tables)
def test_any_text_is_a_layer_or_a_refusal(text: str, layer: Layer, table: tuple[str, ...]) -> None:
    assert_lines_exist(outcome(text, layer, table), text)


LINES = FULL.splitlines(keepends=True)
others = st.sampled_from(
    [
        '"',
        "[",
        "]",
        "{",
        "}",
        "=",
        ",",
        "*",
        "\n",
        "\x00",
        "\u202e",
        "1",
        "true",
        "''",
        "[]",
        "{}",
        "-",
        "2027-01-01",
        "1e999",
        '"""',
    ]
)


@settings(max_examples=2000, deadline=None)
@given(st.data())
def test_a_mutated_policy_is_a_layer_or_a_refusal(data: st.DataObject) -> None:
    written = "".join(data.draw(st.permutations(LINES))) if data.draw(st.booleans()) else FULL
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(written)))
        written = written[:start] + data.draw(others) + written[start + data.draw(st.integers(0, 12)) :]
    assert_lines_exist(outcome(written, Layer.SYSTEM, ()), written)


keys = st.sampled_from([line.partition(" =")[0] for line in LINES if " = " in line])
raw_values = st.recursive(
    st.sampled_from(
        [
            "1",
            "1.5",
            "true",
            '"ask"',
            '"P3D"',
            '""',
            "2027-06-30",
            "07:32:00",
            "nan",
            '"a"',
            '"\\u0000"',
            '"https://a.example"',
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda each: f"[{', '.join(each)}]")
        | st.tuples(keys, inner).map(lambda pair: f"{{{pair[0]} = {pair[1]}}}")
    ),
    max_leaves=4,
)
headers = st.sampled_from(
    [line for line in LINES if line.startswith("[")] + ["[rule]\n", "[when.install]\n", "[locked.status]\n"]
)


@settings(max_examples=2000, deadline=None)
@given(
    st.lists(headers | st.tuples(keys, raw_values).map(lambda pair: f"{pair[0]} = {pair[1]}\n"), max_size=6),
    layers,
)
def test_every_key_with_any_value_is_a_layer_or_a_refusal(written: list[str], layer: Layer) -> None:
    text = HEAD + "".join(written)
    assert_lines_exist(outcome(text, layer, ()), text)


@given(
    st.permutations(
        [
            RULE,
            '[[rule]]\nname = "b"\nverdict = "allow"\nversion = "<3"\n',
            '[[rule]]\nname = "c"\nverdict = "block"\n',
        ]
    )
)
def test_the_order_of_rules_changes_nothing_but_their_lines(rules: list[str]) -> None:
    found = {(rule.name, rule.verdict, rule.version) for rule in parse(HEAD + "".join(rules)).rules}
    assert found == {("a", Verdict.ASK, ""), ("b", Verdict.ALLOW, "<3"), ("c", Verdict.BLOCK, "")}
