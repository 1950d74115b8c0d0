"""Wheels that pip built earlier and cached: a build that happened once is no approval."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipgate.archive_names import normalised, sha256_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pip._internal.models.link import Link
    from pip._internal.req.req_install import InstallRequirement

    from pipgate.approvals import Pin
    from pipgate.build_request import BuildRequest
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
        if not run.may_allow(package_name):
            return None
        if _observes(run):
            return entry
        pin = _may_serve(entry.link.file_path, link, package_name, run)
        if pin is None:
            return None
        entry.origin = _origin(link, pin)
        return entry

    return cache_entry


def remember_built(
    built: Sequence[tuple[InstallRequirement, BuildRequest]], cache: str | None, run: Run
) -> None:
    """Note of what bytes the wheels were built that lie in pip's cache now.

    What was built while nothing was decided is not noted: its build requirements were not decided on either.
    Nor is what was built as a file told, since pip finds it for a requirement without settings as well, and
    what was built by a tree, which may be another one by now.
    """
    if not built or cache is None or _observes(run):
        return
    from pipgate.built_wheels import Built, remember  # here and below: a run without builds loads none of it
    from pipgate.matching import pin_or_none

    by = tuple(run.allowed_for_builds())
    if any(pin_or_none(each.request) is None for each in by):
        return
    inside = os.path.join(cache, "wheels", "")  # noqa: PTH118 -- strings
    for req, request in built:
        pin, wheel = pin_or_none(request), req.local_file_path
        if pin is not None and request.settings is None and wheel and wheel.startswith(inside):
            remember(wheel, Built(pin, request.claimed, by), run.gate.context.project, os.environ)


def _may_serve(wheel: str, link: Link, name: str | None, run: Run) -> Pin | None:
    """Return what a cached wheel was built of here if that may be built now, else None."""
    from pipgate.built_wheels import built_from
    from pipgate.decision import Allowed
    from pipgate.pip_internals.from_pip import request_for_cached

    if normalised(name or "") in run.settings:
        return None  # which the cache does not know
    built = built_from(wheel, run.gate.context.project, os.environ)
    if built is None or (link.is_file and not _is_still(built.pin, link.file_path)):
        return None
    request = request_for_cached(link, name, run, built)
    if request is None:
        return None
    needed = [request, *(each.request for each in built.by)]
    if not all(isinstance(run.gate.foresee(each), Allowed) for each in needed):
        return None
    if run.must_build_for_another:  # it makes what is built, as a build of it would
        for each in needed:
            run.gate.judge(replace(each, required_by=run.chain_of_build()))
    return built.pin


def _origin(link: Link, pin: Pin) -> Any:
    """Return what pip is to say of where the wheel is from (PEP 610), and to compare with ``--hash``.

    pip keeps it beside the wheel, where whoever can write to the cache can name another source.
    """
    from pip._internal.models.link import Link
    from pip._internal.utils.direct_url_helpers import direct_url_from_link

    from pipgate.approvals import Sha256Pin

    if isinstance(pin, Sha256Pin):
        directory = f"&subdirectory={pin.subdirectory}" if pin.subdirectory else ""
        link = Link(f"{link.url_without_fragment}#sha256={pin.sha256}{directory}")
    return direct_url_from_link(link, link_is_in_wheel_cache=True)


def _is_still(pin: Pin, file: str) -> bool:
    """Return whether a local file holds what the wheel was built from: pip finds that by the path alone."""
    from pipgate.approvals import Sha256Pin

    try:
        return isinstance(pin, Sha256Pin) and sha256_of_file(file) == pin.sha256
    except OSError:
        return False


def _observes(run: Run) -> bool:
    from pipgate.policy import Mode

    return run.gate.policy.mode.value is Mode.OBSERVE
