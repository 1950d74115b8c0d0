"""The plan: after a resolution, all builds that its result needs are decided together, and then prepared."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipgate.pip_internals import stand_in, static_answers
from pipgate.pip_internals.presented_errors import presented
from pipgate.pip_internals.source_builds import prepare_allowed
from pipgate.pip_internals.user_words import note_own_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.gate import Subject
    from pipgate.pip_internals.run_state import Run
    from pipgate.pip_internals.static_answers import Held


_ONLY_RECORDED = "an earlier build recorded what it requires, and a build may change that"
_ONLY_NAMED = "its version stands in the name of its file alone, and a build may say another"


def resolve(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate ``Resolver.resolve``: whatever its result needs and was refused stops the run, all of it at once.

    Where a build then says something else than what was recorded, pip resolves again.
    """

    @functools.wraps(original)
    def resolve_requirements(self: Any, root_reqs: Any, *args: Any, **kwargs: Any) -> Any:
        note_own_project(root_reqs, run)
        while True:
            with _resolving(self, run):
                result = original(self, root_reqs, *args, **kwargs)
            with presented():
                if not _settle(self, result, run):
                    continue
            if run.tell_resolved is not None and run.opened is not None:
                run.tell_resolved()
            return result

    return resolve_requirements


@contextmanager
def _resolving(resolver: Any, run: Run) -> Iterator[None]:
    token = run.resolving.set(resolver)
    try:
        yield
    finally:
        run.resolving.reset(token)


def _settle(resolver: Any, result: Any, run: Run) -> bool:
    """Decide all that the result needs and prepare it; returns whether the result still stands after that."""
    reqs = list(_resolved(resolver, result))
    if run.tell_plan is not None:
        from pipgate.pip_internals.static_plan import planned  # where somebody asks for it

        run.tell_plan(planned(reqs, run))
    if run.plan_only:
        return True
    waiting = list({id(each): each for each in map(static_answers.held, reqs) if each is not None}.values())
    wanted = [each for each in waiting if _needs_build(each, result, run)]
    subjects = {id(each): _subject(each, result, run) for each in wanted}
    if subjects or any(map(stand_in.refusal_of, reqs)):
        _refuse_together(reqs, list(subjects.values()), run)
    if any(found for by_specifiers in run.undecided.values() for found in by_specifiers.values()):
        from pipgate.pip_internals import older_releases  # where a source distribution is offered

        older_releases.weigh(resolver, result, run)
    recorded = [each for each in wanted if not each.known.source.authoritative]
    # Allowed a moment ago: pip resolves again, and asks these builds itself. Where its resolver cannot, their
    # builds have to say what was recorded.
    if recorded and static_answers.can_repeat(resolver):
        _forget(recorded, resolver)
        return False
    copied = [_prepare(each, subjects[id(each)].request, resolver, result, run) for each in wanted]
    if any(copied):
        return False
    _note([each for each in waiting if each not in wanted], run)
    return True


def _resolved(resolver: Any, result: Any) -> Iterator[InstallRequirement]:
    """Yield all that the resolution rests on: more than the result with ``--only-deps``."""
    seen = set()
    from_candidates = (candidate.get_install_requirement() for candidate in _candidates(resolver))
    for req in (*from_candidates, *result.requirements.values(), *result.unnamed_requirements):
        if req is not None and id(req) not in seen:
            seen.add(id(req))
            yield req


def _candidates(resolver: Any) -> list[Any]:
    return list(getattr(getattr(resolver, "_result", None), "mapping", {}).values())


def _needs_build(held: Held, result: Any, run: Run) -> bool:
    """Return whether the build behind static metadata has to run, or to be asked, before the result is used.

    A lock file is kept and shared, so recorded metadata is no ground for one; neither is it for an install.
    """
    if run.must_build or run.command.name == "lock":
        if not held.known.source.authoritative:
            return not run.command.needs_name_alone
        return run.must_build and any(static_answers.shares(req, held) for req in _installed(result))
    return False


