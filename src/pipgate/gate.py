"""The one place where a build request becomes a decision and, if allowed, a permit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipgate import permit
from pipgate.outcomes import Outcome, Record
from pipgate.policy import Decision, Policy, Refused, decide

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
class Gate:
    """Decides build requests under one policy and records what came of them."""

    policy: Policy
    record: Record = field(default_factory=Record)

    def judge(self, request: BuildRequest) -> Decision:
        """Return the decision on ``request`` and record it; the same request is decided once."""
        outcome = self.record.outcomes.get(request)
        if outcome is None:
            outcome = self.record.outcomes[request] = Outcome(request, decide(request, self.policy))
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
        with permit.granted(permit.Permit(used=lambda: self._ran(request))):
            yield

    def _ran(self, request: BuildRequest) -> None:
        self.record.outcomes[request] = replace(self.record.outcomes[request], ran=True)

    def stop(self, request: BuildRequest, decision: Refused) -> BuildRefusedError:
        """Record that ``decision`` stops the run, and return the error to raise for it."""
        known = self.record.outcomes.get(request)
        ran = known is not None and known.ran
        self.record.outcomes[request] = Outcome(request, decision, ran=ran, stopped=True)
        return BuildRefusedError(request, decision)
