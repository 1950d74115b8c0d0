"""Source archives read as streams within limits: nothing is unpacked, and none takes more than its share."""

from __future__ import annotations

import io
import lzma
import re
import struct
import tarfile
import time
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from pipgate.decompressed import decompressed
from pipgate.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one archive may take: counts, bytes, and seconds of wall time.

    ``unpacked`` bounds all bytes that come out of the compression, ``header`` what stands between two members
    (pax headers, long names, sparse maps), ``file`` one file that is kept, ``kept`` how many of these.
    """

    members: int = 200_000
    unpacked: int = 8 << 30
    header: int = 256 << 10
    header_piece: int = 32 << 10
    file: int = 4 << 20
    kept: int = 64
    seconds: float = 120.0


LIMITS = Limits()
_PIECE = 256 << 10
_TAR_ENDINGS = (
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
)
# What the readers of the standard library raise on bytes that make no sense to them.
_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    RuntimeError,  # an encrypted zip member; also NotImplementedError, RecursionError
)


class HostileArchiveError(Exception):
    """An archive that is not what its name says, that wants out of its directory, or that is over a limit."""


def is_zip(path: str, content_type: str | None) -> bool:
    """Return whether pip would read the file as zip: by what a server said, else by its name and content."""
    name = path.lower()
    if content_type == "application/zip" or name.endswith(".zip"):
        return True
    named_tar = content_type == "application/x-gzip" or name.endswith(_TAR_ENDINGS)
    return not named_tar and zipfile.is_zipfile(path)


def refuse_two_kinds(path: str) -> None:
    """Raise HostileArchiveError for a tar file that also reads as zip, which is how pip would unpack it."""
    if zipfile.is_zipfile(path):
        raise HostileArchiveError("the archive reads as a zip file and is named as another kind")


def read_files(
    path: str,
    content_type: str | None,
    wanted: Callable[[str, Mapping[str, bytes]], bool],
    enough: Callable[[Mapping[str, bytes]], bool],
) -> dict[str, bytes]:
    """Return the regular files of an archive that ``wanted`` picks by name, reading on until ``enough``.

    Raises HostileArchiveError, naming the member, for an archive that cannot be read or is over a limit.
    """
    files: dict[str, bytes] = {}
    with _explained():
        zipped = is_zip(path, content_type)
        if not zipped:
            refuse_two_kinds(path)
        members = _files_of_zip(path) if zipped else _files_of_tar(path)
        for name, read in members:
            if not wanted(name, files):
                continue
            if len(files) >= LIMITS.kept:
                raise HostileArchiveError(
                    f"more than {LIMITS.kept} files of metadata, at member {plain(name)}"
                )
            files[name] = read()
            if enough(files):
                break
    return files


def says_python(path: str) -> bool:
    """Return whether the PKG-INFO of an archive has, or may have, Requires-Python; parses nothing."""
    try:
        files = read_files(path, None, lambda name, _: _is_own_pkg_info(name), bool)
    except HostileArchiveError:
        return True  # whoever reads it says what is wrong
    return any(
        re.search(rb"^requires-python:", data, re.IGNORECASE | re.MULTILINE) for data in files.values()
    )


def _is_own_pkg_info(name: str) -> bool:
    parts = name.removeprefix("./").split("/")
    return parts[-1] == "PKG-INFO" and len(parts) <= 2  # noqa: PLR2004 -- a directory and a file


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except HostileArchiveError:
        raise
    except _UNREADABLE as error:
        raise HostileArchiveError(f"the archive cannot be read: {plain(str(error))}") from error


class TarStream:
    """The members of a tar file in their order; compression is recognised by its first bytes.

    tarfile is handed a stream that counts: what it reads at once, between two members and in all is bounded.
    """

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._stream = _Bounded(decompressed(file), limits)
        self._limits = limits
        self.last = ""

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        # "r:" is a plain tar file; what it skips, it seeks over.
        with tarfile.open(fileobj=self._stream, mode="r:") as archive:  # type: ignore[call-overload]  # it has all that tarfile uses
            count = 0
            while (member := archive.next()) is not None:
                count += 1
                self.last = member.name
                if count > self._limits.members:
                    raise HostileArchiveError(f"the archive has more than {self._limits.members} members")
                if member.size < 0:
                    raise HostileArchiveError(f"member {plain(member.name)} has a size below zero")
                yield member
                archive.members.clear()  # tarfile would keep them all
                self._stream.begin_header()

    def read(self, member: tarfile.TarInfo) -> bytes:
        """Return the bytes of the member that was yielded last."""
        _require_small(member.name, member.size, self._limits)
        self._stream.seek(member.offset_data)
        return self._stream.read_data(member.size)


@contextmanager
def open_tar(path: str) -> Iterator[TarStream]:
    """Open a tar file for one pass; raises HostileArchiveError naming the member that came last."""
    with open(path, "rb") as file:  # noqa: PTH123 -- pip's paths are strings
        stream = None
        try:
            stream = TarStream(file, LIMITS)
            yield stream
        except HostileArchiveError:
            raise
        except _UNREADABLE as error:
            where = f" after member {plain(stream.last)}" if stream is not None and stream.last else ""
            raise HostileArchiveError(f"the archive cannot be read{where}: {plain(str(error))}") from error


@contextmanager
def open_zip(path: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip file whose directory is small enough to be held; raises HostileArchiveError."""
    with _explained():
        _require_small_directory(path, LIMITS)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > LIMITS.members:
                raise HostileArchiveError(f"the archive has more than {LIMITS.members} members")
            if sum(member.file_size for member in members) > LIMITS.unpacked:
                raise HostileArchiveError(_too_large(LIMITS))
            yield archive


