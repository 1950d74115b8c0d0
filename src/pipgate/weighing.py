"""What was weighed for one finding, in the order of the decision; for ``explain``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipgate.origin import BUILTIN, Origin

if TYPE_CHECKING:
    from pipgate.policy import Verdict


@dataclass(frozen=True, slots=True)
class Considered:
    """One thing that was weighed: what it says, where it stands, and the verdict if it has one here."""

    text: str
    origin: Origin
    verdict: Verdict | None = None


@dataclass(slots=True)
class Weighing:
    """A finding in the making: what was considered, in the order of the decision."""

    considered: list[Considered] = field(default_factory=list)

    def note(self, text: str, origin: Origin = BUILTIN, verdict: Verdict | None = None) -> None:
        """Add one thing that was weighed."""
        self.considered.append(Considered(text, origin, verdict))
