"""The choke points where pip would run a project's own code: metadata, wheels, editable installs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pipgate.build_request import BuildRequest, Purpose
from pipgate.pip_internals import stand_in
from pipgate.pip_internals.from_pip import build_request, is_fetched, note_named
from pipgate.pip_internals.legacy_builds import setup_requires_stopped
from pipgate.pip_internals.packed_sources import unpack_for_build
from pipgate.pip_internals.presented_errors import presented
from pipgate.policy import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.pip_internals.run_state import Run

# On an InstallRequirement: what was decided for its metadata. Its link is another once it is built.
_REQUEST = "_pipgate_request"


def prepare_metadata(original: Callable[..., None], run: Run) -> Callable[..., None]:
    """Gate ``SourceDistribution.prepare_distribution_metadata``: every source goes through it first."""

    @functools.wraps(original)
    def prepare_distribution_metadata(self: Any, *args: Any, **kwargs: Any) -> None:
        req = self.req
        request = build_request(req, run, Purpose.METADATA)
        with presented():
            decision = run.gate.judge(request)
            if isinstance(decision, Refused):
                stand_in.put(req, request, decision, run)
                return
            vars(req)[_REQUEST] = request
            unpack_for_build(req, request, run)
            token = run.preparing.set(request)
            try:
                with run.gate.admitted(request), setup_requires_stopped(req, run):
                    original(self, *args, **kwargs)
            finally:
                run.preparing.reset(token)

    return prepare_distribution_metadata


def build_all(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate ``wheel_builder.build``: decide all builds that are left together, before the first one runs."""

    @functools.wraps(original)
    def build(requirements: Iterable[InstallRequirement], *args: Any, **kwargs: Any) -> Any:
        requirements = list(requirements)
        with presented():
            _refuse_together([(req, _build_of(req, run)) for req in requirements], run)
        return original(requirements, *args, **kwargs)

    return build


def build_one(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate ``wheel_builder._build_one``: the wheel or editable build of one requirement, under a permit."""

    @functools.wraps(original)
    def _build_one(req: InstallRequirement, *args: Any, **kwargs: Any) -> Any:
        request = _build_of(req, run)
        with presented():
            stand_in.refuse_if_standing_in(req, run)
            with run.gate.admitted(request), setup_requires_stopped(req, run):
                return original(req, *args, **kwargs)

    return _build_one


def should_build(original: Callable[..., bool], run: Run) -> Callable[..., bool]:
    """Gate ``wheel_builder._should_build``: for ``-e PATH[extra]`` pip 24.0 asks the backend once more."""

    @functools.wraps(original)
    def _should_build(req: InstallRequirement, *args: Any, **kwargs: Any) -> bool:
        if not req.editable:
            return original(req, *args, **kwargs)
        with presented():
            stand_in.refuse_if_standing_in(req, run)
            with run.gate.admitted(_build_of(req, run)):
                return original(req, *args, **kwargs)

    return _should_build


def install_requirement(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate ``InstallRequirement.install`` where it runs ``setup.py develop`` (pip before 25.3)."""

    @functools.wraps(original)
    def install(self: InstallRequirement, *args: Any, **kwargs: Any) -> Any:
        if self.is_wheel:
            return original(self, *args, **kwargs)
        with presented():
            stand_in.refuse_if_standing_in(self, run)
            with run.gate.admitted(_build_of(self, run)), setup_requires_stopped(self, run):
                return original(self, *args, **kwargs)

    return install


def resolve(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate ``Resolver.resolve``: afterwards, whatever the result needs and was refused stops the run."""

    @functools.wraps(original)
    def resolve_requirements(self: Any, *args: Any, **kwargs: Any) -> Any:
        token = run.resolving.set(True)
        try:
            result = original(self, *args, **kwargs)
        finally:
            run.resolving.reset(token)
        with presented():
            stand_in.refuse_needed(self, result, run)
        return result

    return resolve_requirements


def get_requirements(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``RequirementCommand.get_requirements``: these are the sources that the user named."""

    @functools.wraps(original)
    def read_requirements(self: Any, *args: Any, **kwargs: Any) -> Any:
        reqs = original(self, *args, **kwargs)
        if not run.is_child:
            options = kwargs.get("options", args[1] if len(args) > 1 else None)
            note_named(reqs, getattr(options, "requirements", ()), run)
        return reqs

    return read_requirements


def get_file_content(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``get_file_content``: what a fetched requirements file names, the user has not named."""

    @functools.wraps(original)
    def read_file(url: str, *args: Any, **kwargs: Any) -> Any:
        run.fetched_requirements = run.fetched_requirements or is_fetched(url)
        return original(url, *args, **kwargs)

    return read_file


def _build_of(req: InstallRequirement, run: Run) -> BuildRequest:
    known = vars(req).get(_REQUEST)
    purpose = Purpose.EDITABLE if req.editable else Purpose.WHEEL
    if isinstance(known, BuildRequest):
        return known.for_purpose(purpose)
    return build_request(req, run, purpose)


def _refuse_together(wanted: list[tuple[InstallRequirement, BuildRequest]], run: Run) -> None:
    refused = []
    for req, request in wanted:
        stand_in.refuse_if_standing_in(req, run)
        decision = run.gate.judge(request)
        if isinstance(decision, Refused):
            refused.append(run.gate.stop(request, decision))
    if refused:
        raise refused[0]
