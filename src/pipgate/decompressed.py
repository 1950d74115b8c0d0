"""Compressed files as streams that hold a bounded piece in memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from typing import BinaryIO

_PIECE = 256 << 10
_XZ_MEMORY = 128 << 20  # bytes; the largest preset asks for 65 MiB


def decompressed(file: BinaryIO) -> BinaryIO | io.BufferedIOBase:
    """Return the stream behind gzip, bzip2, xz or lzma, recognised by its first bytes, or the file itself."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start == b"\xfd7zXZ\0" or start.startswith(b"\x5d\0\0"):
        return io.BufferedReader(_Xz(file), _PIECE)
    return file


class _Xz(io.RawIOBase):
    """An xz or lzma file; unlike ``lzma.LZMAFile`` it holds the decoder to a limit of memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the buffer protocol has no name before 3.12
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data.lstrip(b"\0") or self._file.read(_PIECE).lstrip(b"\0")
                if not rest:
                    return 0
                self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            elif self._decoder.needs_input:
                rest = self._file.read(_PIECE)
                if not rest:
                    raise EOFError("the compressed file ends before its end")
            else:
                rest = b""
            data = self._decoder.decompress(rest, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
