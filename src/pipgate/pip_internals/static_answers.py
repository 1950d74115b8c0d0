"""Static metadata in the place of a metadata build: pip's resolver goes on, and nothing has run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipgate.build_request import Directory, Purpose, Vcs
from pipgate.pip_internals import stand_in
from pipgate.pip_internals.from_pip import AskedName, build_request, is_tree
from pipgate.policy import Allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.metadata import BaseDistribution
    from pip._internal.req.req_install import InstallRequirement

    from pipgate.core_metadata import CoreMetadata
    from pipgate.pip_internals.run_state import Run
    from pipgate.static_metadata import Known, StaticAnswer

_MARK = "_pipgate_static"


@dataclass(slots=True, eq=False)
class Held:
    """A requirement that has static metadata, and pip's own preparation of it, which has not been done.

    Copies of the requirement share one.
    """

    req: InstallRequirement
    asked: AskedName
    known: Known
    prepare: Callable[[], None]
    track: Callable[[Any], Any]
    prepared: bool = False


def serve(source: Any, prepare: Callable[[], None], run: Run) -> str | None:
    """Give the requirement of a ``SourceDistribution`` metadata that needs no build, where that will do.

    Returns None when it has, else why its files do not say what it requires.
    """
    req = source.req
    if not run.must_build and (run.command.needs_name_alone or req.needs_more_preparation):
        # With --no-deps, or where the index has said what it requires (PEP 658).
        stand_in.put_name_alone(req, *_name_and_version(req, run))
        return None
    # Here and not above: without a source distribution, nobody pays for it. pip installs nothing before.
    from pipgate.static_metadata import Known

    answer = _read(req, run)
    if not isinstance(answer, Known):
        return answer.reason
    if not _will_do(req, answer, run):
        return ""
    _put(source, answer, prepare)
    return None


def held(req: InstallRequirement) -> Held | None:
    """Return the preparation that still has to be done for ``req`` if it is to be built."""
    found = vars(req).get(_MARK)
    return found if isinstance(found, Held) and not found.prepared else None


def shares(req: InstallRequirement, held: Held) -> bool:
    """Return whether ``req`` is the requirement that ``held`` was made for, or a copy of it."""
    return vars(req).get(_MARK) is held


def built_metadata(dist: BaseDistribution) -> CoreMetadata:
    """Return what a build says, from dist-info or, before pip 25.3, from egg-info; raises MetadataError."""
    from pipgate.core_metadata import known_good  # loaded by serve
    from pipgate.recorded_requires import read_requires_txt  # same

    requires: tuple[str, ...] = tuple(dist.metadata.get_all("Requires-Dist", []))
    extras: tuple[str, ...] = tuple(dist.metadata.get_all("Provides-Extra", []))
    try:
        recorded = read_requires_txt(dist.read_text("requires.txt"), "requires.txt")
    except FileNotFoundError:
        pass
    else:
        requires, extras = recorded.requires_dist, recorded.provides_extra
    return known_good(
        "the metadata of the build",
        name=dist.metadata["Name"],
        version=dist.metadata["Version"],
        requires_dist=requires,
        requires_python=dist.metadata["Requires-Python"],
        provides_extra=extras,
    )


def _read(req: InstallRequirement, run: Run) -> StaticAnswer:
    from pipgate import static_metadata  # loaded by serve

    assert req.link is not None
    if req.local_file_path is None or is_tree(req, req.link):
        return static_metadata.of_tree(req.unpacked_source_directory)
    packed = run.packed.get(req.source_dir or "")
    return static_metadata.of_archive(
        req.local_file_path,
        project=req.name,
        content_type=packed.content_type if packed else None,
        subdirectory=req.link.subdirectory_fragment or "",
    )


def _will_do(req: InstallRequirement, known: Known, run: Run) -> bool:
    """Return whether static metadata serves until the resolution is over.

    Where a build follows, that build has the last word: what is allowed and lies there unpacked, or could not
    be taken up again after the resolution, is prepared at once.
    """
    if not run.must_build:
        return True
    resolver = run.resolving.get()
    if resolver is None:
        return False
    request = build_request(req, run, Purpose.METADATA)
    if not isinstance(run.gate.foresee(request), Allowed):
        return True
    unpacked = isinstance(request.source, Directory | Vcs)
    return not unpacked and (known.source.authoritative or can_repeat(resolver))


def can_repeat(resolver: Any) -> bool:
    """Return whether a resolution can be repeated with other metadata: the legacy resolver cannot."""
    return hasattr(resolver, "factory")


def _put(source: Any, known: Known, prepare: Callable[[], None]) -> None:
    req = source.req
    vars(req)[_MARK] = Held(req, AskedName(req.name), known, prepare, _tracking(source))
    stand_in.put_metadata(req, known.fields.name, known.fields.version, known.text)
    req.warn_on_mismatching_name()
    req.assert_source_matches_version()


def _tracking(source: Any) -> Callable[[Any], Any]:
    """Return what enters pip's build tracker, so that no build requires itself; with a key since 24.0."""
    key = getattr(source, "build_tracker_id", None)
    return lambda tracker: tracker.track(source.req) if key is None else tracker.track(source.req, key)


def _name_and_version(req: InstallRequirement, run: Run) -> tuple[str, str]:
    """Return name and version for a command that needs no more, from the file name where that has them.

    "0" stands for a version that nothing says.
    """
    request = build_request(req, run, Purpose.METADATA)
    if request.name is not None and request.version is not None and stand_in.is_version(request.version):
        return request.name, request.version
    from pipgate.static_metadata import Known  # see serve

    answer = _read(req, run)
    said = answer.fields if isinstance(answer, Known) else answer
    return request.name or said.name or "unknown", said.version or "0"
