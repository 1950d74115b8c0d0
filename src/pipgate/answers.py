"""Writes what a person answers at the prompt to the file where the policy says that it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipgate.errors import UsageError
from pipgate.matching import normalised
from pipgate.origin import Layer, Origin
from pipgate.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipgate.approvals import Approval, Revocation
    from pipgate.build_request import BuildRequest
    from pipgate.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """The approvals file of a run."""

    book: Rulebook
    environ: Mapping[str, str]

    @property
    def path(self) -> str:
        """Where it lies."""
        return self.book.approvals_path

    @property
    def wants_reason(self) -> bool:
        """Whether no approval counts without a reason."""
        return self.book.policy.require_reason.value

    def approve(self, requests: Sequence[BuildRequest], reason: str | None) -> str | None:
        """Write approvals of exactly these requests, all or none, in one write.

        Returns why they do not count yet, if so; raises UsageError for what cannot be pinned, and what
        ``record_all`` raises.
        """
        from pipgate.approving import counts_later, record_all  # noqa: PLC0415 -- where somebody answers so

        entries = [self._approval(each, reason, alone=len(requests) == 1) for each in requests]
        record_all(self.book, entries, self.environ)
        return counts_later(self.book)

    def deny(self, request: BuildRequest, reason: str | None) -> Revocation:
        """Write a no for the name of a request, as ``pipgate deny`` does, and return it.

        Raises UsageError for what has no name, and what ``record`` raises.
        """
        from pipgate.approving import record, revocation_of  # noqa: PLC0415 -- same

        name = normalised(request.name) or normalised(request.claimed)
        if name is None:
            raise UsageError("it has no name that could be denied")
        entry = revocation_of(name, reason=reason)
        record(self.book, entry, self.environ)
        return replace(entry, origin=Origin(Layer.PROJECT, self.path))

    def undenying(self, entry: Revocation) -> str:
        """Return the command that takes a denial back."""
        return self.book.again.command("undeny", entry.name)

    def _approval(self, request: BuildRequest, reason: str | None, *, alone: bool) -> Approval:
        from pipgate.approving import approval_of  # noqa: PLC0415 -- same

        try:
            return approval_of(request, self.book, reason=reason)
        except UsageError as error:
            if alone:
                raise
            raise UsageError(f"{plain(request.title)}: {error.message}; so none of them was") from error
