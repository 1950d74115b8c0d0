"""Fixtures: one environment per pip, a home of one's own, an index on loopback, a canary."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import again
from support.adopted import Adopted, Team, adopted_by_hook
from support.canary import Canary
from support.environments import ALL_PIPS, ENDS, PIPS, THIN, environment
from support.index import Index, RunningIndex
from support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACTS = Path(__file__).parent / "pip_contract"


def pytest_report_header() -> str:
    missing = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell) is None]
    return f"pips: {', '.join(PIPS)}; shells that are not here: {', '.join(missing) or 'none'}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marks = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    given = {name for names in marks for name in ([names] if isinstance(names, str) else names)}
    if "pip" in metafunc.fixturenames and "pip" not in given:
        pips = getattr(metafunc.module, "PIPS_HERE", PIPS)
        metafunc.parametrize("pip", pips, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out two of three cases of the oldest pip where the session is thin; the tables have rules of their own."""
    if not THIN:
        return
    of_oldest = [each for each in items if _pip_of(each) == ENDS[0] and each.path.name not in OWN_RULES]
    left_out = {each for turn, each in enumerate(of_oldest) if turn % 3}
    items[:] = [each for each in items if each not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


OWN_RULES = frozenset({"test_routes.py", *(path.name for path in CONTRACTS.glob("test_*.py"))})


def _pip_of(item: pytest.Item) -> object:
    return item.callspec.params.get("pip") if hasattr(item, "callspec") else None


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a test with a home of its own twice, where the session asks for it."""
    given = pyfuncitem.funcargs
    names = pyfuncitem._fixtureinfo.argnames  # what pytest itself hands over
    if not again.AGAIN or "tmp_path" not in given:
        return None
    again.twice(
        lambda: pyfuncitem.obj(**{name: given[name] for name in names}), given["tmp_path"], given.get("index")
    )
    return True


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    root = tmp_path / "index"
    root.mkdir()
    with RunningIndex(root) as running:
        yield running


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    return Canary(tmp_path / "canary.txt")


@pytest.fixture
def world(pip: str, tmp_path: Path, index: Index, canary: Canary) -> World:
    (tmp_path / "home").mkdir()
    return World(environment(pip), tmp_path, index, canary)


@pytest.fixture
def newest(tmp_path: Path, index: Index, canary: Canary) -> World:
    """The same on the newest pip alone, for what does not depend on pip."""
    (tmp_path / "home").mkdir()
    return World(environment(ALL_PIPS[-1]), tmp_path, index, canary)


@pytest.fixture
def hooked(pip: str, tmp_path: Path, index: Index, canary: Canary) -> Adopted:
    return adopted_by_hook(pip, tmp_path, index, canary)


@pytest.fixture
def newest_hooked(tmp_path: Path, index: Index, canary: Canary) -> Adopted:
    return adopted_by_hook(ALL_PIPS[-1], tmp_path, index, canary)


@pytest.fixture
def team(pip: str, tmp_path: Path, index: Index, canary: Canary) -> Team:
    return Team(pip, tmp_path, index, canary)


@pytest.fixture
def newest_team(tmp_path: Path, index: Index, canary: Canary) -> Team:
    return Team(ALL_PIPS[-1], tmp_path, index, canary)
