"""What one pip run has met so far, shared by the choke points."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pipgate.errors import PipgateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pip._internal.models.candidate import InstallationCandidate

    from pipgate.gate import Gate
    from pipgate.outcomes import Outcome, Planned
    from pipgate.outlook import Outlook
    from pipgate.pip_internals.gate_sources import OwnPlaces
    from pipgate.pip_internals.other_places import Target
    from pipgate.pip_internals.versions import Release

_BUILD_REQUIREMENT = "build requirement of "


class PackedSource(NamedTuple):
    """An archive that pip wanted to unpack, and that stays packed until its build is allowed."""

    filename: str
    content_type: str | None


class PageFacts(NamedTuple):
    """The status of a project, and when each of its files was uploaded, by file name."""

    statuses: tuple[str, ...] = ()
    uploaded: Mapping[str, str] = MappingProxyType({})


class Destination(NamedTuple):
    """Where an installation goes, in pip's own words; ``alone`` says that it minds nothing else (``-I``)."""

    target: Target | None
    prefix: str | None
    root: str | None
    user: bool
    alone: bool


class Command(NamedTuple):
    """The command of pip that runs, and what it does with what it resolves.

    ``builds`` is false for ``download``, ``lock`` and dry runs; ``follows`` says whether it wants to know
    what is required; ``reports`` whether it writes the metadata down (``--report``). Only an ``install``, a
    dry one too, has a ``destination``.
    """

    name: str = "install"
    builds: bool = True
    follows: bool = True
    reports: bool = False
    destination: Destination | None = None

    @property
    def needs_name_alone(self) -> bool:
        """Whether name and version are all that it needs of a source distribution."""
        return not (self.builds or self.follows or self.reports)


@dataclass(eq=False, repr=False)  # what is not made costs no time at the start
class Child:
    """A pip that pip starts: the script that starts it, and whether it ran and answered.

    ``took_over`` is set when pip hands its whole command to another interpreter.
    """

    runner: str | None = None
    started: bool = False
    answered: bool = False
    took_over: bool = False


