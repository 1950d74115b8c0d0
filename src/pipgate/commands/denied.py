"""How each denial of a name can be taken back: a command, or the line to edit by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipgate.decision import utc_now
from pipgate.denials import denials
from pipgate.plain_text import plain, shell_line

if TYPE_CHECKING:
    from pipgate.build_request import BuildRequest
    from pipgate.rulebook import Rulebook


def undenying(request: BuildRequest, book: Rulebook) -> list[str]:
    """Return what would take back each denial of a request; all of them have to go."""
    found = list(denials(request, book.policy, book.approvals, utc_now()))
    names = {each.entry.name for each in found if each.entry is not None}
    by_hand = {f"{each.origin}: {each.text}": None for each in found if each.entry is None}
    lines = [f"take this out by hand, where it is right to: {plain(line)}" for line in by_hand]
    return [*(shell_line(["pipgate", "undeny", name]) for name in sorted(names)), *lines]
