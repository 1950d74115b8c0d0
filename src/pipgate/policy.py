"""The merged policy: every setting with where it came from, and the hand-written rules."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, IntEnum
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pipgate.archive_names import version_of
from pipgate.origin import BUILTIN, Layer, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

_EXACT = re.compile(r"==\s*([^\s,=*+]+)\s*")  # PEP 440; one with a local part is no match for others

T = TypeVar("T")


class Verdict(IntEnum):
    """What the policy says of a build request; the greater is the stricter."""

    ALLOW = 0
    ASK = 1
    BLOCK = 2


class Mode(IntEnum):
    """Whether anybody can be asked; the greater is the stricter.

    ``observe`` runs every build and reports what would have been asked or blocked. ``auto`` asks on a
    terminal and not in CI, ``interactive`` wherever there is a terminal, ``ci`` never.
    """

    OBSERVE = 0
    INTERACTIVE = 1
    AUTO = 2
    CI = 3


class OlderWheel(IntEnum):
    """What happens when an older wheel is taken because the newer release is only an sdist."""

    ALLOW = 0
    TELL = 1
    ASK = 2
    BLOCK = 3


class Status(Enum):
    """What an index says of a file (PEP 592) or of its project (PEP 792)."""

    YANKED = "yanked"
    QUARANTINED = "quarantined"
    ARCHIVED = "archived"
    DEPRECATED = "deprecated"


COMMANDS = ("download", "install", "wheel", "lock")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One value and where it came from."""

    value: T
    origin: Origin = BUILTIN


@dataclass(frozen=True, slots=True)
class Rule:
    """One hand-written line: a name (normalised, or a pattern where ``index`` is given) and a verdict.

    ``version`` is a PEP 440 specifier, "" for every version; ``expires`` is the last day on which it holds.
    """

    name: str
    verdict: Verdict
    origin: Origin
    version: str = ""
    index: str | None = None
    expires: date | None = None
    owner: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyLayer:
    """What one file asks for, by key; nested keys are joined by dots, as in ``when.install.default``.

    ``locked`` are the floors of a system file, ``deny`` holds its locked names as well. ``trust_projects``
    are the directories below which a system file trusts the projects.
    """

    layer: Layer
    file: str | None = None
    settings: Mapping[str, Setting[Any]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    deny: tuple[Setting[str], ...] = ()
    locked: Mapping[str, Setting[Any]] = field(default_factory=dict)
    trust_projects: tuple[Setting[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Overruled:
    """A setting that a layer asked for and did not get: looser than it may be, or below a locked floor."""

    key: str
    asked: str
    origin: Origin
    holds: Origin


def _built_in_status() -> dict[Status, Setting[Verdict]]:
    """Return what holds without a word: a project in quarantine is held back by its index (PEP 792)."""
    return {Status.QUARANTINED: Setting(Verdict.BLOCK)}


@dataclass(frozen=True)  # without slots, for the cached property
class Policy:
    """All that holds for a run. Built-in values are those of a machine without any file.

    ``deny`` are normalised names. ``first_party_paths`` are ``*``, or directories, ``.`` being the project's;
    ``first_party_archives`` are the directories that one's own archives are made in.
    ``when`` has a default verdict for a command of pip. ``min_age`` of nothing is no gate, a
    ``max_approval_life`` of None no limit. ``locked`` says that a system file sets floors.
    """

    default: Setting[Verdict] = Setting(Verdict.ASK)
    mode: Setting[Mode] = Setting(Mode.AUTO)
    approvals: Setting[str] = Setting("pipgate-approvals.toml")
    on_older_wheel: Setting[OlderWheel] = Setting(OlderWheel.TELL)
    min_age: Setting[timedelta] = Setting(timedelta())
    require_reason: Setting[bool] = Setting(value=False)
    max_approval_life: Setting[timedelta | None] = Setting(None)
    deny: tuple[Setting[str], ...] = ()
    first_party_paths: Setting[tuple[str, ...]] = Setting(("*",))
    first_party_archives: Setting[tuple[str, ...]] = Setting(())
    first_party_names: Setting[tuple[str, ...]] = Setting(())
    first_party_indexes: Setting[tuple[str, ...]] = Setting(())
    first_party_vcs: Setting[tuple[str, ...]] = Setting(())
    when: Mapping[str, Setting[Verdict]] = field(default_factory=dict)
    status: Mapping[Status, Setting[Verdict]] = field(default_factory=_built_in_status)
    rules: tuple[Rule, ...] = ()
    locked: bool = False
    overruled: tuple[Overruled, ...] = ()

    def denial_of(self, name: str | None) -> Setting[str] | None:
        """Return the first entry of ``deny`` for a normalised name."""
        return self._denied.get(name or "")

    def rules_for(self, name: str | None, version: str | None) -> list[Rule]:
        """Return the rules that may speak of a version under a normalised name, in their order.

        There may be thousands of them, and as many decisions. A version that cannot be compared is spoken of
        by all rules for its name.
        """
        known = self._known.get(name or "")
        if known is None:
            known = self._known[name or ""] = _by_version(self.rules, name or "")
        given = version_of(version or "")
        wanted = (
            known.values()
            if given is None
            else (known.get(version_of(given.public), ()), known.get(None, ()))
        )
        return [rule for _, rule in sorted((pair for pairs in wanted for pair in pairs), key=itemgetter(0))]

    @cached_property
    def _denied(self) -> dict[str, Setting[str]]:
        return {each.value: each for each in reversed(self.deny)}

    @cached_property
    def _known(self) -> dict[str, dict[Version | None, list[tuple[int, Rule]]]]:
        return {}  # by name, as they are asked for


def fits(name: str, pattern: str) -> bool:
    """Return whether a normalised name is the one that is written, or fits the pattern."""
    return name == pattern if "*" not in pattern else _compiled(pattern).match(name) is not None


@lru_cache(maxsize=1 << 12)  # that of fnmatch holds fewer than a policy may have
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


def _by_version(rules: tuple[Rule, ...], name: str) -> dict[Version | None, list[tuple[int, Rule]]]:
    """Return the rules for a name with their numbers, by the one version that each is for, or None."""
    found: dict[Version | None, list[tuple[int, Rule]]] = {}
    for number, rule in enumerate(rules):
        if fits(name, rule.name):
            exact = _EXACT.fullmatch(rule.version)
            found.setdefault(version_of(exact[1]) if exact else None, []).append((number, rule))
    return found
