"""Whether all policies and approvals are as they were when a run last found them valid."""

from __future__ import annotations

# Such a run need not read them before pip starts: it does when something has to be decided, which runs of
# wheels alone never have. What is kept is a digest in the user's own state directory. Where it is wrong, a
# broken file is found when the gate opens, and nothing is allowed on the strength of it.
import hashlib
import json
import os
from typing import TYPE_CHECKING

from pipgate import __version__, trust
from pipgate.approvals_file import LARGEST_APPROVALS
from pipgate.outlook import outlook_from_json
from pipgate.policy_places import Named, look_up, policy_files
from pipgate.regular_files import read_regular
from pipgate.state_files import digest_of, name_of, read_json, write_json
from pipgate.user_directories import is_projects, state_home

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipgate.outlook import Outlook


def unchanged(given: Named, cwd: str, environ: Mapping[str, str]) -> Outlook | None:
    """Return what could be allowed if nothing has changed since, else None.

    Raises PolicyError for a policy that cannot be read.
    """
    if is_projects(state_home(environ), look_up(cwd).root):
        return None  # what a project can have brought along says nothing about it
    try:
        kept = read_json(_file(given, cwd, environ))
        same = kept["digest"] == _digest(given, cwd, environ, kept["approvals"])
        return outlook_from_json(kept["outlook"]) if same else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def note_valid(
    given: Named, cwd: str, environ: Mapping[str, str], approvals: Iterable[str], outlook: Outlook
) -> None:
    """Keep that all is valid, and what it could allow.

    ``approvals`` are the files that were looked for, there or not. That it cannot be kept is no reason to
    fail.
    """
    if unchanged(given, cwd, environ) == outlook:
        return
    paths = list(approvals)
    try:
        digest = _digest(given, cwd, environ, paths)
        kept = {"digest": digest, "approvals": paths, "outlook": outlook.to_json()}
        write_json(_file(given, cwd, environ), kept)
    except OSError:
        return


def _file(given: Named, cwd: str, environ: Mapping[str, str]) -> str:
    return os.path.join(state_home(environ), "valid", name_of(cwd, repr(given)))  # noqa: PTH118 -- strings


def _digest(given: Named, cwd: str, environ: Mapping[str, str], approvals: list[str]) -> str:
    policies = [
        (place.layer.value, place.path, digest_of(place.text))
        for place in policy_files(look_up(cwd), given, environ)
    ]
    files = [*approvals, trust.store_of(state_home(environ))]  # what is trusted decides what counts
    return digest_of(json.dumps([__version__, policies, [(path, _sha256(path)) for path in files]]))


def _sha256(path: str) -> str | None:
    """Return the sha256 of a file, None where there is none; raises OSError for what is no plain file."""
    try:
        return hashlib.sha256(read_regular(path, LARGEST_APPROVALS)[0]).hexdigest()
    except FileNotFoundError:
        return None
