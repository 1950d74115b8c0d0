"""What a source distribution requires, as far as it can be known without running anything of it."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pipgate.archive_names import is_version, version_in_filename
from pipgate.archive_stream import HostileArchiveError, read_files
from pipgate.core_metadata import (
    CoreMetadata,
    MetadataError,
    as_lines,
    as_metadata,
    read_pkg_info,
)
from pipgate.plain_text import plain
from pipgate.project_table import (
    LARGEST_PYPROJECT,
    claimed_name,
    leaves_version,
    poetry_requires_nothing,
    read_project_table,
)
from pipgate.public_urls import leaves_tree, plain_subdirectory
from pipgate.recorded_requires import from_egg_info, from_old_pkg_info
from pipgate.regular_files import UnreadableFileError, read_regular
from pipgate.time_limit import TookTooLongError, at_most

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATIC_SINCE = (
    2,
    2,
)  # PEP 643; there is no upper bound, so that a new version of the format changes nothing
_NOT_DYNAMIC = frozenset({"name", "version", "requires-dist", "requires-python", "provides-extra"})
_DEEPEST = 12  # directories above an egg-info; real ones are nested up to three deep
_SECONDS = 5.0  # for all that is parsed of one distribution; real ones take milliseconds
_TOOK_TOO_LONG = f"its metadata takes longer than {_SECONDS:.0f} seconds to read"


class MetadataSource(Enum):
    """Where a list of requirements comes from, the most trusted first."""

    PEP643 = "pep643"
    PYPROJECT = "pyproject"
    FILENAME = "filename"  # pyproject.toml, and the version that the name of the file has
    RECORDED = "recorded"
    UNKNOWN = "unknown"

    @property
    def authoritative(self) -> bool:
        """Whether a build must not say anything else (PEP 621, PEP 643)."""
        return self in {MetadataSource.PEP643, MetadataSource.PYPROJECT}

    @property
    def file(self) -> str:
        """The file that speaks."""
        return "PKG-INFO" if self in {MetadataSource.PEP643, MetadataSource.RECORDED} else "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Known:
    """What the files say: the source of it, the fields, and the METADATA file that says the same."""

    source: MetadataSource
    fields: CoreMetadata
    text: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing says what it requires; ``reason`` is for a person, name and version are what a file has."""

    reason: str
    name: str | None = None
    version: str | None = None


StaticAnswer = Known | Unknown


def of_archive(
    path: str,
    *,
    project: str | None,
    content_type: str | None = None,
    subdirectory: str = "",
    filename: str = "",
) -> StaticAnswer:
    """Read the metadata of an sdist or another source archive, as a stream and no further than needed.

    ``project`` is the name it was asked for by, ``subdirectory`` where in it the project lies, ``filename``
    the name that its file was offered under. Never raises: what cannot be read is ``Unknown``, and its reason
    names the member.
    """
    if leaves_tree(subdirectory):
        return Unknown("the directory to build does not lie in it")
    picker = _Picker(project, subdirectory, filename)
    try:
        files = read_files(path, content_type, lambda name, _: picker.wanted(name), picker.enough)
        with at_most(_SECONDS):
            return picker.answer(files)
    except HostileArchiveError as error:
        return Unknown(str(error))
    except TookTooLongError:
        return Unknown(_TOOK_TOO_LONG)


def of_tree(path: str) -> StaticAnswer:
    """Read the metadata of a source tree: its ``[project]`` table, which is what its build starts from.

    PKG-INFO and egg-info count in an sdist alone; in a tree they may be left over from another time, so that
    of PKG-INFO the name is told and nothing else.
    """
    try:
        with at_most(_SECONDS):
            pyproject = _plain_file(path, "pyproject.toml")
            try:
                fields = read_project_table(pyproject or b"", version=None)
            except MetadataError as error:
                reason = "it has no pyproject.toml" if pyproject is None else str(error)
                name = claimed_name(pyproject or b"") or _identity(_plain_file(path, "PKG-INFO"))[0]
                return Unknown(plain(reason), name)
    except OSError as error:
        return Unknown(plain(str(error.strerror or error)))
    except TookTooLongError:
        return Unknown(_TOOK_TOO_LONG)
    return Known(MetadataSource.PYPROJECT, fields, as_metadata(fields))


def _plain_file(tree: str, name: str) -> bytes | None:
    """Return a file of a tree, or None where there is none; raises OSError for what is no plain file."""
    place = posixpath.join(tree, name)
    if os.path.islink(place):  # noqa: PTH114 -- a string
        raise UnreadableFileError(None, f"its {name} is no regular file")
    try:
        return read_regular(place, LARGEST_PYPROJECT)[0]
    except FileNotFoundError:
        return None


