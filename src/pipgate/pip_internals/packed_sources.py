"""Archives stay packed until their build is allowed; what was hashed is what is unpacked and built."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from pipgate.pip_internals.run_state import PackedSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.gate import BuildRefusedError
    from pipgate.pip_internals.run_state import Run


def unpack_file(original: Callable[..., None], run: Run) -> Callable[..., None]:
    """Put off ``unpack_file``: pip unpacks before it knows whether it will need the sources at all."""
    run.unpack_now = original

    @functools.wraps(original)
    def keep_packed(filename: str, location: str, content_type: str | None = None) -> None:
        run.packed[location] = PackedSource(filename, content_type)
        if run.is_library:  # whoever called it wants to see the files; a build gets them anew
            original(filename, location, content_type)

    return keep_packed


def unpack_for_build(req: InstallRequirement, request: BuildRequest, run: Run) -> None:
    """Unpack the archive of an allowed build.

    The bytes are copied to a place of our own while they are hashed again, so that a file that is replaced
    on disk in the meantime cannot be built in the place of the one that was decided on. Raises
    BuildRefusedError for an archive that would write outside its directory, or that changed.
    """
    packed = run.packed.pop(req.source_dir or "", None)
    if packed is None:
        return
    # Here and not above: whoever only keeps archives does not pay for what opens them.
    from pipgate.archive_stream import HostileArchiveError
    from pipgate.build_request import Archive, Sdist
    from pipgate.sdist_archive import check_members

    copy, sha256 = _private_copy(packed.filename)
    if not isinstance(request.source, Sdist | Archive) or sha256 != request.source.sha256:
        raise _stopped(run, request, "the file changed after it was hashed")
    try:
        check_members(copy, packed.content_type)
    except HostileArchiveError as hostile:
        raise _stopped(run, request, str(hostile)) from hostile
    assert req.source_dir is not None
    if run.is_library:
        shutil.rmtree(req.source_dir, ignore_errors=True)
    assert run.unpack_now is not None
    run.unpack_now(copy, req.source_dir, packed.content_type)


def _stopped(run: Run, request: BuildRequest, reason: str) -> BuildRefusedError:
    from pipgate.decision import Refused

    return run.gate.stop(request, Refused("archive-refused", reason))


def _private_copy(filename: str) -> tuple[str, str]:
    from pip._internal.utils.temp_dir import TempDirectory

    directory: Any = TempDirectory(kind="pipgate-archive", globally_managed=True).path
    copy = os.path.join(directory, os.path.basename(filename))  # noqa: PTH118, PTH119 -- pip's paths are strings
    digest = hashlib.sha256()
    with open(filename, "rb") as source, open(copy, "xb") as target:  # noqa: PTH123 -- same
        while piece := source.read(1 << 20):
            digest.update(piece)
            target.write(piece)
    return copy, digest.hexdigest()
