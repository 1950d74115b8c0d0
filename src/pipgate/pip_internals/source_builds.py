"""The choke points where pip would run a project's own code: metadata, wheels, editable installs."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from pipgate.pip_internals import stand_in, static_answers
from pipgate.pip_internals.legacy_builds import setup_requires_stopped
from pipgate.pip_internals.presented_errors import presented
from pipgate.pip_internals.wheel_cache import remember_built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.decision import Decision
    from pipgate.pip_internals.run_state import Run

# On an InstallRequirement: what was decided for its metadata. Its link is another once it is built.
_REQUEST = "_pipgate_request"


def prepare_metadata(original: Callable[..., None], run: Run) -> Callable[..., None]:
    """Gate ``SourceDistribution.prepare_distribution_metadata``: every source goes through it first.

    What its files say takes the place of a build where that will do; the rest is decided here and now.
    """

    @functools.wraps(original)
    def prepare_distribution_metadata(self: Any, *args: Any, **kwargs: Any) -> None:
        prepare = functools.partial(original, self, *args, **kwargs)
        with presented():
            unread = static_answers.serve(self, prepare, run)
            if unread is not None:
                _settle(self.req, unread, prepare, run)

    return prepare_distribution_metadata


def _settle(req: InstallRequirement, unread: str, prepare: Callable[[], None], run: Run) -> None:
    from pipgate.build_request import Purpose  # here and below: a run without builds loads none of it
    from pipgate.decision import Refused
    from pipgate.pip_internals.from_pip import build_request

    request = build_request(req, run, Purpose.METADATA)
    decision = _decide(req, request, run)
    if isinstance(decision, Refused):
        refusal = stand_in.Refusal(request, decision, unread)
        if run.resolving.get() is None:  # no resolution of pip's ends in a plan that this would stop
            raise stand_in.stopped(refusal, run)
        stand_in.put(req, refusal, run)
    else:
        prepare_allowed(req, request, run, prepare)


def _decide(req: InstallRequirement, request: BuildRequest, run: Run) -> Decision:
    """Decide a build without which nobody knows what is required; of one project, a person is asked once.

    Where the release that was allowed does not fit, pip tries the next: who is asked about one after the
    other says yes to anything.
    """
    from pipgate.decision import Question, Refused
    from pipgate.gate import BY_A_PERSON, Subject

    project = (run.chain_of_build(), request.name)
    allowed = run.allowed_when_met.get(project)
    if allowed not in {None, request.version} and isinstance(run.gate.foresee(request), Question):
        run.gate.judge(request)
        return Refused(
            "needs-approval",
            f"{request.name} {allowed}, which was allowed, does not fit; to go on, "
            f"name the version that is to be built, such as {request.name}=={request.version}",
        )
    [decision] = run.gate.settle([Subject(request, req.local_file_path)])
    if decision.code in BY_A_PERSON and request.name:
        run.allowed_when_met.setdefault(project, request.version)
    return decision


def prepare_allowed(
    req: InstallRequirement, request: BuildRequest, run: Run, prepare: Callable[[], None]
) -> None:
    """Unpack an allowed source and let pip prepare it, under a permit."""
    from pipgate.pip_internals.packed_sources import unpack_for_build

    vars(req)[_REQUEST] = request
    unpack_for_build(req, request, run)
    _require_inside(req, request, run)
    token = run.preparing.set(request)
    try:
        with run.gate.admitted(request), setup_requires_stopped(req, run):
            prepare()
    finally:
        run.preparing.reset(token)


def _require_inside(req: InstallRequirement, request: BuildRequest, run: Run) -> None:
    """Raise BuildRefusedError where a link leads the directory to build out of what was fetched."""
    from pipgate.build_request import Directory
    from pipgate.decision import OUTSIDE

    if isinstance(request.source, Directory):
        return  # it is named by the directory that the link leads to
    tree, built = os.path.realpath(req.source_dir or ""), os.path.realpath(req.unpacked_source_directory)
    if os.path.commonpath([tree, built]) != tree:
        raise run.gate.stop(request, OUTSIDE)


def build_all(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate ``wheel_builder.build``: decide all builds that are left together, before the first one runs."""

    @functools.wraps(original)
    def build(requirements: Iterable[InstallRequirement], *args: Any, **kwargs: Any) -> Any:
        requirements = list(requirements)
        wanted = [(req, _build_of(req, run)) for req in requirements]
        with presented():
            if wanted:
                _refuse_together(wanted, run)
            if run.is_library:
                _prepare_what_is_held(wanted, run)
        result = original(requirements, *args, **kwargs)
        cache = kwargs["wheel_cache"] if "wheel_cache" in kwargs else args[0]
        remember_built(wanted, cache.cache_dir, run)
        return result

    return build


def _prepare_what_is_held(wanted: list[tuple[InstallRequirement, BuildRequest]], run: Run) -> None:
    """Prepare what a program has resolved by static metadata and builds now; pip's commands have by then."""
    from pipgate.pip_internals.build_plan import prepare_as_promised  # it resolves with what stands here

    for req, request in wanted:
        held = static_answers.held(req)
        if held is not None and held.req is req:
            prepare_as_promised(held, request, run)


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


def _build_of(req: InstallRequirement, run: Run) -> BuildRequest:
    from pipgate.build_request import BuildRequest, Purpose
    from pipgate.pip_internals.from_pip import build_request

    known = vars(req).get(_REQUEST)
    purpose = Purpose.EDITABLE if req.editable else Purpose.WHEEL
    if isinstance(known, BuildRequest):
        return known.for_purpose(purpose)
    return build_request(req, run, purpose)


def _refuse_together(wanted: list[tuple[InstallRequirement, BuildRequest]], run: Run) -> None:
    from pipgate.decision import Refused

    refused = []
    for req, request in wanted:
        stand_in.refuse_if_standing_in(req, run)
        decision = run.gate.judge(request)
        if isinstance(decision, Refused):
            refused.append(run.gate.stop(request, decision))
    if refused:
        raise refused[0]
