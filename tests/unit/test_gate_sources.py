"""Which copy of a library the gate runs on: an environment's own, or one that lies elsewhere."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from pipgate.pip_internals import gate_sources

if TYPE_CHECKING:
    from pathlib import Path


def module_in(library: Path, name: str) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = str(library / name / "__init__.py")
    return module


@pytest.mark.parametrize("is_searched", [True, False])
def test_a_systems_library_can_be_shadowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_searched: bool
) -> None:
    """A distribution keeps pipgate in a dist-packages that is on the path; one's own site comes before it."""
    library = tmp_path / "dist-packages"
    others = [each for each in sys.path if not each.endswith("-packages")]
    monkeypatch.setattr(sys, "path", [*others, *([str(library)] if is_searched else [])])
    monkeypatch.setattr(gate_sources, "pipgate", module_in(library, "pipgate"))
    monkeypatch.setitem(sys.modules, "packaging", module_in(tmp_path / "elsewhere", "packaging"))
    assert gate_sources.serves_here("packaging") == is_searched
    assert gate_sources.serves_here("pip")
