"""Whose a pip.conf is that pip calls global: XDG_CONFIG_DIRS can lead anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pipgate import user_directories
from pipgate.pip_internals import configuration

if TYPE_CHECKING:
    from pathlib import Path

SOMEBODY = 70001


@pytest.mark.parametrize(
    ("kind", "where", "owner", "is_own"),
    [
        ("global", "clone/xdg/pip", SOMEBODY, False),
        ("global", "clone/xdg/pip", 0, True),
        ("global", "account/.config/kdedefaults/pip", SOMEBODY, True),
        ("global", "account/.config/kdedefaults/pip", SOMEBODY + 1, False),
        ("user", "clone/xdg/pip", SOMEBODY, True),
    ],
)
def test_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, where: str, owner: int, *, is_own: bool
) -> None:
    """The clone is one that was unpacked: nothing in it says where a repository begins."""
    file = tmp_path / where / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(user_directories, "_account_home", lambda: str(tmp_path / "account"))
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    stat = os.stat

    def owned(path: object, **more: object) -> os.stat_result:
        found = stat(path, **more)  # type: ignore[call-overload]  # as it was called
        return os.stat_result((*found[:4], owner, *found[5:])) if path == str(file) else found

    monkeypatch.setattr(os, "stat", owned)
    assert configuration._is_own(kind, str(file), None) is is_own
