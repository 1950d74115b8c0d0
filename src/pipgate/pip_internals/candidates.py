"""Wheels first: an sdist that nobody has decided on is tried only when no wheel of its project fits."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pip._vendor.packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.models.candidate import InstallationCandidate

    from pipgate.pip_internals.run_state import Run


def sort_key(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Put wheels and allowed sdists before undecided sdists in ``CandidateEvaluator._sort_key``.

    This is pip's own ``--prefer-binary``, for the projects that need it; what pip puts first, allowed hashes
    and releases that are not yanked, stays first. Outside a resolution (``list --outdated``) nothing changes.
    """

    @functools.wraps(original)
    def _sort_key(self: Any, candidate: InstallationCandidate) -> Any:
        key = original(self, candidate)
        if run.resolving.get() is None:
            return key
        link = candidate.link
        usable = link.is_wheel or _is_decided(candidate, run)
        return (link.is_hash_allowed(self._hashes), not link.is_yanked, usable, key)

    return _sort_key


def get_applicable_candidates(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Note the newest undecided release that has no wheel, for the note on older wheels."""

    @functools.wraps(original)
    def applicable_candidates(self: Any, candidates: list[InstallationCandidate]) -> Any:
        applicable = original(self, candidates)
        run.offered_here.update(each.link.url for each in candidates if each.link.is_file)
        if run.resolving.get() is not None and not run.is_child:
            _remember_newest_undecided(self._project_name, applicable, run)
        return applicable

    return applicable_candidates


def _remember_newest_undecided(project: str, applicable: list[InstallationCandidate], run: Run) -> None:
    # A version that has a wheel too was left for another reason, such as a conflict.
    wheels = {each.version for each in applicable if each.link.is_wheel}
    sdists = [each for each in applicable if not each.link.is_wheel and not each.link.is_yanked]
    undecided = [each for each in sdists if each.version not in wheels]
    undecided = [each for each in undecided if not _is_decided(each, run)]
    run.newest_undecided.pop(canonicalize_name(project), None)
    if undecided:
        run.newest_undecided[canonicalize_name(project)] = max(undecided, key=lambda each: each.version)


def _is_decided(candidate: InstallationCandidate, run: Run) -> bool:
    """Return whether the build of an sdist is allowed, or will be as soon as its file has a hash."""
    if not run.may_allow(candidate.name):
        return False
    from pipgate.decision import UNIDENTIFIED, Allowed  # loaded with the gate
    from pipgate.pip_internals.from_pip import request_for_candidate

    decision = run.gate.foresee(request_for_candidate(candidate.link, candidate.name, run))
    return isinstance(decision, Allowed) or decision is UNIDENTIFIED
