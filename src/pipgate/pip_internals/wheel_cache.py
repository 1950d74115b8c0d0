"""Wheels that pip built earlier and cached: a build that happened once is no approval."""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any

from pipgate.archive_names import sha256_of_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.models.link import Link

    from pipgate.pip_internals.run_state import Run

_ORIGIN = "origin.json"


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
        if not run.may_allow(package_name):
            return None
        from pipgate.decision import Allowed  # loaded with the gate
        from pipgate.pip_internals.from_pip import request_for_cached

        sha256 = _built_from(entry, link) if link.is_file and link.hash_name != "sha256" else None
        decision = run.gate.foresee(request_for_cached(link, package_name, run, sha256))
        return entry if isinstance(decision, Allowed) else None

    return cache_entry


def _built_from(entry: Any, link: Link) -> str | None:
    """Return the sha256 of a local file if the cached wheel was built from these very bytes, else None.

    pip finds the wheel by the file's path alone; what it was built from stands beside it (pip PR 11137).
    """
    try:
        with open(os.path.join(os.path.dirname(entry.link.file_path), _ORIGIN), "rb") as file:  # noqa: PTH118, PTH120, PTH123 -- pip's paths are strings
            said = json.load(file)["archive_info"]["hashes"]["sha256"]
        sha256 = sha256_of_file(link.file_path)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return sha256 if said == sha256 else None
