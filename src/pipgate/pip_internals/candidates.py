"""Wheels first: an sdist that nobody has decided on is tried only when no wheel of its project fits."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pip._vendor.packaging.utils import canonicalize_name

from pipgate.pip_internals.gate_sources import is_gates

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.models.candidate import InstallationCandidate

    from pipgate.pip_internals.run_state import Run


def sort_key(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Put wheels and allowed sdists before undecided sdists in ``CandidateEvaluator._sort_key``.

    This is pip's own ``--prefer-binary``, for the projects that need it; what pip puts first, allowed hashes
    and releases that are not yanked, stays first. So does a pip that the user's own index offers. Outside a
    resolution (``list --outdated``) nothing changes.
    """

    @functools.wraps(original)
    def _sort_key(self: Any, candidate: InstallationCandidate) -> Any:
        key = original(self, candidate)
        if run.resolving.get() is None:
            return key
        link = candidate.link
        usable = link.is_wheel or _is_decided(candidate, run)
        own = run.own_places is None or not is_gates(candidate.name) or link.url in run.own_offers
        return (link.is_hash_allowed(self._hashes), own, not link.is_yanked, usable, key)

    return _sort_key


def get_applicable_candidates(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Remember the undecided releases that have no wheel, for the word on what was passed over."""

    @functools.wraps(original)
    def applicable_candidates(self: Any, candidates: list[InstallationCandidate]) -> Any:
        applicable = original(self, candidates)
        run.offered_here.update(each.link.url for each in candidates if each.link.is_file)
        if run.resolving.get() is not None and not run.chain_of_build():
            looked_up = run.undecided.setdefault(canonicalize_name(self._project_name), {})
            looked_up[frozenset(self._specifier)] = _undecided(
                applicable, run, prefers_binary=self._prefer_binary
            )
        return applicable

    return applicable_candidates


def _undecided(
    applicable: list[InstallationCandidate], run: Run, *, prefers_binary: bool
) -> tuple[InstallationCandidate, ...]:
    """Return the sdists that pip would take, were they allowed, and that nobody has decided on."""
    # A version that has a wheel too was left for another reason, such as a conflict.
    wheels = {each.version for each in applicable if each.link.is_wheel}
    if wheels and prefers_binary:
        return ()
    sdists = [each for each in applicable if not each.link.is_wheel and not each.link.is_yanked]
    return tuple(each for each in sdists if each.version not in wheels and not _is_decided(each, run))


def _is_decided(candidate: InstallationCandidate, run: Run) -> bool:
    """Return whether the build of an sdist is allowed, or will be as soon as its file has a hash."""
    if not run.may_allow(candidate.name):
        return False
    from pipgate.decision import UNIDENTIFIED, Allowed  # loaded with the gate
    from pipgate.pip_internals.from_pip import request_for_candidate

    decision = run.gate.foresee(request_for_candidate(candidate.link, candidate.name, run))
    return isinstance(decision, Allowed) or decision is UNIDENTIFIED
