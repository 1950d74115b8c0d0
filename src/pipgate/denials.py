"""What denies a request by its name, or by the one that its own files say: who or which line, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipgate import lapses, matching
from pipgate.policy import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipgate.approvals import Approval, Approvals, Revocation
    from pipgate.build_request import BuildRequest
    from pipgate.origin import Origin
    from pipgate.policy import Policy, Rule


@dataclass(frozen=True, slots=True)
class Denial:
    """One no: its words, the reason for a person, where it stands; ``entry`` is that of an approvals file."""

    text: str
    reason: str
    origin: Origin
    entry: Revocation | None = None


def denials(request: BuildRequest, policy: Policy, approvals: Approvals, now: datetime) -> Iterator[Denial]:
    """Give every no by name that there is for a request, the policy's list first."""
    names = (matching.normalised(request.name), matching.normalised(request.claimed))
    for denied in map(policy.denial_of, names):
        if denied is not None:
            yield Denial(
                f"deny {denied.value}", f"{denied.value} is denied by {denied.origin}", denied.origin
            )
    for entry in map(approvals.denial_of, names):
        if entry is not None:
            reason = f"{entry.name} was {lapses.in_words(entry)}"
            yield Denial(f"deny {entry.name}", reason, entry.origin, entry)
    for each in dict.fromkeys((request, request.as_claimed())):
        for rule in policy.rules_for(matching.normalised(each.name), each.version):
            if rule.verdict is Verdict.BLOCK and matching.rule_matches(rule, each, now):
                reason = f"a rule blocks it, {rule.origin}{because(rule)}"
                yield Denial(f"rule {rule.name}", reason, rule.origin)


def as_approved(request: BuildRequest, approval: Approval) -> BuildRequest:
    """Return a request without a name under that of an approval for the same bytes."""
    if request.name is not None:
        return request
    return replace(request, name=approval.name, version=request.version or approval.version)


def because(rule: Rule) -> str:
    """Return the reason of a rule, to be put behind what it does."""
    return f": {rule.reason}" if rule.reason else ""
