"""What was approved and what was revoked, as values: each pinned, each with who, when, why and until when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from pipgate.archive_names import version_key
from pipgate.errors import assert_never

if TYPE_CHECKING:
    from datetime import date, datetime

    from packaging.version import Version

    from pipgate.build_request import Purpose
    from pipgate.origin import Origin


@dataclass(frozen=True, slots=True)
class Sha256Pin:
    """The bytes of an sdist or archive, as 64 lower-case hexadecimal digits, and the directory in it.

    An empty ``subdirectory`` is the root.
    """

    sha256: str
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class CommitPin:
    """A commit of a repository, and the directory in it; an empty ``subdirectory`` is the root.

    ``vcs`` is the public URL, ``commit`` the whole id: 40 or 64 hexadecimal digits.
    """

    vcs: str
    commit: str
    subdirectory: str = ""


Pin = Sha256Pin | CommitPin


def words_of_pin(pin: Pin) -> list[str]:
    """Return a pin as strings, for JSON."""
    match pin:
        case Sha256Pin(sha256, subdirectory):
            return ["sha256", sha256, subdirectory]
        case CommitPin(vcs, commit, subdirectory):
            return ["commit", vcs, commit, subdirectory]
        case _:
            assert_never(pin)


def pin_from_words(words: list[str]) -> Pin:
    """Read back what ``words_of_pin`` gave; raises TypeError or ValueError for anything else."""
    kind, *values = words
    return Sha256Pin(*values) if kind == "sha256" else CommitPin(*values)


@dataclass(frozen=True, slots=True)
class Approval:
    """A recorded yes for one subject.

    ``name`` is normalised (PEP 503); ``version`` is None for a commit, and for a file that does not say it:
    its bytes are approved then, whatever version they turn out to be. ``on`` is in UTC, to the second.
    ``purposes`` are what it covers: ``wheel`` and ``editable`` each cover ``metadata`` as well. ``expires``
    is the last day on which it holds.
    """

    name: str
    version: str | None
    pin: Pin
    purposes: frozenset[Purpose]
    by: str
    on: datetime
    origin: Origin
    file: str | None = None
    expires: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """A recorded no, which beats every yes.

    Without ``version`` and ``pin`` it denies the name, for ever. Else it takes back the approvals that are
    not younger than it: those of that version, and with ``pin`` only those of that pin. Where one of the two
    does not say a version, the pin decides. A pin that names no directory stands for every directory of that
    file or commit.
    """

    name: str
    version: str | None
    pin: Pin | None
    by: str
    on: datetime
    origin: Origin
    reason: str | None = None


@dataclass(frozen=True)  # without slots, for the cached property
class Approvals:
    """All that the approvals files of a run hold."""

    approved: tuple[Approval, ...] = ()
    revoked: tuple[Revocation, ...] = ()

    def named(self, name: str | None) -> list[Approval]:
        """Return the approvals under a normalised name: there may be thousands, and decisions are many."""
        return self._by_name.get(name or "", [])

    def of_version(self, name: str | None, version: str) -> list[Approval]:
        """Return the approvals of a version under a normalised name, and those that say no version."""
        of_none = self._by_version.get((name or "", None), [])
        return [*self._by_version.get((name or "", version_key(version)), []), *of_none]

    def that_may_take_back(self, approval: Approval) -> list[Revocation]:
        """Return the revocations of the name, and those of the version, that an approval has."""
        if approval.version is None:
            return self.revoked_under(approval.name)
        return self.revoked_of_version(approval.name, approval.version)

    def revoked_of_version(self, name: str | None, version: str) -> list[Revocation]:
        """Return the revocations of a version under a normalised name, and those that say no version."""
        of_none = self._taken_back.get((name or "", None), [])
        return [*self._taken_back.get((name or "", version_key(version)), []), *of_none]

    def revoked_under(self, name: str | None) -> list[Revocation]:
        """Return the revocations of versions and commits under a normalised name, and of the whole name."""
        return [each for each in self.revoked if each.name == name]

    def denial_of(self, name: str | None) -> Revocation | None:
        """Return the first revocation of a whole name."""
        return self._denied.get(name or "")

    @cached_property
    def _by_name(self) -> dict[str, list[Approval]]:
        by_name: dict[str, list[Approval]] = {}
        for each in self.approved:
            by_name.setdefault(each.name, []).append(each)
        return by_name

    @cached_property
    def _by_version(self) -> dict[_Release, list[Approval]]:
        return _by_release(self.approved)

    @cached_property
    def _taken_back(self) -> dict[_Release, list[Revocation]]:
        return _by_release(self.revoked)

    @cached_property
    def _denied(self) -> dict[str, Revocation]:
        whole = (each for each in reversed(self.revoked) if each.version is None and each.pin is None)
        return {each.name: each for each in whole}


_Release = tuple[str, "Version | str | None"]
_Entry = TypeVar("_Entry", Approval, Revocation)


def _by_release(entries: tuple[_Entry, ...]) -> dict[_Release, list[_Entry]]:
    found: dict[_Release, list[_Entry]] = {}
    for each in entries:
        found.setdefault((each.name, version_key(each.version)), []).append(each)
    return found
