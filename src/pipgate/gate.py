"""The one place where a build request becomes a decision and, if allowed, a permit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from pipgate import permit
from pipgate.approvals import Revocation
from pipgate.decision import Allowed, Context, Decision, Question, Refused, decide
from pipgate.outcomes import Outcome, PassedOver, Record
from pipgate.policy import OlderWheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipgate.approvals import Approvals
    from pipgate.build_request import BuildRequest
    from pipgate.decision import Finding
    from pipgate.policy import Policy, Setting

Answer = Decision | Revocation  # a Revocation is a no by name that was recorded
# The codes of a yes at the prompt; an approval in a file is read again by every pip, with what it is for.
BY_A_PERSON = frozenset({"allowed-once", "approved-at-the-prompt"})


class BuildRefusedError(Exception):
    """A build request was refused, and the caller needed it."""

    def __init__(self, request: BuildRequest, decision: Refused) -> None:
        super().__init__(f"{request.title}: {decision.reason}")
        self.request = request
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: the request, where its file lies, and where its requirements were read from."""

    request: BuildRequest
    path: str | None = None
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One build that a person is asked about, and why."""

    subject: Subject
    reason: str


class Prompter(Protocol):
    """Asks a person about builds."""

    def ask(self, asked: Sequence[Asked]) -> Answer | None:
        """Return one answer for all of them; anything but a clear yes is a no.

        A recorded no is for one of them. None says that each is to be asked about by itself.
        """

    def takes_older(self, newer: BuildRequest, instead: PassedOver, reason: str) -> bool:
        """Return whether the older release is to serve."""


@dataclass(slots=True, eq=False)
class Gate:
    """Decides build requests under one policy and records what came of them.

    ``sees_processes`` says that the audit hook tells when an allowed build starts one. Where it does not, a
    permit that is held counts as used.
    """

    policy: Policy
    approvals: Approvals
    context: Context
    prompter: Prompter | None = None
    record: Record = field(default_factory=Record)
    sees_processes: bool = True

    def judge(self, request: BuildRequest) -> Decision:
        """Return the decision on ``request``, asking nobody; the same request is decided once."""
        outcome = self.record.outcomes.get(request)
        if outcome is None:
            outcome = self.record.outcomes[request] = Outcome(request, _unasked(self.foresee(request)))
        return outcome.decision

    def settle(self, subjects: Sequence[Subject]) -> list[Decision]:
        """Decide requests that belong together: where one is refused anyway, nobody is asked about others.

        One question is asked about all that nobody has decided on, or as many where the person would rather;
        after a no the rest is left unasked, because the run cannot go on.
        """
        findings = [self.foresee(subject.request) for subject in subjects]
        if not any(isinstance(finding, Refused) for finding in findings):
            findings = self._answered_together(subjects, findings)
        going = not any(isinstance(finding, Refused) for finding in findings)
        decisions: list[Decision] = []
        for subject, finding in zip(subjects, findings, strict=True):
            decision = self._asked(subject, finding) if going else _unasked(finding)
            going = going and isinstance(decision, Allowed)
            self.record.outcomes[subject.request] = Outcome(subject.request, decision)
            decisions.append(decision)
        return decisions

    def foresee(self, request: BuildRequest) -> Finding:
        """Return what would be found on ``request``, recording nothing and asking nobody."""
        return decide(request, self.policy, self.approvals, self.context)

    def pass_over(self, newer: BuildRequest, instead: PassedOver) -> BuildRefusedError | None:
        """Weigh that an older release would serve because ``newer`` is only an sdist that nobody decided on.

        Returns the error that stops the run where that may not be; what may be is told, or nobody's business.
        What is installed is taken down for no such reason, unless somebody says so.
        """
        setting = self.policy.on_older_wheel
        wish = max(setting.value, OlderWheel.ASK) if instead.replaces else setting.value
        weighed_before = instead in self.record.passed_over  # and pip has resolved again since
        if wish is OlderWheel.ALLOW or weighed_before:
            return None
        reason = _older_serves(instead, setting)
        asks = wish is OlderWheel.ASK and self.prompter
        if wish is OlderWheel.TELL or (asks and asks.takes_older(newer, instead, reason)):
            self.record.passed_over.append(instead)
            return None
        return self.stop(newer, Refused("older-wheel", reason))

    @contextmanager
    def admitted(self, request: BuildRequest) -> Iterator[None]:
        """Hold the permit for ``request``; raises BuildRefusedError when it is refused."""
        decision = self.judge(request)
        if isinstance(decision, Refused):
            raise self.stop(request, decision)
        with permit.granted(permit.Permit(used=lambda: self._ran(request))):
            if not self.sees_processes:
                self._ran(request)
            yield

    def stop(self, request: BuildRequest, decision: Refused) -> BuildRefusedError:
        """Record that ``decision`` stops the run, and return the error to raise for it."""
        known = self.record.outcomes.get(request)
        ran = known is not None and known.ran
        self.record.outcomes[request] = Outcome(request, decision, ran=ran, stopped=True)
        return BuildRefusedError(request, decision)

    def hear(self, outcomes: Iterable[Outcome]) -> None:
        """Let what a person has said in another pip of this run not be asked again."""
        said = frozenset(each.request for each in outcomes if each.decision.code in BY_A_PERSON)
        self.context = replace(self.context, once=self.context.once | said)

    @property
    def answered(self) -> list[Outcome]:
        """What a person has allowed in this run, for a child pip."""
        return [each for each in self.record.outcomes.values() if each.decision.code in BY_A_PERSON]

    def _answered_together(self, subjects: Sequence[Subject], findings: list[Finding]) -> list[Finding]:
        """Return the findings, with one answer in the place of all questions where there is one."""
        pairs = list(zip(subjects, findings, strict=True))
        asked = [Asked(subject, each.reason) for subject, each in pairs if isinstance(each, Question)]
        answer = self.prompter.ask(asked) if self.prompter is not None and len(asked) > 1 else None
        if answer is None:
            return findings
        self._heed(answer, [each.subject.request for each in asked])
        return [
            self._weighed(answer, subject.request) if isinstance(each, Question) else each
            for subject, each in pairs
        ]

    def _asked(self, subject: Subject, finding: Finding) -> Decision:
        if not isinstance(finding, Question) or self.prompter is None:
            return _unasked(finding)
        answer = self.prompter.ask([Asked(subject, finding.reason)])
        if answer is None:
            return _unasked(finding)
        self._heed(answer, [subject.request])
        return _unasked(self._weighed(answer, subject.request))

    def _heed(self, answer: Answer, requests: Iterable[BuildRequest]) -> None:
        """Let what somebody said count from now on in this run."""
        if isinstance(answer, Revocation):
            self.approvals = replace(self.approvals, revoked=(*self.approvals.revoked, answer))
        elif isinstance(answer, Allowed):
            self.context = replace(self.context, once=self.context.once.union(requests))

    def _weighed(self, answer: Answer, request: BuildRequest) -> Finding:
        """Return what comes of an answer: it is weighed as all else is, and a refusal beats a yes."""
        if isinstance(answer, Refused):
            return answer
        finding = self.foresee(request)
        return answer if isinstance(answer, Allowed) and not isinstance(finding, Refused) else finding

    def _ran(self, request: BuildRequest) -> None:
        self.record.outcomes[request] = replace(self.record.outcomes[request], ran=True)


def _unasked(finding: Finding) -> Decision:
    return Refused(finding.code, finding.reason) if isinstance(finding, Question) else finding


def _older_serves(instead: PassedOver, setting: Setting[OlderWheel]) -> str:
    because = "because this release has no wheel"
    if instead.replaces:
        return f"the installed {instead.replaces} would be replaced by the older {instead.taken}, {because}"
    kept = "kept" if instead.taken_as == "installed" else "taken"
    return f"the older {instead.taken} would be {kept}, {because} ({setting.origin})"
