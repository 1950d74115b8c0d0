"""What a requirements file needs, for ``approve -r``: read and decided on, and none of it is run."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipgate.build_entry import BuildEntry, read_build_entry
from pipgate.build_request import subdirectory_of
from pipgate.commands.arguments import say_measured, say_rows
from pipgate.commands.found import places
from pipgate.decision import Decision, Refused, utc_now
from pipgate.errors import EXIT_BLOCKED, PipgateError, UsageError
from pipgate.gate import Gate
from pipgate.gate_opening import context_of
from pipgate.matching import pin_or_none
from pipgate.outcomes import Outcome, Planned
from pipgate.pip_internals import PipCall, run_pip
from pipgate.plain_text import plain
from pipgate.report import outcome_to_json
from pipgate.subject_rows import rows_of, settings_lines

if TYPE_CHECKING:
    import argparse

    from pipgate.offered import Again
    from pipgate.rulebook import Rulebook

_UNPINNED = "there are no bytes that it could be held to; a checkout takes NAME @ URL@COMMIT"


class NotAllReadError(PipgateError):
    """Something that a file needs could not be read, or not be approved; what could be was recorded."""

    reference = "not-all-read"
    exit_status = EXIT_BLOCKED


@dataclass(frozen=True, slots=True)
class Needed:
    """One build that is needed, what is decided on it, and what it begins with."""

    planned: Planned
    decision: Decision
    entry: BuildEntry | None

    @property
    def is_undecided(self) -> bool:
        """Whether nobody has decided on it."""
        return isinstance(self.decision, Refused) and self.decision.code == "needs-approval"

    @property
    def is_new(self) -> bool:
        """Whether an approval of it is to be recorded."""
        return self.is_undecided and pin_or_none(self.planned.request) is not None

    @property
    def left(self) -> list[str]:
        """Why what it needs is not all known, or not all approved."""
        reasons = [] if self.planned.unread is None else [f"cannot be read: {plain(self.planned.unread)}"]
        if isinstance(self.decision, Refused) and not self.is_new:
            reasons.append(f"refused: {_UNPINNED if self.is_undecided else plain(self.decision.reason)}")
        return reasons

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON: an outcome of the gate report, and what was read."""
        row = outcome_to_json(Outcome(self.planned.request, self.decision))
        return {
            **row,
            "metadata": self.planned.metadata,
            "unread": self.planned.unread,
            "recorded": self.is_new,
        }


def needed_by(given: argparse.Namespace, book: Rulebook) -> list[Needed]:
    """Return the builds that a requirements file needs; raises UsageError where pip cannot resolve it."""
    gate = Gate(book.policy, book.approvals, context_of(book, utc_now()))
    plans: list[list[Needed]] = []

    def tell(plan: list[Planned]) -> None:
        plans.append([Needed(each, gate.judge(each.request), _entry(each)) for each in plan])

    with tempfile.TemporaryDirectory(prefix="pipgate-approve-") as directory:
        # With a root of its own pip does not ask whether it may install here, and finds no old checkouts.
        root = ["--dry-run", "--ignore-installed", "--root", directory, "--src", f"{directory}/src"]
        args = ["install", "-q", "--disable-pip-version-check", *root, *places(given)]
        args += _files(given)
        ended = run_pip(PipCall(tuple(args), tell_plan=tell, plan_only=True), lambda: gate)
    if ended.status != 0 or not plans:
        raise UsageError(
            "pip could not resolve it; nothing was approved",
            context=tuple(f"{plain(name)} {plain(reason)}" for name, reason in gate.record.unread.items()),
            note="No project code has run.",
        )
    return plans[-1]


def show(needed: list[Needed], given: argparse.Namespace) -> None:
    """Show all that is about to be recorded, and what is allowed already."""
    new = [each for each in needed if each.is_new]
    for each in new:
        say_rows(each.planned.request.title, rows_of(each.planned.request, each.planned.path, each.entry))
    allowed = [each for each in needed if not isinstance(each.decision, Refused)]
    lines = [
        f"allowed already ({each.decision.code}): {plain(each.planned.request.title)}" for each in allowed
    ]
    if not new and not any(each.left for each in needed):
        lines.append(f"Nothing in {_named(given)} needs an approval.")
    listed = ", ".join(each.planned.request.title for each in needed if each.planned.metadata == "recorded")
    lines += [f"Read from a list that an earlier build recorded: {plain(listed)}"] if listed else []
    if any(each.entry is not None and each.entry.requires for each in new):
        lines.append("What these builds require in their turn was not looked for; an install decides on it.")
    say_measured(lines)


def require_all(needed: list[Needed], given: argparse.Namespace, again: Again, recorded: int) -> None:
    """Raise NotAllReadError where more may be needed than is approved by now."""
    left = [each for each in needed if each.left]
    if not left:
        return
    install = again.command("install", *places(given), *_files(given))
    raise NotAllReadError(
        f"More may be needed by {_named(given)} than is approved.",
        context=tuple(line for each in left for line in _lines(each)),
        note=f"No project code has run. Approvals recorded: {recorded}.",
        hints=(f"To go on, which runs what is allowed and stops at all else: {install}",),
    )


def _files(given: argparse.Namespace) -> list[str]:
    return [word for file in given.requirements for word in ("-r", file)]


def _named(given: argparse.Namespace) -> str:
    return plain(", ".join(given.requirements))


def _lines(needed: Needed) -> list[str]:
    request = needed.planned.request
    wanted_by = plain(" <- ".join(request.required_by) or "your command")
    return [
        plain(request.title),
        *(f"  {each}" for each in needed.left),
        *settings_lines(request),
        f"  required by {wanted_by}",
    ]


def _entry(planned: Planned) -> BuildEntry | None:
    if planned.path is None or not os.path.isfile(planned.path):  # noqa: PTH113 -- a string
        return None
    return read_build_entry(planned.path, subdirectory=subdirectory_of(planned.request.source))
