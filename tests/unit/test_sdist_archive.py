"""Archives that would leave their directory, and bytes that are none."""

from __future__ import annotations

import contextlib
import io
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipgate.archive_stream import HostileArchiveError, Limits
from pipgate.sdist_archive import check_members
from pipgate.static_metadata import Known, of_archive

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


HARD_LINKS = {
    "to a symbolic link": [
        ("p/a/b/l", tarfile.SYMTYPE, "../../ok"),
        ("p/h", tarfile.LNKTYPE, "p/a/b/l"),
    ],
    "to one that comes later": [
        ("p/h", tarfile.LNKTYPE, "p/a/b/l"),
        ("p/a/b/l", tarfile.SYMTYPE, "../../ok"),
    ],
    "written otherwise": [
        ("p/a/b/l", tarfile.SYMTYPE, "../../ok"),
        ("p/h", tarfile.LNKTYPE, "p/./a/b/l"),
    ],
    "through a link": [
        ("p/a/b/l", tarfile.SYMTYPE, "../../ok"),
        ("p/d", tarfile.SYMTYPE, "a/b"),
        ("p/h", tarfile.LNKTYPE, "p/d/l"),
    ],
    "and another": [
        ("p/a/b/l", tarfile.SYMTYPE, "../../ok"),
        ("p/h", tarfile.LNKTYPE, "p/a/b/l"),
        ("p/i", tarfile.LNKTYPE, "p/h"),
    ],
}


@pytest.mark.parametrize("members", HARD_LINKS.values(), ids=HARD_LINKS)
def test_a_hard_link_to_a_link_is_a_link(tmp_path: Path, members: list[tuple[str, bytes, str]]) -> None:
    """It leads from another directory than the one that it is: here out of the archive."""
    path = tar(tmp_path / "x.tar", [("p/ok", tarfile.REGTYPE, ""), *members])
    with pytest.raises(HostileArchiveError, match=r"is a (hard )?link"):
        check_members(str(path))


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("p/a", tarfile.SYMTYPE, "../p"),
        ("p/a", tarfile.SYMTYPE, "../p/x"),
        ("p/b/a", tarfile.SYMTYPE, "../../p/x"),
        ("p/a\\b", tarfile.SYMTYPE, "../x"),
        ("p/a", tarfile.SYMTYPE, "b\\..\\..\\x"),
        ("p/a", tarfile.LNKTYPE, "./p/x"),
        ("./p/a", tarfile.LNKTYPE, "p/x"),
        ("p/a", tarfile.LNKTYPE, "x"),
    ],
)
def test_the_first_directory_is_left_out(tmp_path: Path, name: str, kind: bytes, link: str) -> None:
    """Where pip unpacks, there is nothing of that name, or another file."""
    with pytest.raises(HostileArchiveError, match="leaves the archive"):
        check_members(str(tar(tmp_path / "x.tar", [("p/x", tarfile.REGTYPE, ""), (name, kind, link)])))


def test_a_link_that_stands_there_twice(tmp_path: Path) -> None:
    """Which of the two is on the disk in the end, pips and Pythons do not agree on."""
    through = [("p/a/b/one", tarfile.SYMTYPE, "../.."), ("p/two", tarfile.SYMTYPE, "a/b/one/..")]
    path = tar(tmp_path / "x.tar", [*through, ("p/two", tarfile.SYMTYPE, "a")])
    with pytest.raises(HostileArchiveError, match="two links"):
        check_members(str(path))
    again = ("p/two", tarfile.SYMTYPE, "a")
    check_members(str(tar(tmp_path / "y.tar", [("p/h", tarfile.LNKTYPE, "p/x"), again, again])))


def test_of_two_files_of_a_zip_the_last_one_speaks(tmp_path: Path) -> None:
    path = tmp_path / "evil-1.0.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for name in ("first", "last"):
            info = f"Metadata-Version: 2.2\nName: evil\nVersion: 1.0\nRequires-Dist: {name}\n"
            archive.writestr("evil-1.0/PKG-INFO", info)
    answer = of_archive(str(path), project="evil")
    assert isinstance(answer, Known)
    assert answer.fields.requires_dist == ("last",)
