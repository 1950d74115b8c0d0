"""Metadata directories for pip: what the files say, or a placeholder of name and version alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from pip._vendor.packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.decision import Refused
    from pipgate.pip_internals.run_state import Run

_MARK = "_pipgate_refused"


class Refusal(NamedTuple):
    """Why a requirement has a placeholder: the decision, and why its files do not say what it requires."""

    request: BuildRequest
    decision: Refused
    unread: str


def put(req: InstallRequirement, refusal: Refusal, run: Run) -> None:
    """Give ``req`` metadata of name and version alone, so that pip's resolver runs on and meets the others.

    Raises BuildRefusedError where name or version is unknown: then there is nothing to go on with.
    """
    request = refusal.request
    if request.name is None or request.version is None or not is_version(request.version):
        raise stopped(refusal, run)
    vars(req)[_MARK] = refusal
    put_name_alone(req, request.name, request.version)


def put_name_alone(req: InstallRequirement, name: str, version: str) -> None:
    """Give ``req`` metadata of name and version alone, for a command that needs no more."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Provides-Extra: {extra}" for extra in sorted(req.extras)),
    ]
    put_metadata(req, name, version, "".join(f"{line}\n" for line in lines).encode())


def put_metadata(req: InstallRequirement, name: str, version: str, text: bytes) -> None:
    """Give ``req`` a metadata directory that holds ``text``, as a build of it would have left one."""
    from pip._internal.utils.temp_dir import TempDirectory

    parent = TempDirectory(kind="pipgate-metadata", globally_managed=True).path
    stem = re.sub(r"[^\w.]+", "_", name)  # pip takes the name from before the first dash
    directory = os.path.join(parent, f"{stem}-{version}.dist-info")  # noqa: PTH118 -- pip's paths are strings
    os.mkdir(directory)  # noqa: PTH102 -- same
    with open(os.path.join(directory, "METADATA"), "xb") as file:  # noqa: PTH118, PTH123 -- same
        file.write(text)
    req.metadata_directory = directory
    if req.req is None:
        req._set_requirement()


def refusal_of(req: InstallRequirement) -> Refusal | None:
    """Return why ``req`` has a placeholder, if it has one."""
    refusal = vars(req).get(_MARK)
    return refusal if isinstance(refusal, Refusal) else None


def refuse_if_standing_in(req: InstallRequirement, run: Run) -> None:
    """Raise BuildRefusedError when ``req`` has only a placeholder."""
    refusal = refusal_of(req)
    if refusal is not None:
        raise stopped(refusal, run)


def stopped(refusal: Refusal, run: Run) -> Exception:
    """Note that a refusal stops the run, and return the error to raise for it."""
    run.gate.record.unread[refusal.request.title] = refusal.unread
    return run.gate.stop(refusal.request, refusal.decision)


def all_stopped(refusals: Iterable[Refusal], run: Run) -> list[Exception]:
    """Do the same for several, so that one message has them all."""
    return [stopped(each, run) for each in refusals]


def is_version(text: str) -> bool:
    """Return whether pip can work with a version."""
    try:
        return bool(Version(text))
    except (InvalidVersion, ValueError):  # a ValueError for a number of thousands of digits
        return False
