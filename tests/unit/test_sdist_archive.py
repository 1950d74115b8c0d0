"""Archives that would leave their directory, and bytes that are none."""

from __future__ import annotations

import contextlib
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipgate.archive_stream import HostileArchiveError, Limits
from pipgate.sdist_archive import check_members

PARTS = st.sampled_from(["..", ".", "a", "b", "pkg-1.0", "", "l"])
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])


def tar(path: Path, members: list[tuple[str, bytes, str]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            archive.addfile(info, io.BytesIO())
    return path


def strip(name: str) -> str:
    """Return the name without its first directory, as pip unpacks it."""
    return name.split("/", 1)[1].lstrip("/") if "/" in name else name


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PATHS, KINDS, PATHS), max_size=6))
def test_what_passes_stays_inside(tmp_path: Path, members: list[tuple[str, bytes, str]]) -> None:
    """Unpack what passed in the most trusting way, and look at what lies outside."""
    members = [(f"pkg-1.0/{name}", kind, link) for name, kind, link in members]
    path = tar(tmp_path / "x.tar", members)
    try:
        check_members(str(path))
    except HostileArchiveError:
        return
    for name, kind, link in members:
        inside = strip(name)
        if kind == tarfile.SYMTYPE:
            resolved = (Path("/r/i") / Path(inside).parent / link).as_posix()
            assert _normal(resolved).startswith("/r/i"), (name, link)
        assert not _normal(f"/r/i/{inside}").startswith("/r/..")
        assert _normal(f"/r/i/{inside}").startswith("/r/i"), name


def _normal(path: str) -> str:
    import posixpath  # noqa: PLC0415 -- for this helper alone

    return posixpath.normpath(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000), st.sampled_from(["x.tar.gz", "x.zip", "x.tar.bz2", "x.tar", "x"]))
def test_noise_is_a_clear_error(tmp_path: Path, noise: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(noise)
    with contextlib.suppress(HostileArchiveError):
        check_members(str(path))


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tar(tmp_path / "x.tar", [(f"pkg-1.0/{n}", tarfile.REGTYPE, "") for n in range(5)])
    check_members(str(path))
    monkeypatch.setattr("pipgate.archive_stream.LIMITS", Limits(members=4))
    with pytest.raises(HostileArchiveError, match="more than 4 members"):
        check_members(str(path))