def _files_of_tar(path: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with open_tar(path) as stream:
        for member in stream:
            if member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not member.issparse():
                yield member.name, lambda member=member: stream.read(member)  # type: ignore[misc]  # mypy sees no type


def _files_of_zip(path: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with open_zip(path) as archive:
        last = {member.filename: member for member in archive.infolist()}  # of two, pip unpacks the last
        for member in last.values():
            if not member.is_dir():
                yield member.filename, lambda member=member: _read_zipped(archive, member)  # type: ignore[misc]  # same


def _read_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    _require_small(member.filename, member.file_size, LIMITS)
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise HostileArchiveError(f"member {plain(member.filename)} has an unusual compression")
    with archive.open(member) as file:
        return file.read(LIMITS.file)


def _require_small(name: str, size: int, limits: Limits) -> None:
    if size > limits.file:
        raise HostileArchiveError(f"member {plain(name)} is larger than {limits.file >> 20} MiB")


def _require_small_directory(path: str, limits: Limits) -> None:
    """Refuse a zip file whose central directory would not be small in memory, before zipfile reads it.

    Its size stands in the end record (APPNOTE.TXT 4.3.16); no sdist needs a ZIP64 one (4.3.15).
    """
    with open(path, "rb") as file:  # noqa: PTH123 -- pip's paths are strings
        length = file.seek(0, io.SEEK_END)
        file.seek(max(0, length - (64 << 10) - 64))
        tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) - end < 22:  # noqa: PLR2004 -- the size of the record
        raise HostileArchiveError("the archive is no zip file")
    (size,) = struct.unpack_from("<L", tail, end + 12)
    if size > limits.members * 100 or tail[max(0, end - 20) : max(0, end - 16)] == b"PK\6\7":
        raise HostileArchiveError(f"the archive has more than {limits.members} members")


def _too_large(limits: Limits) -> str:
    return f"the archive unpacks to more than {limits.unpacked >> 30} GiB"


class _Bounded:
    """A stream for tarfile that only goes forward and holds the limits."""

    def __init__(self, raw: BinaryIO | io.BufferedIOBase, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._position = 0
        self._header = 0
        self._until = time.monotonic() + limits.seconds

    def begin_header(self) -> None:
        """Note that what tarfile reads from here on describes the next member."""
        self._header = 0

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """Return what tarfile wants in order to know the next member."""
        self._header += size
        if size < 0 or size > self._limits.header_piece or self._header > self._limits.header:
            raise HostileArchiveError(
                f"the header of a member is larger than {self._limits.header_piece >> 10} KiB"
            )
        return self.read_data(size)

    def read_data(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or what is left of them."""
        if time.monotonic() > self._until:
            raise HostileArchiveError(
                f"the archive takes longer than {self._limits.seconds:.0f} seconds to read"
            )
        data = self._raw.read(size)
        self._position += len(data)
        if self._position > self._limits.unpacked:
            raise HostileArchiveError(_too_large(self._limits))
        return data

    def seek(self, position: int) -> int:
        """Skip forward to ``position``, or to the end."""
        if position < self._position:
            raise HostileArchiveError("the archive leads backwards")
        while position > self._position and self.read_data(min(_PIECE, position - self._position)):
            pass
        return self._position
