"""Wheels that pip built earlier and cached: a build that happened once is no approval."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.models.link import Link

    from pipgate.pip_internals.run_state import Run


def get_cache_entry(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Let ``WheelCache.get_cache_entry`` answer only for builds that are allowed now.

    The same command then gives the same answer on a machine with a warm cache and in CI, and what an
    ungated pip once built is not installed by a gated one. What this very run built is its own.
    """

    @functools.wraps(original)
    def cache_entry(self: Any, link: Link, package_name: str | None, supported_tags: Any) -> Any:
        entry = original(self, link, package_name, supported_tags)
        if entry is None or not entry.persistent:
            return entry
        if run.opened is None:
            return None  # nothing is written down that could allow it
        from pipgate.decision import Allowed  # loaded with the gate
        from pipgate.pip_internals.from_pip import request_for_cached

        decision = run.gate.foresee(request_for_cached(link, package_name, run))
        return entry if isinstance(decision, Allowed) else None

    return cache_entry
