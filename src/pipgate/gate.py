"""The one place where a build request becomes a decision and, if allowed, a permit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipgate import permit
from pipgate.policy import Allowed, Decision, Policy, Refused, decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipgate.build_request import BuildRequest


class BuildRefusedError(Exception):
    """A build request was refused, and the caller needed it."""

    def __init__(self, request: BuildRequest, decision: Refused) -> None:
        super().__init__(f"{request.title}: {decision.reason}")
        self.request = request
        self.decision = decision


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
    """A newer release that exists only as an sdist, and the wheel that was taken instead."""

    name: str
    taken: str
    newer: str


@dataclass(slots=True)
class Gate:
    """Decides build requests under one policy and keeps what came of them, in the order they were met."""

    policy: Policy
    outcomes: dict[BuildRequest, Outcome] = field(default_factory=dict)
    refused_processes: list[RefusedProcess] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)

    def judge(self, request: BuildRequest) -> Decision:
        """Return the decision on ``request`` and record it; the same request is decided once."""
        outcome = self.outcomes.get(request)
        if outcome is None:
            outcome = self.outcomes[request] = Outcome(request, decide(request, self.policy))
        return outcome.decision

    def foresee(self, request: BuildRequest) -> Decision:
        """Return what the decision on ``request`` would be, recording nothing."""
        return decide(request, self.policy)

    @contextmanager
    def admitted(self, request: BuildRequest) -> Iterator[None]:
        """Hold the permit for ``request``; raises BuildRefusedError when it is refused."""
        decision = self.judge(request)
        if isinstance(decision, Refused):
            raise self.stop(request, decision)
        self.outcomes[request] = replace(self.outcomes[request], ran=True)
        with permit.granted(permit.Permit(f"{request.purpose.value} of {request.title}")):
            yield

    def stop(self, request: BuildRequest, decision: Refused) -> BuildRefusedError:
        """Record that ``decision`` stops the run, and return the error to raise for it."""
        self.outcomes[request] = Outcome(request, decision, stopped=True)
        return BuildRefusedError(request, decision)

    def adopt(self, outcomes: list[Outcome]) -> None:
        """Take over what a child pip's gate has decided."""
        for outcome in outcomes:
            known = self.outcomes.get(outcome.request)
            ran = outcome.ran or (known is not None and known.ran)
            self.outcomes[outcome.request] = replace(outcome, ran=ran)

    @property
    def stopped(self) -> list[Outcome]:
        """The refusals that stopped the run."""
        return [outcome for outcome in self.outcomes.values() if outcome.stopped]

    @property
    def refused(self) -> list[Outcome]:
        """All refusals, whether or not pip could do without the build."""
        return [each for each in self.outcomes.values() if isinstance(each.decision, Refused)]

    @property
    def ran(self) -> list[Outcome]:
        """The requests whose project code was started."""
        return [outcome for outcome in self.outcomes.values() if outcome.ran]

    @property
    def allowed(self) -> list[Outcome]:
        """The requests that were allowed."""
        return [each for each in self.outcomes.values() if isinstance(each.decision, Allowed)]