@dataclass(eq=False, repr=False)  # same
class Run:
    """One pip run: its gate, what the user named, and what waits for a decision.

    ``chain`` says what this pip works for when it is a child that installs build requirements; such a child
    has no user, so nothing that it is given counts as named by one. ``broken`` ends the run, whatever pip
    makes of it. Where a hook has armed the process, ``entry`` is pip's own entry point while a command runs,
    and ``ended`` says that it has run: what the process does then is not pip's. ``is_library`` says that no
    command runs, and ``tell_resolved`` what a resolution rests on then; ``is_locked`` that the audit hook is
    in place. ``plan_only`` says that nothing of a project
    runs, whatever is allowed; ``tell_plan`` takes the builds that a resolution needs. ``outlook`` says what
    could be allowed, where it is known without opening the gate. ``offered_here`` are the URLs of local files
    that a find-links directory offers: pip's links do not say so. ``own_files`` are requirements files that a
    program was given. ``fetched`` are the checkouts of this run,
    ``settings`` what requirements files tell builds, by the name of the project.
    ``undecided`` are, by project and by the specifiers that pip looked it up with, the sdists without a wheel
    beside them that nobody has decided on. ``allowed_when_met`` has, by what they are wanted for and by name,
    the versions that a person allowed because nothing else says what they require.
    ``own_places`` are the indexes that neither a requirements file nor a foreign pip.conf alone has named,
    ``own_offers`` the URLs of those files of the gate's own projects that they offer. ``configured`` are the
    places that pip.conf files name, each with the foreign file, or nothing where one of the user's names it.
    ``constrained`` are the names and URLs that the caller's own constraints pair.
    """

    open_gate: Callable[[], Gate]
    own_options: tuple[str, ...] = ()
    release: Release = ()
    chain: tuple[str, ...] = ()
    named: set[str] = field(default_factory=set)
    fetched_requirements: bool = False
    own_files: set[str] = field(default_factory=set)
    packed: dict[str, PackedSource] = field(default_factory=dict)
    unpack_now: Callable[..., None] | None = None
    outlook: Outlook | None = None
    fetched: set[str] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)
    offered_here: set[str] = field(default_factory=set)
    undecided: dict[str, dict[frozenset[Any], tuple[InstallationCandidate, ...]]] = field(
        default_factory=dict
    )
    own_places: OwnPlaces | None = None
    configured: dict[str, str] = field(default_factory=dict)
    own_offers: set[str] = field(default_factory=set)
    constrained: set[tuple[str, str]] = field(default_factory=set)
    allowed_when_met: dict[tuple[tuple[str, ...], str | None], str | None] = field(default_factory=dict)
    pages: dict[str, PageFacts] = field(default_factory=dict)
    builds_for: ContextVar[tuple[str, ...]] = field(
        default_factory=lambda: ContextVar("pipgate_builds_for", default=())
    )
    command: Command = field(default_factory=Command)
    plan_only: bool = False
    tell_plan: Callable[[list[Planned]], None] | None = None
    resolving: ContextVar[Any] = field(default_factory=lambda: ContextVar("pipgate_resolving", default=None))
    preparing: ContextVar[Any] = field(default_factory=lambda: ContextVar("pipgate_preparing", default=None))
    child: Child = field(default_factory=Child)
    cleanup: ExitStack = field(default_factory=ExitStack)
    installing: bool = False
    opened: Gate | None = None
    told: set[str] = field(default_factory=set)
    refused_late: list[tuple[str, str]] = field(default_factory=list)
    broken: PipgateError | None = None
    entry: Callable[..., Any] | None = None
    ended: bool = False
    import_blockers: list[object] = field(default_factory=list)
    seen_wheels: set[str] = field(default_factory=set)
    left_in_place: set[str] = field(default_factory=set)
    is_library: bool = False
    tell_resolved: Callable[[], None] | None = None
    is_locked: bool = False

    def begin(self) -> None:
        """Forget what an earlier command of this process has left; what is fitted stays fitted."""
        fresh = Run(self.open_gate, release=self.release)
        kept = {name: getattr(self, name) for name in ("unpack_now", "is_locked")}
        vars(self).update({**vars(fresh), **kept})

    @property
    def gate(self) -> Gate:
        """The gate of this run, which is opened when it is first needed."""
        if self.opened is None:
            try:
                self.opened = self.open_gate()
            except PipgateError as error:  # a file that has changed since it was found valid
                self.broken = error
                raise
            self.tell_gate_the_command()
        return self.opened

    def tell_gate_the_command(self) -> None:
        """Let the gate know which command of pip it decides for."""
        if self.opened is not None:
            self.opened.context = replace(self.opened.context, command=self.command.name)

    def may_allow(self, name: str | None) -> bool:
        """Return whether a build of that name could be allowed; else the gate need not be opened."""
        return self.opened is not None or self.outlook is None or self.outlook.may_allow(name)

    @property
    def asks_for_times(self) -> bool:
        """Whether the rules want to know when a file was uploaded."""
        if self.opened is None and self.outlook is not None:
            return self.outlook.timed
        return bool(self.gate.policy.min_age.value)

    @property
    def is_child(self) -> bool:
        """Whether this pip installs build requirements for another one."""
        return bool(self.chain)

    def was_named(self, place: str) -> bool:
        """Return whether the user named ``place``: the real path of a tree, or a public URL."""
        return place in self.named and not self.chain_of_build()

    def chain_of_build(self) -> tuple[str, ...]:
        """Return what the requirement at hand is a build requirement of, innermost first."""
        return self.builds_for.get() or self.chain

    @property
    def must_build(self) -> bool:
        """Whether what is resolved at the moment is going to be built: build requirements always are."""
        return self.command.builds or bool(self.chain_of_build())

    @property
    def must_build_for_another(self) -> bool:
        """Whether what is resolved at the moment are build requirements."""
        return bool(self.chain_of_build())

    def allowed_for_builds(self) -> list[Outcome]:
        """Return what was allowed for the build requirements of what this run builds, and for theirs."""
        depth = len(self.chain_of_build())
        return [
            each
            for each in self.gate.record.allowed
            if sum(word.startswith(_BUILD_REQUIREMENT) for word in each.request.required_by) > depth
        ]

    @contextmanager
    def installing_build_requirements_of(self, title: str) -> Iterator[None]:
        """Note, while the block lasts, that requirements are wanted in order to build ``title``."""
        token = self.builds_for.set((f"{_BUILD_REQUIREMENT}{title}", *self.chain_of_build()))
        try:
            yield
        finally:
            self.builds_for.reset(token)