def _subject(held: Held, result: Any, run: Run) -> Subject:
    """Return what is decided on: the build, where the result will be built, else the metadata alone."""
    from pipgate.build_request import Purpose  # here and below: a run without sdists loads none of it
    from pipgate.gate import Subject
    from pipgate.pip_internals.from_pip import build_request

    builds = run.must_build and any(static_answers.shares(req, held) for req in _installed(result))
    purpose = Purpose.METADATA if not builds else Purpose.EDITABLE if held.req.editable else Purpose.WHEEL
    request = build_request(held.req, run, purpose, asked=held.asked)
    return Subject(request, held.req.local_file_path, held.known.source.value)


def _installed(result: Any) -> list[InstallRequirement]:
    return [*result.requirements.values(), *result.unnamed_requirements]


def _refuse_together(reqs: list[InstallRequirement], subjects: list[Subject], run: Run) -> None:
    """Raise BuildRefusedError when one is refused, with all of them recorded."""
    from pipgate.decision import Refused

    standing_in = [] if run.command.needs_name_alone else map(stand_in.refusal_of, reqs)
    errors = stand_in.all_stopped((each for each in standing_in if each is not None), run)
    if errors:  # nobody is asked about a plan that cannot be carried out
        decisions = [run.gate.judge(subject.request) for subject in subjects]
    else:
        decisions = run.gate.settle(subjects)
    for subject, decision in zip(subjects, decisions, strict=True):
        request = subject.request
        if isinstance(decision, Refused):
            unread = _ONLY_NAMED if subject.metadata == "filename" else _ONLY_RECORDED
            run.gate.record.unread.setdefault(request.title, unread)
            errors.append(run.gate.stop(request, decision))
    if errors:
        raise errors[0]


def _prepare(held: Held, request: BuildRequest, resolver: Any, result: Any, run: Run) -> bool:
    """Do pip's own preparation of an allowed build; returns whether the resolution has to be repeated.

    Raises BuildRefusedError when the build does not say what its files had promised.
    """
    preparer = resolver.factory.preparer if static_answers.can_repeat(resolver) else resolver.preparer
    with held.track(preparer.build_tracker):
        dist = prepare_as_promised(held, request, run)
    _take_over(held.req, dist, resolver)
    return static_answers.can_repeat(resolver) and _is_copied(held, result)


def prepare_as_promised(held: Held, request: BuildRequest, run: Run) -> Any:
    """Do pip's own preparation of an allowed build and return its metadata, as ``_prepare`` does."""
    from pipgate.build_request import Purpose
    from pipgate.core_metadata import MetadataError
    from pipgate.decision import Refused
    from pipgate.metadata_promise import differences

    req, static = held.req, held.known
    request = request.for_purpose(Purpose.METADATA)
    held.prepared, req.metadata_directory = True, None
    vars(req).pop("_metadata", None)  # pip's cache of what the directory said
    prepare_allowed(req, request, run, held.prepare)
    dist = req.get_dist()
    try:
        built = static_answers.built_metadata(dist)
        differ = differences(
            static.fields, built, requirements=run.command.follows or run.must_build_for_another
        )
    except MetadataError as error:
        raise run.gate.stop(request, Refused("metadata-differs", str(error))) from error
    if differ:
        reason = f"its build does not say what its {static.source.file} says"
        raise run.gate.stop(request, Refused("metadata-differs", reason, differ))
    return dist


def _forget(recorded: list[Held], resolver: Any) -> None:
    """Make pip make these candidates anew: their caches are all that it knows of them."""
    for held in recorded:
        for cache in (resolver.factory._link_candidate_cache, resolver.factory._editable_candidate_cache):
            cache.pop(held.req.link, None)


def _take_over(req: InstallRequirement, dist: Any, resolver: Any) -> None:
    """Give the candidate the metadata of its build."""
    for candidate in _candidates(resolver):
        if candidate.get_install_requirement() is req:
            candidate.dist = dist


def _is_copied(held: Held, result: Any) -> bool:
    """Return whether pip goes on with a copy of the requirement, as for one with extras.

    Resolved again, it makes the copy from the prepared one.
    """
    return any(req is not held.req and static_answers.shares(req, held) for req in _installed(result))


def _note(used: list[Held], run: Run) -> None:
    if used:
        from pipgate.outcomes import MetadataUsed

        facts = [(held.known.fields, held.known.source.value) for held in used]
        run.gate.record.metadata += [MetadataUsed(each.name, each.version, source) for each, source in facts]
