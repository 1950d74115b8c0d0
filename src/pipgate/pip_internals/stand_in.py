"""Placeholder metadata for a refused build, so that pip's resolver runs on and meets every other one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.packaging.version import InvalidVersion, Version

from pipgate.outcomes import PassedOver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.pip_internals.run_state import Run
    from pipgate.policy import Refused

_MARK = "_pipgate_refused"


def put(req: InstallRequirement, request: BuildRequest, decision: Refused, run: Run) -> None:
    """Give ``req`` metadata of name and version alone, and mark it as refused.

    Raises BuildRefusedError where name or version is unknown: then there is nothing to go on with.
    """
    if request.name is None or not _is_version(request.version):
        raise run.gate.stop(request, decision)
    vars(req)[_MARK] = (request, decision)
    req.metadata_directory = _write(request, sorted(req.extras))
    if req.req is None:
        req._set_requirement()


def refuse_if_standing_in(req: InstallRequirement, run: Run) -> None:
    """Raise BuildRefusedError when ``req`` has only placeholder metadata."""
    mark = vars(req).get(_MARK)
    if mark is not None:
        raise run.gate.stop(*mark)


def refuse_needed(resolver: Any, result: Any, run: Run) -> None:
    """Raise BuildRefusedError when the result of a resolution rests on placeholders; note older wheels."""
    refused = []
    for req in _resolved(resolver, result):
        mark = vars(req).get(_MARK)
        if mark is not None:
            refused.append(run.gate.stop(*mark))
    if refused:
        raise refused[0]
    for req in result.requirements.values():
        _note_older_wheel(req, run)


def _resolved(resolver: Any, result: Any) -> Iterator[InstallRequirement]:
    """Yield all that the resolution rests on: more than the result with ``--only-deps``."""
    seen = set()
    mapping = getattr(getattr(resolver, "_result", None), "mapping", {})
    from_candidates = (candidate.get_install_requirement() for candidate in mapping.values())
    for req in (*result.requirements.values(), *result.unnamed_requirements, *from_candidates):
        if req is not None and id(req) not in seen:
            seen.add(id(req))
            yield req


def _note_older_wheel(req: InstallRequirement, run: Run) -> None:
    if run.is_child or req.link is None or not req.link.is_wheel or not req.name:
        return
    newer = run.newest_undecided.get(canonicalize_name(req.name))
    taken = req.link.filename.split("-")[1]
    if newer is not None and req.original_link is None and _is_version(taken) and newer > Version(taken):
        run.gate.record.passed_over.append(PassedOver(req.name, taken, str(newer)))


def _is_version(text: str | None) -> bool:
    try:
        return text is not None and bool(Version(text))
    except InvalidVersion:
        return False


def _write(request: BuildRequest, extras: list[str]) -> str:
    from pip._internal.utils.temp_dir import TempDirectory

    parent = TempDirectory(kind="pipgate-metadata", globally_managed=True).path
    directory = os.path.join(parent, f"{request.name}-{request.version}.dist-info")  # noqa: PTH118 -- pip's type
    os.mkdir(directory)  # noqa: PTH102 -- pip's paths are strings
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {request.name}",
        f"Version: {request.version}",
        *(f"Provides-Extra: {extra}" for extra in extras),
    ]
    with open(os.path.join(directory, "METADATA"), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123 -- same
        file.write("\n".join(lines) + "\n")
    return directory
