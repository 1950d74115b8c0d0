"""What pip is about to run: the build request and the identity of its subject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from pipgate.errors import assert_never


class Purpose(Enum):
    """What the project code is wanted for; the hooks of PEP 517 and PEP 660 belong to one of these."""

    METADATA = "metadata"
    WHEEL = "wheel"
    EDITABLE = "editable"


@dataclass(frozen=True, slots=True)
class Sdist:
    """A source distribution that an index or a find-links page offers (PEP 643, PEP 691).

    ``sha256`` is the hash of the file that pip has on disk, as 64 hexadecimal digits; it is ``None`` only
    where the file has not been fetched. ``url`` has no credentials. ``subdirectory`` is the directory in it
    that is built, as pip takes it from the URL; it is empty for the root.
    """

    filename: str
    sha256: str | None
    url: str
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """A source archive that somebody named by its URL or path (PEP 440 and PEP 508 direct references)."""

    filename: str
    sha256: str | None
    url: str
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class Vcs:
    """A checkout from version control; ``commit`` is ``None`` before it has been fetched."""

    url: str
    commit: str | None
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """A source tree on this machine; it has no bytes that could be pinned."""

    path: str
    editable: bool


Source = Sdist | Archive | Vcs | Directory


@dataclass(frozen=True, slots=True)
class Offer:
    """What an index says of a file, as far as pip has told us.

    ``index`` is the public URL of the page it stood on, ``uploaded`` the time in UTC as PEP 700 has it, and
    ``statuses`` are the words of PEP 592 (yanked) and PEP 792 (quarantined, archived, deprecated). ``local``
    is the real path of an archive that lies on this machine, where somebody named it.
    """

    index: str | None = None
    uploaded: str | None = None
    statuses: tuple[str, ...] = ()
    local: str | None = None


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """pip's wish to run project code.

    ``name`` and ``version`` are what pip knows before anything has run; either may be unknown. ``claimed``
    is the name that the subject's own files say, which can forbid and never allow.
    ``required_by`` is the chain from the subject outwards, for a person to read. ``named_by_user`` is true
    for a directory, archive or checkout that the user named on the command line or in a local requirements
    file they named, never for one that came with the metadata of a package. ``settings`` are what a
    requirements file tells the build (``--config-settings``), and where; those of the command line are the
    user's own and not among them.
    """

    name: str | None
    version: str | None
    source: Source
    purpose: Purpose
    required_by: tuple[str, ...] = ()
    named_by_user: bool = False
    offer: Offer = Offer()
    claimed: str | None = None
    settings: str | None = None

    @property
    def title(self) -> str:
        """Name and version as far as they are known, else where the subject lies."""
        if self.name is None:
            return location(self.source)
        return f"{self.name} {self.version}" if self.version else self.name

    @property
    def is_known_by_name(self) -> bool:
        """Whether a yes that gives a name and no place covers it.

        It is a file of an index that is built at its root, or what the user named, in the directory that the
        user named with it.
        """
        return self.named_by_user or (isinstance(self.source, Sdist) and not self.source.subdirectory)

    def as_claimed(self) -> BuildRequest:
        """Return the same request under the name that its own files say, if they say one."""
        return self if self.claimed is None else replace(self, name=self.claimed)

    def for_purpose(self, purpose: Purpose) -> BuildRequest:
        """Return the same request for another purpose."""
        return replace(self, purpose=purpose)


def subdirectory_of(source: Source) -> str:
    """Return the directory in a source that is built; a tree on this machine is named by that directory."""
    return "" if isinstance(source, Directory) else source.subdirectory


def location(source: Source) -> str:
    """Return the place that a subject comes from: a URL, or a path."""
    match source:
        case Sdist() | Archive() | Vcs():
            return source.url
        case Directory():
            return source.path
        case _:
            assert_never(source)


def kind(source: Source) -> str:
    """Return the word for the kind of a subject, as PEP 751 has it."""
    match source:
        case Sdist():
            return "sdist"
        case Archive():
            return "archive"
        case Vcs():
            return "vcs"
        case Directory():
            return "directory"
        case _:
            assert_never(source)
