"""What is remembered of an approvals file is what parsing it says, and only for exactly that text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipgate import parsed_approvals
from pipgate.approvals_text import parse_approvals, strictest
from pipgate.errors import PolicyError
from pipgate.origin import Layer
from pipgate.parsed_approvals import read_strictest

if TYPE_CHECKING:
    from pathlib import Path

TEXT = f"""\
version = 1
approvals = [
  {{ name = "a", version = "1.0", sha256 = "{"a" * 64}", file = "a-1.0.tar.gz", for = ["wheel"], by = "kim", on = 2026-11-23T10:00:00Z, expires = 2027-01-01, reason = "r" }},
  {{ name = "b", vcs = "git+https://example.org/b", commit = "{"b" * 40}", for = ["metadata", "wheel"], by = "kim", on = 2026-11-23T10:00:00Z }},
]

# Between the blocks.
revoked = [
  {{ name = "c", by = "kim", on = 2026-11-23T10:00:00Z, reason = "SEC-1" }},
  {{ name = "a", version = "1.0", sha256 = "{"a" * 64}", by = "kim", on = 2026-11-24T10:00:00Z }},
]
"""


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_approvals, "_WORTH_IT", 0)


def read(tmp_path: Path) -> object:
    path = tmp_path / "approvals.toml"
    return read_strictest(path.read_text(), str(path), Layer.USER, str(tmp_path / "state"))


def test_the_same_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "approvals.toml").write_text(TEXT)
    expected = strictest(parse_approvals(TEXT, str(tmp_path / "approvals.toml"), Layer.USER))
    assert read(tmp_path) == expected
    with monkeypatch.context() as patched:
        patched.setattr(parsed_approvals, "_parsed", None)
        assert read(tmp_path) == expected, "nothing is parsed again"


def test_another_text_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "approvals.toml").write_text(TEXT)
    read(tmp_path)
    other = TEXT.replace('"b"', '"d"')
    (tmp_path / "approvals.toml").write_text(other)
    assert read(tmp_path) == strictest(parse_approvals(other, str(tmp_path / "approvals.toml"), Layer.USER))


def test_a_file_that_is_not_valid_is_an_error_each_time(tmp_path: Path) -> None:
    (tmp_path / "approvals.toml").write_text(TEXT.replace("version = 1\n", "version = 2\n"))
    for _ in range(2):
        with pytest.raises(PolicyError):
            read(tmp_path)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"version": 1}', "keep the digest"])
def test_what_is_remembered_badly_is_parsed_anew(tmp_path: Path, broken: str) -> None:
    (tmp_path / "approvals.toml").write_text(TEXT)
    expected = read(tmp_path)
    [kept] = (tmp_path / "state" / "parsed").iterdir()
    told = json.loads(kept.read_text())
    kept.write_text(json.dumps({**told, "approved": [["x"]]}) if broken == "keep the digest" else broken)
    assert read(tmp_path) == expected


def test_nothing_can_be_remembered(tmp_path: Path) -> None:
    (tmp_path / "approvals.toml").write_text(TEXT)
    (tmp_path / "state").write_text("a file where the directory should be")
    assert len(read(tmp_path).approved) == 2  # type: ignore[attr-defined]  # Approvals
