"""Whether anything could be allowed in a run, told without opening the gate."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any, NamedTuple

from pipgate.archive_names import normalised

if TYPE_CHECKING:
    from pipgate.approvals import Approvals
    from pipgate.policy import Policy


class Outlook(NamedTuple):
    """The names that something could allow; who is not among them is refused or asked about.

    ``everything`` says that the policy runs every build, ``names`` are those of approvals, ``patterns`` those
    of rules and of one's own projects; ``timed`` says that the age of a file matters.
    """

    everything: bool = False
    names: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    timed: bool = False

    def may_allow(self, name: str | None) -> bool:
        """Return whether the gate has to be opened for a name; without one, whether for any."""
        if self.everything or name is None:
            return self.everything or bool(self.names or self.patterns)
        plain = normalised(name)
        return plain in self.names or any(fnmatch.fnmatchcase(plain, each) for each in self.patterns)

    def to_json(self) -> dict[str, Any]:
        """Return it in a form that can be kept."""
        return {**self._asdict(), "names": sorted(self.names)}


def outlook_of(policy: Policy, approvals: Approvals) -> Outlook:
    """Return what a policy and approvals could allow."""
    from pipgate.policy import Mode, Verdict  # noqa: PLC0415 -- who only asks has none of it

    allowing = [rule.name for rule in policy.rules if rule.verdict is Verdict.ALLOW]
    return Outlook(
        everything=policy.mode.value is Mode.OBSERVE,
        names=frozenset(each.name for each in approvals.approved),
        patterns=(*dict.fromkeys((*allowing, *policy.first_party_names.value)),),
        timed=bool(policy.min_age.value),
    )


def outlook_from_json(told: dict[str, Any]) -> Outlook:
    """Read back what ``to_json`` gave; raises LookupError, TypeError or ValueError for anything else."""
    kept = Outlook(told["everything"], frozenset(told["names"]), tuple(told["patterns"]), told["timed"])
    if not all(isinstance(each, str) for each in (*kept.names, *kept.patterns)):
        raise ValueError("names are strings")
    return kept
