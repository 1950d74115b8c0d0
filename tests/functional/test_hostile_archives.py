"""Archives that want out, or that are not what they seem: refused with the member's name, nothing written."""

from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.projects import write_tar

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def hostile(world: World, name: str, outside: Path) -> bytes:
    """Return the bytes of an sdist that is sound but for one thing."""
    files = {f"evil-1.0/{path}": text.encode() for path, text in world.project().contents().items()}
    extra: list[tarfile.TarInfo] = {
        "dot-dot": [member("evil-1.0/../../../../../../../../../../tmp/x")],
        "absolute": [member(f"{outside}/x")],
        "absolute-symlink": [member("evil-1.0/l", tarfile.SYMTYPE, str(outside)), member("evil-1.0/l/x")],
        "symlink-out": [member("evil-1.0/l", tarfile.SYMTYPE, "../../x")],
        "symlink-to-the-root": [member("evil-1.0/l", tarfile.SYMTYPE, ".."), member("evil-1.0/l/x")],
        "symlink-through-a-symlink": [
            member("evil-1.0/a/b/one", tarfile.SYMTYPE, "../.."),
            member("evil-1.0/two", tarfile.SYMTYPE, "a/b/one/.."),
        ],
        "hard-link-out": [member("evil-1.0/h", tarfile.LNKTYPE, "/etc/passwd")],
        "device": [member("evil-1.0/d", tarfile.CHRTYPE)],
        "fifo": [member("evil-1.0/f", tarfile.FIFOTYPE)],
    }.get(name, [])
    path = write_tar(world.tmp / "made.tar.gz", files, extra)
    if name == "zip-named-tar-gz":
        return world.project().zip_sdist(world.tmp).read_bytes()
    if name == "truncated":
        return path.read_bytes()[:-200]
    if name == "noise":
        return b"\x1f\x8b" + bytes(range(256)) * 20
    if name == "empty":
        return b""
    return path.read_bytes()


REFUSED = [
    "dot-dot",
    "absolute",
    "absolute-symlink",
    "symlink-out",
    "symlink-to-the-root",
    "symlink-through-a-symlink",
    "hard-link-out",
    "device",
    "fifo",
    "zip-named-tar-gz",
    "truncated",
    "noise",
    "empty",
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_sdist_is_refused_even_when_its_build_is_allowed(world: World, name: str) -> None:
    outside = world.tmp / "outside"
    outside.mkdir()
    (world.index.root / "evil-1.0.tar.gz").write_bytes(hostile(world, name, outside))
    for allow in ([], ["--allow-build", "evil"]):
        ended = world.pipgate(*allow, "install", "--prefix", str(world.tmp / "t"), "evil")
        assert ended.status == 43, ended.text
        assert "Traceback" not in ended.err, ended.text
        assert world.canary.silent
        assert list(outside.iterdir()) == []
        assert "refused:" in ended.err or not allow, ended.text


def test_a_hostile_zip_is_refused(world: World) -> None:
    path = world.project().zip_sdist(world.index.root)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("evil-1.0/../../../x", "x")
    ended = world.pipgate("--allow-build", "evil", "install", "--prefix", str(world.tmp / "t"), "evil")
    assert ended.status == 43, ended.text
    assert "leaves the archive" in ended.err


@pytest.mark.parametrize("what", ["zeros", "long-pkg-info", "no-utf-8", "links-that-stay-inside"])
def test_what_is_only_odd_is_built_when_it_is_allowed(world: World, what: str) -> None:
    files = {f"evil-1.0/{path}": text.encode() for path, text in world.project().contents().items()}
    extra = []
    if what == "zeros":
        files["evil-1.0/zeros"] = bytes(200 << 20)
    if what == "long-pkg-info":
        files["evil-1.0/PKG-INFO"] += b"X: y\n" * (4 << 20)
    if what == "no-utf-8":
        files["evil-1.0/PKG-INFO"] = b"Metadata-Version: 2.1\nName: \xff\xfe\nVersion: \xc3\x28\n"
        files["evil-1.0/caf\udce9"] = b""
    if what == "links-that-stay-inside":
        files["evil-1.0/docs/there"] = b""
        extra = [
            member("evil-1.0/docs/l", tarfile.SYMTYPE, "../PKG-INFO"),
            member("evil-1.0/d", tarfile.SYMTYPE, "docs"),
        ]
    write_tar(world.index.root / "evil-1.0.tar.gz", files, extra)
    args = ("install", "--prefix", str(world.tmp / "t"), "evil")
    blocked = world.pipgate(*args)
    assert blocked.status == 43, blocked.text
    assert world.canary.silent
    allowed = world.pipgate("--allow-build", "evil", *args)
    assert allowed.status == 0, allowed.text