class _Picker:
    """Picks the files of an archive that can answer, and answers from them.

    The project lies in the first directory of the archive (PEP 625), or at its top where that has none.
    """

    def __init__(self, project: str | None, subdirectory: str, filename: str) -> None:
        self._filename = filename
        self._project = canonicalize_name(project) if project else None
        self._subdirectory = plain_subdirectory(subdirectory)
        self._root: str | None = None
        self._told_by_own: StaticAnswer | None = None

    def wanted(self, member: str) -> bool:
        """Return whether the member is PKG-INFO or pyproject.toml of the project, or in an egg-info of it."""
        name = posixpath.normpath(member)
        if self._root is None:
            self._root = name.partition("/")[0] if "/" in name else ""
        inside = self._inside(name)
        if inside in {"PKG-INFO", "pyproject.toml"}:
            return True
        directory, _, file = inside.rpartition("/")
        if file not in {"PKG-INFO", "requires.txt"} or not directory.endswith(".egg-info"):
            return False
        return directory.count("/") <= _DEEPEST and self._is_egg_of(self._project, directory)

    def enough(self, files: Mapping[str, bytes]) -> bool:
        """Return whether the best answer there is has been found, so that the rest need not be read."""
        own = self._named(files, "PKG-INFO")
        if own is not None and self._told_by_own is None:
            with at_most(_SECONDS):
                self._told_by_own = _static(own)
        return isinstance(self._told_by_own, Known)

    def answer(self, files: Mapping[str, bytes]) -> StaticAnswer:
        """Return the answer of the most trusted source that has one."""
        own = self._named(files, "PKG-INFO")
        told = [self._told_by_own or Unknown("it has no PKG-INFO"), self._project_table(files)]
        told.append(self._recorded(files, own))
        known = next((each for each in told if isinstance(each, Known)), None)
        if known is not None:
            return known
        reasons = "; ".join(each.reason for each in told if isinstance(each, Unknown))
        name, version = _identity(own)
        return Unknown(reasons, name or claimed_name(self._named(files, "pyproject.toml") or b""), version)

    def _inside(self, name: str) -> str:
        root = "/".join(part for part in (self._root, self._subdirectory) if part)
        return name if not root else name[len(root) + 1 :] if name.startswith(f"{root}/") else ""

    def _named(self, files: Mapping[str, bytes], wanted: str) -> bytes | None:
        found = (data for name, data in files.items() if self._inside(posixpath.normpath(name)) == wanted)
        return next(found, None)

    @staticmethod
    def _is_egg_of(project: str | None, directory: str) -> bool:
        egg = canonicalize_name(posixpath.basename(directory).removesuffix(".egg-info"))
        return project is None or egg == project

    def _project_table(self, files: Mapping[str, bytes]) -> StaticAnswer:
        data = self._named(files, "pyproject.toml")
        if data is None:
            return Unknown("it has no pyproject.toml")
        own, source = self._named(files, "PKG-INFO"), MetadataSource.PYPROJECT
        _, version = _identity(own)
        if own is None and leaves_version(data):
            told = version_in_filename(claimed_name(data), self._filename)
            version = told if told and is_version(told) else None
            source = MetadataSource.FILENAME
        try:
            fields = read_project_table(data, version)
        except MetadataError as error:
            return Unknown(str(error))
        return Known(source, fields, as_metadata(fields, own))

    def _recorded(self, files: Mapping[str, bytes], own: bytes | None) -> StaticAnswer:
        """Answer from what setuptools wrote down when the sdist was made, or from an old PKG-INFO."""
        if own is None:  # no sdist: an egg-info that was committed may be of any age
            return Unknown("it is no sdist that has a recorded list")
        try:
            eggs = self._egg_infos(files, own)
            table = self._named(files, "pyproject.toml") or b""
            none = poetry_requires_nothing(table)
            fields = from_egg_info(eggs, own) if eggs else from_old_pkg_info(own, requires_nothing=none)
        except MetadataError as error:
            return Unknown(str(error))
        return Known(MetadataSource.RECORDED, fields, as_metadata(fields, own))

    def _egg_infos(self, files: Mapping[str, bytes], own: bytes) -> dict[str, bytes]:
        """Return the files of the egg-info of this project that lies least deep, each under its full name."""
        project = self._project or canonicalize_name(read_pkg_info(own, "PKG-INFO").fields.name)
        found: dict[str, dict[str, bytes]] = {}
        for name, data in files.items():
            directory = posixpath.dirname(posixpath.normpath(name))
            if directory.endswith(".egg-info") and self._is_egg_of(project, directory):
                found.setdefault(directory, {})[name] = data
        depths = sorted(found, key=lambda directory: directory.count("/"))
        if len(depths) > 1 and depths[0].count("/") == depths[1].count("/"):
            raise MetadataError(f"{plain(depths[0])} and {plain(depths[1])} both speak for it")
        return found[depths[0]] if depths else {}


def _static(own: bytes) -> StaticAnswer:
    """Answer from a PKG-INFO whose fields are the ones of every build (PEP 643)."""
    try:
        info = read_pkg_info(own, "PKG-INFO")
        own.decode("utf-8")
    except UnicodeDecodeError:
        return Unknown("PKG-INFO is not UTF-8")
    except MetadataError as error:
        return Unknown(str(error))
    if info.metadata_version < _STATIC_SINCE:
        return Unknown(
            f"PKG-INFO is of version {'.'.join(map(str, info.metadata_version))}, which promises nothing"
        )
    dynamic = sorted(info.dynamic & _NOT_DYNAMIC)
    if dynamic:
        return Unknown(f"PKG-INFO leaves {', '.join(dynamic)} to the build")
    return Known(MetadataSource.PEP643, info.fields, as_lines(own))


def _identity(own: bytes | None) -> tuple[str | None, str | None]:
    """Return name and version in a PKG-INFO, whatever else it says."""
    try:
        fields = read_pkg_info(own or b"", "PKG-INFO").fields
    except MetadataError:
        return None, None
    return fields.name, fields.version
