"""What the name and the bytes of a source archive say, without a look inside, and how its text is read."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

_ARCHIVE_ENDINGS = (
    ".tar.gz",
    ".tar.bz2",
    ".tar.xz",
    ".tar.lzma",
    ".tar.Z",
    ".tgz",
    ".tbz",
    ".txz",
    ".tlz",
    ".tar",
    ".zip",
)


_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)  # PEP 508


def is_name(text: str) -> bool:
    """Return whether a text is the name of a project (PEP 508)."""
    return _NAME.fullmatch(text) is not None


def normalised(name: str) -> str:
    """Return a name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_in_filename(name: str | None, filename: str) -> str | None:
    """Return the version in the file name of an sdist of ``name``, found as pip finds it."""
    whole = stem(filename)
    for position, character in enumerate(whole):
        if character == "-" and name and normalised(whole[:position]) == normalised(name):
            return whole[position + 1 :].strip() or None  # as a Version is read
    return None


def stem(filename: str) -> str:
    """Return the name of an archive without the ending that says its kind."""
    for ending in _ARCHIVE_ENDINGS:
        if filename.lower().endswith(ending.lower()):
            return filename[: -len(ending)]
    return filename


def with_line_feeds(text: str) -> str:
    """Return a text with the line ends of one that pip opens as text: a lone carriage return is one too."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sha256_of_file(path: str) -> str:
    """Return the sha256 of a file, read in pieces, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:  # noqa: PTH123 -- pip's paths are strings
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def is_version(text: str) -> bool:
    """Return whether a text is a version (PEP 440)."""
    return version_of(text) is not None


@lru_cache(maxsize=1 << 15)  # an index may offer thousands, and each is weighed more than once
def version_of(text: str) -> Version | None:
    """Return the version that a text is (PEP 440), or None."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 -- a run of wheels needs none

    try:
        return Version(text)
    except (InvalidVersion, ValueError):  # a ValueError for a number of thousands of digits
        return None


def version_key(text: str | None) -> Version | str | None:
    """Return what two texts have in common that are the same version, however they are written."""
    return None if text is None else version_of(text) or text
