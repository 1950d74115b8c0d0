"""What serves although a newer release exists: told, asked about or refused; nothing installed steps down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pip._internal.locations import get_scheme
from pip._internal.metadata import get_default_environment, get_environment
from pip._internal.models.link import Link
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.packaging.version import InvalidVersion, Version

from pipgate.archive_names import version_in_filename
from pipgate.decision import Question, Refused
from pipgate.outcomes import PassedOver
from pipgate.pip_internals import stand_in
from pipgate.pip_internals.from_pip import request_for_candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.pip_internals.run_state import Destination, Run


class _Served(NamedTuple):
    """What a resolution came to for one project: ``url`` is None for what was installed already and stays."""

    name: str
    version: str
    taken_as: str
    url: str | None


def weigh(resolver: Any, result: Any, run: Run) -> None:
    """Weigh every release that serves where a newer one was passed over; raises BuildRefusedError."""
    if run.chain_of_build():
        return
    refused = []
    for served in (*_taken(result), *_kept(resolver, result)):
        if not stand_in.is_version(served.version):
            continue
        newer = _passed_over(served, _specifiers(resolver, result, served.name), run)
        if newer is None:
            continue
        replaces = None if served.url is None else _replaced(served, run)
        instead = PassedOver(newer.name or "", served.version, newer.version or "", served.taken_as, replaces)
        stopped = run.gate.pass_over(newer, instead)
        if stopped is not None:
            refused.append(stopped)
        if refused and run.gate.prompter is not None:
            break  # somebody has said no, and the run cannot go on
    if refused:
        raise refused[0]


def _taken(result: Any) -> Iterator[_Served]:
    """Yield what comes from an index or a find-links directory."""
    for req in result.requirements.values():
        link = _source_of(req)
        if link is None or req.original_link is not None or not req.name:
            continue
        wheel = link.filename.split("-")[1] if link.is_wheel else None
        version = wheel or version_in_filename(req.name, link.filename)
        if version:
            yield _Served(canonicalize_name(req.name), version, "wheel" if wheel else "sdist", link.url)


def _source_of(req: InstallRequirement) -> Link | None:
    """Return what was taken; of a wheel from pip's cache that is what it was built of."""
    if req.link is None or not req.link.is_wheel or req.download_info is None:
        return req.link
    source = Link(req.download_info.url)
    return req.link if source.is_wheel else source


def _kept(resolver: Any, result: Any) -> Iterator[_Served]:
    """Yield what was installed already and stays, although pip has looked for a newer one."""
    if hasattr(resolver, "factory"):
        for candidate in resolver._result.mapping.values():
            if candidate.is_installed and _wants_newest(resolver, candidate.project_name):
                yield _Served(candidate.project_name, str(candidate.version), "installed", None)
        return
    for req in result.requirements.values():  # the legacy resolver
        if req.satisfied_by is not None and resolver._is_upgrade_allowed(req):
            version = str(req.satisfied_by.version)
            yield _Served(canonicalize_name(req.name), version, "installed", None)


def _wants_newest(resolver: Any, project: str) -> bool:
    """Return whether pip looks for a newer release of what is installed, as its provider decides it."""
    criteria = resolver._result.criteria
    keys = [key for key in criteria if key.partition("[")[0] == project]
    is_named = any(each.parent is None for key in keys for each in criteria[key].information)
    if is_named and getattr(resolver, "only_dependencies", False):
        return False  # it is not wanted itself (pip 26.2)
    strategy = resolver.upgrade_strategy
    return strategy == "eager" or (strategy == "only-if-needed" and is_named)


def _specifiers(resolver: Any, result: Any, project: str) -> frozenset[Any]:
    """Return what is required of a project in the end; pip may have looked it up with other words before."""
    if not hasattr(resolver, "factory"):
        return frozenset(result.requirements[project].specifier)
    criterion = resolver._result.criteria.get(project)
    information = () if criterion is None else criterion.information
    reqs: list[InstallRequirement | None] = [
        each.requirement.get_candidate_lookup()[1] for each in information
    ]
    return frozenset(spec for req in reqs if req is not None and req.req for spec in req.req.specifier)


def _passed_over(served: _Served, specifiers: frozenset[Any], run: Run) -> BuildRequest | None:
    """Return the newest release that would serve if somebody allowed it, where it is newer than what does."""
    looked_up = run.undecided.get(served.name, {})
    fitting = [
        each for each in looked_up if specifiers <= each
    ]  # with constraints, which are not in a requirement
    undecided = looked_up[min(fitting, key=len)] if fitting else ()
    if any(each.link.url == served.url for each in undecided):
        return None  # among what nobody has decided on the order is pip's: the newer ones did not fit
    taken = Version(served.version)
    newer = sorted((each for each in undecided if each.version > taken), key=lambda each: each.version)
    requests = (request_for_candidate(each.link, each.name, run) for each in reversed(newer))
    return next((each for each in requests if _can_be_allowed(each, run)), None)


def _can_be_allowed(request: BuildRequest, run: Run) -> bool:
    finding = run.gate.foresee(request)
    return isinstance(finding, Question) or (
        isinstance(finding, Refused) and finding.code == "needs-approval"
    )


def _replaced(served: _Served, run: Run) -> str | None:
    """Return the version that lies where this one would go, if it is newer."""
    destination = run.command.destination
    if destination is None:
        return None
    found = [env.get_distribution(served.name) for env in _environments(served.name, destination)]
    newer = [each for each in map(_version_of, found) if each is not None and each > Version(served.version)]
    return str(max(newer)) if newer else None


def _version_of(dist: Any) -> Version | None:
    try:
        return None if dist is None else Version(str(dist.version))
    except InvalidVersion:  # from before PEP 440; pip itself may stop at it
        return None


def _environments(name: str, destination: Destination) -> Iterator[Any]:
    """Yield what an installation writes to, and what pip would uninstall for it."""
    if destination.target is not None:
        yield get_environment([destination.target.directory])
        return
    if destination.prefix is not None or destination.root is not None:
        user, root, prefix = destination.user, destination.root, destination.prefix
        scheme = get_scheme(name, user=user, root=root, prefix=prefix)
        yield get_environment([scheme.purelib, scheme.platlib])
        if destination.alone:
            return
    yield get_default_environment()
