"""Static metadata in the place of a metadata build: pip's resolver goes on, and nothing has run."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipgate.archive_names import is_name, stem
from pipgate.pip_internals import stand_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.metadata import BaseDistribution
    from pip._internal.req.req_install import InstallRequirement

    from pipgate.core_metadata import CoreMetadata
    from pipgate.pip_internals.names import AskedName
    from pipgate.pip_internals.run_state import Run
    from pipgate.static_metadata import Known, StaticAnswer, Unknown

_MARK = "_pipgate_static"
_NO_VERSION = "0"


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


def fetch_metadata_only(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Have an sdist that will be built fetched whole, whatever the index says of it (PEP 658).

    pip would come to its build after the resolution, one by one, when the plan has been decided.
    """

    @functools.wraps(original)
    def fetch(self: Any, req: InstallRequirement) -> Any:
        return None if run.must_build and not req.is_wheel else original(self, req)

    return fetch


def serve(source: Any, prepare: Callable[[], None], run: Run) -> str | None:
    """Give the requirement of a ``SourceDistribution`` metadata that needs no build, where that will do.

    Returns None when it has, else why its files do not say what it requires.
    """
    req = source.req
    if not run.must_build and _needs_no_reading(req, run):
        stand_in.put_name_alone(req, *name_and_version_of(req, None))
        return None
    # Here and not above: without a source distribution, nobody pays for it. pip installs nothing before.
    from pipgate.pip_internals.names import note_claim
    from pipgate.static_metadata import Known

    if run.plan_only and req.link.is_vcs:
        from pipgate.pip_internals.static_plan import put_checkout_by_name

        put_checkout_by_name(req, run)
        return None
    answer = _read(req, run)
    note_claim(req, answer.fields.name if isinstance(answer, Known) else answer.name)
    if not isinstance(answer, Known):
        return _without(req, answer, run)
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
    from pipgate.pip_internals.names import is_tree

    assert req.link is not None
    if req.local_file_path is None or is_tree(req, req.link):
        return static_metadata.of_tree(req.unpacked_source_directory)
    packed = run.packed.get(req.source_dir or "")
    return static_metadata.of_archive(
        req.local_file_path,
        project=req.name,
        content_type=packed.content_type if packed else None,
        subdirectory=req.link.subdirectory_fragment or "",
        filename=req.link.filename,
    )


def _will_do(req: InstallRequirement, known: Known, run: Run) -> bool:
    """Return whether static metadata serves until the resolution is over.

    Where a build follows, or a lock file that is kept, a recorded list must not choose what is taken: an
    allowed build is asked at once, as pip does. So is what is allowed and lies there unpacked.
    """
    if run.plan_only or not (run.must_build or run.command.name == "lock"):
        return True
    if run.resolving.get() is None:
        return not run.must_build
    from pipgate.build_request import Directory, Purpose, Vcs
    from pipgate.decision import Allowed
    from pipgate.pip_internals.from_pip import build_request

    request = build_request(req, run, Purpose.METADATA)
    if not isinstance(run.gate.foresee(request), Allowed):
        return True
    unpacked = run.must_build and isinstance(request.source, Directory | Vcs)
    return known.source.authoritative and not unpacked


def can_repeat(resolver: Any) -> bool:
    """Return whether a resolution can be repeated with other metadata: the legacy resolver cannot."""
    return hasattr(resolver, "factory")


def _put(source: Any, known: Known, prepare: Callable[[], None]) -> None:
    from pipgate.pip_internals.names import AskedName  # see serve

    req = source.req
    vars(req)[_MARK] = Held(req, AskedName(req.name), known, prepare, _tracking(source))
    stand_in.put_metadata(req, known.fields.name, known.fields.version, known.text)
    req.warn_on_mismatching_name()
    req.assert_source_matches_version()


def _tracking(source: Any) -> Callable[[Any], Any]:
    """Return what enters pip's build tracker, so that no build requires itself; with a key since 24.0."""
    key = getattr(source, "build_tracker_id", None)
    return lambda tracker: tracker.track(source.req) if key is None else tracker.track(source.req, key)


def _needs_no_reading(req: InstallRequirement, run: Run) -> bool:
    """Return whether the file name says all that is wanted, or the index has (PEP 658).

    With ``--no-deps`` that is name, version and Requires-Python, which is looked for without parsing.
    """
    from pipgate.pip_internals.names import is_tree, name_and_version  # see serve

    if req.needs_more_preparation:
        return True
    if not run.command.needs_name_alone or req.link is None or is_tree(req, req.link):
        return False
    if req.local_file_path is None:
        return False
    from pipgate.archive_stream import says_python  # see serve

    name, version = name_and_version(req)
    named = name is not None and version is not None and stand_in.is_version(version)
    return named and not says_python(req.local_file_path)


def _without(req: InstallRequirement, answer: Unknown, run: Run) -> str | None:
    """Go on without metadata where the command needs none, else return why there is none."""
    if run.plan_only:
        from pipgate.pip_internals.static_plan import put_by_name

        put_by_name(req, answer, run)
        return None
    if run.must_build or not run.command.needs_name_alone:
        return answer.reason
    name, version = name_and_version_of(req, answer)
    if run.command.name != "download" and version == _NO_VERSION:
        return answer.reason  # a dry run would show what nobody knows
    stand_in.put_name_alone(req, name, version)
    return None


def name_and_version_of(req: InstallRequirement, answer: Unknown | None) -> tuple[str, str]:
    """Return name and version from the file name, or from what its files say.

    Where nothing says them, ``download`` saves the file under its own name all the same.
    """
    from pipgate.pip_internals.names import name_and_version  # see serve

    assert req.link is not None
    name, version = name_and_version(req)
    if version is not None and not stand_in.is_version(version):
        version = None
    said_name, said_version = (None, None) if answer is None else (answer.name, answer.version)
    of_file = stem(req.link.filename)
    name = name or said_name or (of_file if is_name(of_file) else "archive")
    return name, version or said_version or _NO_VERSION
