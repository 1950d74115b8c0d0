"""What is remembered of a policy is what parsing it says, and only for exactly that text and place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipgate import parsed_policies
from pipgate.errors import PolicyError
from pipgate.origin import Layer
from pipgate.parsed_policies import read_policy
from pipgate.policy_file import parse_policy
from pipgate.policy_places import PolicyPlace
from unit.test_policy_file import FULL

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_policies, "_WORTH_IT", 0)


def place(text: str = FULL, table: tuple[str, ...] = ()) -> PolicyPlace:
    return PolicyPlace(Layer.SYSTEM, "/etc/pipgate/pipgate.toml", text, table)


def test_the_same_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = parse_policy(FULL, place().path, Layer.SYSTEM)
    assert read_policy(place(), str(tmp_path)) == expected
    monkeypatch.setattr(parsed_policies, "_parsed", None)
    assert read_policy(place(), str(tmp_path)) == expected, "nothing is parsed again"


def test_another_text_table_or_layer_is_parsed(tmp_path: Path) -> None:
    read_policy(place(), str(tmp_path))
    looser = FULL.replace('default = "block"\nmode', 'default = "allow"\nmode')
    assert looser != FULL
    with pytest.raises(PolicyError):
        read_policy(place(looser), str(tmp_path))
    other = read_policy(place(FULL.replace('"ctx"', '"xtc"')), str(tmp_path))
    assert other is not None
    assert other.deny[0].value == "xtc"
    nested = FULL.replace("\n[", "\n[tool.pipgate.").replace("[tool.pipgate.[rule]]", "[[tool.pipgate.rule]]")
    nested = "[tool.pipgate]\n" + nested
    assert read_policy(place(nested, ("tool", "pipgate")), str(tmp_path)) is not None
    assert read_policy(place(nested, ("tool", "other")), str(tmp_path)) is None
    with pytest.raises(PolicyError):
        read_policy(place()._replace(layer=Layer.USER), str(tmp_path))


def test_what_is_not_valid_is_an_error_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(PolicyError, match="version"):
            read_policy(place("version = 2\n"), str(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"digest": 1}', "rules", "settings", "deny"])
def test_what_is_remembered_badly_is_parsed_anew(tmp_path: Path, broken: str) -> None:
    expected = read_policy(place(), str(tmp_path))
    [kept] = (tmp_path / "parsed").iterdir()
    told = json.loads(kept.read_text())
    kept.write_text(json.dumps({**told, broken: [["x"]]}) if broken in told else broken)
    assert read_policy(place(), str(tmp_path)) == expected


def test_nothing_can_be_remembered(tmp_path: Path) -> None:
    (tmp_path / "parsed").write_text("a file where the directory should be")
    assert read_policy(place(), str(tmp_path)) == parse_policy(FULL, place().path, Layer.SYSTEM)
