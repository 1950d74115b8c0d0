"""Each test a second time in the same home: what pipgate and pip have remembered must not change an answer."""

from __future__ import annotations

import os
import shutil
from dataclasses import fields
from typing import TYPE_CHECKING

from support.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGAIN = "PIPGATE_TEST_AGAIN" in os.environ
# What the first time leaves to the second: pip's caches, and what pipgate has found valid and parsed. What the
# user said (trust, an approval) and what was blocked are taken back, for the test says them itself.
_REMEMBERED = (
    "cache",
    ".cache",
    ".local/state/pipgate/valid",
    ".local/state/pipgate/parsed",
    ".local/state/pipgate/built",
)


def twice(call: Callable[[], object], tmp: Path, index: Index | None) -> None:
    """Call a test, put everything back but what is remembered, and call it again."""
    before = tmp.parent / f"{tmp.name}.before"
    shutil.copytree(tmp, before, symlinks=True)
    told = {each.name: getattr(index, each.name) for each in fields(Index)} if index else {}
    kept = {name: value.copy() if hasattr(value, "copy") else value for name, value in told.items()}
    call()
    remembered = tmp.parent / f"{tmp.name}.remembered"
    for place in _REMEMBERED:
        if (tmp / "home" / place).is_dir():
            shutil.copytree(tmp / "home" / place, remembered / "home" / place, symlinks=True)
    _empty(tmp)
    for whole in (before, remembered):
        if whole.is_dir():
            shutil.copytree(whole, tmp, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(whole)
    for name, value in kept.items():
        setattr(index, name, value)
    call()


def _empty(directory: Path) -> None:
    for each in directory.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
