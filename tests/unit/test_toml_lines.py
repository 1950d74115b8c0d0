"""Lines of keys and elements in every form that TOML has, and that no text breaks the search for them."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipgate.toml_lines import KeyPath, TomlLines

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = '''\
version = 1 # [not.a.table]
deny = [ # the names
  "a", "b",
  # "c",
  "d]\\",",
]
note = """
x \\"""
fake = 1 ""\"""
raw = \'\'\'
[[fake]]
\'\'\'

[first-party]
paths = ["."]
"quoted key" = 1
'it "s' = 1
point = { x = 1, y.z = [
  { deep = 1 },
  [2, 3],
] }
a . "b.c" . d = 1979-05-27 07:32:00
day = [1979-05-27 07:32:00, 2,
  3]

[tool.pipgate] # after
default = 'a#b'
"\\u0061b" = 1

[[rule]]
name = "x"
[[rule]]
name = "y"
[rule.owner]
name = "z"
[[rule.times]]
at = 1
[[rule.times]]

  [[ "rule" . times ]]
  at = 3
[tool]
late = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("version",), 1),
        (("not",), 1),
        (("fake",), 1),
        (("deny",), 2),
        (("deny", 0), 3),
        (("deny", 1), 3),
        (("deny", 2), 5),
        (("deny", 3), 2),
        (("note",), 7),
        (("raw",), 10),
        (("first-party",), 14),
        (("first-party", "paths"), 15),
        (("first-party", "paths", 0), 15),
        (("first-party", "paths", 0, "beyond"), 15),
        (("first-party", "vcs"), 14),
        (("first-party", "quoted key"), 16),
        (("first-party", 'it "s'), 17),
        (("first-party", "point", "x"), 18),
        (("first-party", "point", "y"), 18),
        (("first-party", "point", "y", "z", 0), 19),
        (("first-party", "point", "y", "z", 0, "deep"), 19),
        (("first-party", "point", "y", "z", 1, 1), 20),
        (("first-party", "a"), 22),
        (("first-party", "a", "b.c", "d"), 22),
        (("first-party", "day", 1), 23),
        (("first-party", "day", 2), 24),
        (("tool", "pipgate"), 26),
        (("tool", "pipgate", "default"), 27),
        (("tool", "pipgate", "ab"), 28),
        (("tool", "pipgate", "late"), 26),
        (("rule",), 30),
        (("rule", 0), 30),
        (("rule", 0, "name"), 31),
        (("rule", 0, "verdict"), 30),
        (("rule", 1), 32),
        (("rule", 1, "name"), 33),
        (("rule", 1, "owner"), 34),
        (("rule", 1, "owner", "name"), 35),
        (("rule", 1, "times"), 36),
        (("rule", 1, "times", 0, "at"), 37),
        (("rule", 1, "times", 1), 38),
        (("rule", 1, "times", 2), 40),
        (("rule", 1, "times", 2, "at"), 41),
        (("rule", 2), 30),
        (("tool",), 42),
        (("tool", "late"), 43),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_form_of_key(path: KeyPath, line: int, ending: str) -> None:
    text = TEXT.replace("\n", ending)
    tomllib.loads(text)
    assert TomlLines(text).line_of(path) == line


def test_keys_are_known_up_to_where_the_text_stops_being_toml() -> None:
    lines = TomlLines("a = 1\nb = = 2\nc = 3\n")
    assert [lines.line_of((key,)) for key in "abc"] == [1, 2, 1]


fragments = st.sampled_from(
    [
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        '"',
        "'",
        '"""',
        "'''",
        "=",
        ".",
        ",",
        "\n",
        "#",
        "\\",
        " ",
        "a",
        "b",
        "1",
        "a = ",
        "[a]\n",
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.text() | st.lists(fragments, max_size=40).map("".join))
def test_any_text_has_an_answer_that_is_one_of_its_lines(text: str) -> None:
    lines = TomlLines(text)
    for path in [(), ("a",), ("a", "b"), ("a", 0, "a"), ("b", 1)]:
        assert 1 <= lines.line_of(path) <= text.count("\n") + 1


@pytest.mark.parametrize(
    "text", ["[", "{a=", "a.", "[[a.", "'", "'''", '"\\"', "[{},", "#\n", "a=1\n", "[[a]]\n"]
)
def test_a_long_text_has_an_answer_too(text: str) -> None:
    for start in ("", "a = "):
        assert TomlLines(start + text * 50_000).line_of(("a",)) == 1


def paths_of(value: object, path: KeyPath = ()) -> list[KeyPath]:
    below: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    return [path, *(each for step, inner in below for each in paths_of(inner, (*path, step)))]


keys = st.sampled_from(["a", "b", "'c.d'", '"e"', "a.b", "a . 'c.d'", '"\\u0062"'])
values = st.recursive(
    st.sampled_from(["1", '"]"', "'#'", '"""\n[x]\n"""', "1979-05-27", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: "[" + ",\n".join(each) + "\n]")
        | st.lists(st.tuples(keys, inner), max_size=2).map(
            lambda each: "{" + ", ".join(f"{key} = {value}" for key, value in each) + "}"
        )
    ),
    max_leaves=5,
)
statements = (
    keys.map(lambda key: f"[{key}]\n")
    | keys.map(lambda key: f"[[{key}]]\n")
    | st.tuples(keys, values).map(lambda pair: f"{pair[0]} = {pair[1]}\n")
    | st.sampled_from(["\n", "# [comment]\n"])
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(statements, max_size=8))
def test_each_key_of_valid_toml_is_found_where_the_text_up_to_it_ends(written: list[str]) -> None:
    """A key is not in the text before the statement that writes it, and is in the text after it."""
    valid: list[str] = []
    for each in written:
        try:
            tomllib.loads("".join([*valid, each]))
        except tomllib.TOMLDecodeError:
            continue
        valid.append(each)
    text = "".join(valid)
    lines = TomlLines(text)
    first_line, before = 1, set[KeyPath]()
    for place, each in enumerate(valid):
        now = set(paths_of(tomllib.loads("".join(valid[: place + 1]))))
        last_line = first_line + each.count("\n") - 1
        for path in now - before - {()}:
            if path in implied_only(valid, place, path):
                continue
            assert first_line <= lines.line_of(path) <= last_line, (text, path)
        first_line, before = last_line + 1, now


def implied_only(valid: list[str], place: int, path: KeyPath) -> set[KeyPath]:
    """Return the path if a later header says outright what this one only implied: that one is its line."""
    later = [each for each in valid[place + 1 :] if each.startswith("[")]
    named = {tuple(paths_of(tomllib.loads(each))[-1]) for each in later}
    plain_path = tuple(step for step in path if isinstance(step, str))
    return (
        {path}
        if any(tuple(step for step in each if isinstance(step, str)) == plain_path for each in named)
        else set()
    )
