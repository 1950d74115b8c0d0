"""What is remembered of built wheels: bound to bytes, bounded, and never what a project can have brought."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pipgate import built_wheels
from pipgate.approvals import CommitPin, Sha256Pin
from pipgate.build_request import BuildRequest, Purpose, Sdist
from pipgate.built_wheels import Built, built_from, remember
from pipgate.decision import Allowed
from pipgate.outcomes import Outcome

if TYPE_CHECKING:
    from pathlib import Path

HELPER = BuildRequest(
    "helper",
    "1.0",
    Sdist("helper-1.0.tar.gz", "c" * 64, "https://example.org/helper-1.0.tar.gz"),
    Purpose.WHEEL,
    ("build requirement of thing 1.0",),
)
BUILT = [
    Built(Sha256Pin("a" * 64)),
    Built(Sha256Pin("a" * 64, "sub/directory"), claimed="another"),
    Built(Sha256Pin("a" * 64), by=(Outcome(HELPER, Allowed("approved", "read it"), ran=True),)),
    Built(CommitPin("git+https://example.org/r", "b" * 40, "sub")),
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / "thing-1.0-py3-none-any.whl"
    path.parent.mkdir()
    path.write_bytes(b"wheel")
    return path


@pytest.mark.parametrize("built", BUILT)
def test_what_was_noted_is_known(environ: dict[str, str], wheel: Path, built: Built, tmp_path: Path) -> None:
    project = str(tmp_path / "project")
    assert built_from(str(wheel), project, environ) is None
    remember(str(wheel), built, project, environ)
    assert built_from(str(wheel), project, environ) == built
    place = tmp_path / "state" / "pipgate" / "built"
    assert place.stat().st_mode & 0o777 == 0o700
    assert [each.stat().st_mode & 0o777 for each in place.iterdir()] == [0o600]


def test_other_bytes_and_another_place_are_not(environ: dict[str, str], wheel: Path, tmp_path: Path) -> None:
    project = str(tmp_path / "project")
    remember(str(wheel), BUILT[0], project, environ)
    other = wheel.with_name("other-1.0-py3-none-any.whl")
    other.write_bytes(wheel.read_bytes())
    assert built_from(str(other), project, environ) is None
    wheel.write_bytes(b"another")
    assert built_from(str(wheel), project, environ) is None
    wheel.unlink()
    assert built_from(str(wheel), project, environ) is None


def test_a_state_directory_of_the_project_is_neither_read_nor_written(wheel: Path, tmp_path: Path) -> None:
    project = tmp_path / "clone"
    (project / ".git").mkdir(parents=True)
    environ = {"XDG_STATE_HOME": str(project / "state")}
    remember(str(wheel), BUILT[0], str(tmp_path / "elsewhere"), environ)
    assert not (project / "state").exists()
    own = {"XDG_STATE_HOME": str(tmp_path / "state")}
    remember(str(wheel), BUILT[0], str(project), own)
    (tmp_path / "state").rename(project / "state")
    assert built_from(str(wheel), str(project), environ) is None


def test_the_oldest_are_forgotten(
    environ: dict[str, str], wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_wheels, "_MOST", 3)
    wheels = [wheel.with_name(f"{number}.whl") for number in range(5)]
    place = tmp_path / "state" / "pipgate" / "built"
    for number, each in enumerate(wheels):
        each.write_bytes(b"wheel")
        remember(str(each), BUILT[0], "/", environ)
        for made in set(place.iterdir()):
            if made.stat().st_mtime > 10_000:
                os.utime(made, (number, number))
    known = [built_from(str(each), "/", environ) is not None for each in wheels]
    assert known == [False, False, True, True, True]
