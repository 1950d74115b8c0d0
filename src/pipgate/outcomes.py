"""What became of the build requests of one run, in the order they were met."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from pipgate.decision import Decision, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.build_request import BuildRequest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one build request.

    ``ran`` says that project code was started under a permit. ``stopped`` says that the refusal stopped the
    run: a refused request that pip could do without stops nothing.
    """

    request: BuildRequest
    decision: Decision
    ran: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class RefusedProcess:
    """A process that lock 2 alone refused: a bug in pipgate, since lock 1 should have decided before."""

    event: str
    program: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A newer release that exists only as an sdist, and what serves instead.

    ``taken_as`` is one of ``wheel``, ``sdist`` and ``installed``; ``replaces`` is the version that is
    installed, where the one that is taken is older than that.
    """

    name: str
    taken: str
    newer: str
    taken_as: str = "wheel"
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class MetadataUsed:
    """A source distribution whose requirements were read from its files and not confirmed by a build.

    ``source`` is one of ``pep643``, ``pyproject``, ``filename``, where the version stands in the name of the
    file alone, and ``recorded``, which an earlier build wrote down.
    """

    name: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A build that the result of a resolution needs.

    ``path`` is where its file lies while pip runs, ``metadata`` where its requirements were read from, and
    ``unread`` why its files do not say them.
    """

    request: BuildRequest
    path: str | None
    metadata: str | None
    unread: str | None


class Trusting(NamedTuple):
    """What the files of a project that is not trusted would change.

    ``allows`` says whether they would allow a request. In CI (``is_ci``) the same file of another branch is
    named instead, by ``option``; ``file`` is its path from the current directory.
    """

    allows: Callable[[BuildRequest], bool]
    is_ci: bool
    option: str
    file: str


@dataclass(slots=True)
class Record:
    """Everything that one run has to tell; the gate writes it, the report reads it.

    ``unread`` says of a refused request, by its title, why its files do not say what it requires;
    ``trusting`` is what the project's own files would change if they counted; ``wants_reason`` says that the
    policy wants a reason for an approval, and ``only_approvals`` that the system lets nothing be allowed for
    one run.
    """

    outcomes: dict[BuildRequest, Outcome] = field(default_factory=dict)
    refused_processes: list[RefusedProcess] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    metadata: list[MetadataUsed] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    trusting: Trusting | None = None
    wants_reason: bool = False
    only_approvals: bool = False

    def adopt(self, outcomes: list[Outcome]) -> None:
        """Take over what a child pip's gate has decided."""
        for outcome in outcomes:
            known = self.outcomes.get(outcome.request)
            ran = outcome.ran or (known is not None and known.ran)
            self.outcomes[outcome.request] = replace(outcome, ran=ran)

    def stop(self, outcomes: list[Outcome]) -> None:
        """Note that these refusals stopped the run."""
        for outcome in outcomes:
            self.outcomes[outcome.request] = replace(outcome, stopped=True)

    @property
    def stopped(self) -> list[Outcome]:
        """The refusals that stopped the run."""
        return [outcome for outcome in self.outcomes.values() if outcome.stopped]

    @property
    def allowed(self) -> list[Outcome]:
        """All that was allowed, whether or not its code was started."""
        return [each for each in self.outcomes.values() if not isinstance(each.decision, Refused)]

    @property
    def refused(self) -> list[Outcome]:
        """All refusals, whether or not pip could do without the build."""
        return [each for each in self.outcomes.values() if isinstance(each.decision, Refused)]

    @property
    def ran(self) -> list[Outcome]:
        """The requests whose project code was started."""
        return [outcome for outcome in self.outcomes.values() if outcome.ran]
