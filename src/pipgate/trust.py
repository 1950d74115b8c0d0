"""Which projects may loosen the policy: the content of their files that this user has trusted."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.ownership import NotOnesOwnError, why_not_ones_own
from pipgate.plain_text import plain
from pipgate.state_files import locked, read_json, write_json
from pipgate.user_directories import is_projects

if TYPE_CHECKING:
    from collections.abc import Iterator

_STORE = "trusted.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """What a project says for itself: its root, its policy as text, and the text of its approvals file.

    ``approvals_path`` is where that file lies or would lie; it is the one whose approvals count in a trusted
    project under the policies at hand, and empty where that is not the project's. Of a pyproject.toml the
    policy is our table alone, so that other changes to the file change nothing here.
    """

    root: str
    policy: str
    approvals: str
    approvals_path: str = ""

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing to trust."""
        return not self.policy and not self.approvals

    @property
    def name(self) -> str:
        """What the approvals file is called among those of the project: its path from the root."""
        inside = self.approvals_path.startswith(self.root.rstrip("/") + "/")
        return os.path.relpath(self.approvals_path, self.root) if inside else self.approvals_path


def store_of(state: str) -> str:
    """Return the file in which a user's trust is kept."""
    return os.path.join(state, _STORE)  # noqa: PTH118 -- a string


def is_trusted(files: ProjectFiles, state: str) -> bool:
    """Return whether this user has trusted the files as they are; raises PolicyError for a broken store.

    A store that others can have written trusts nothing; nor does one that lies in the project.
    """
    if is_projects(state, files.root):
        return False
    policy, approvals = _kept(files, state)
    return policy == _text(files.policy) and approvals.get(files.name, "") == _text(files.approvals)


def changes(files: ProjectFiles, state: str) -> list[str]:
    """Return what has changed since the files were trusted last, as a unified diff; all of it if never."""
    import difflib  # noqa: PLC0415 -- for this verb alone

    policy, approvals = _kept(files, state)
    rows = (
        ("policy", policy or "", files.policy),
        (files.name or "approvals", approvals.get(files.name, ""), files.approvals),
    )
    shown: list[str] = []
    for name, before, now in rows:
        diff = difflib.unified_diff(
            _lines(before) if before else [],
            _lines(now) if now else [],
            f"{name} (trusted)",
            f"{name} (now)",
            lineterm="",
            n=1,
        )
        shown += list(diff)
    return shown


def store(files: ProjectFiles, state: str) -> None:
    """Trust the files as they are now. They are kept, so that a later change can be shown.

    A project can have several approvals files, where callers name policies of their own: each is kept.
    """
    _, approvals = _kept(files, state)
    with _written(state, files.root) as entries:
        entry = {
            "policy": _text(files.policy),
            "approvals": {**approvals, files.name: _text(files.approvals)},
        }
        entries[os.path.realpath(files.root)] = entry


def forget(root: str, state: str) -> bool:
    """Trust a project no longer; returns whether it was trusted."""
    with _written(state, root) as entries:
        return entries.pop(os.path.realpath(root), None) is not None


def _kept(files: ProjectFiles, state: str) -> tuple[str | None, dict[str, str]]:
    """Return the policy that was trusted, None for none, and the approvals files by their names."""
    try:
        entry = _entries(state).get(os.path.realpath(files.root), {})
    except NotOnesOwnError:
        return None, {}
    approvals = entry.get("approvals")
    if not isinstance(approvals, dict):  # of an older pipgate, which did not say of which file
        return None, {}
    return entry.get("policy"), approvals


@contextmanager
def _written(state: str, root: str) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield the entries, to be changed, and write them; of two processes one waits for the other."""
    path = store_of(state)
    try:
        _require_own(path, root)
        with locked(path, state):
            entries = _entries(state)
            yield entries
            write_json(path, {"version": _VERSION, "projects": entries})
    except OSError as error:
        reason = f"the list of trusted projects cannot be written: {error.strerror}"
        raise FileNotWrittenError(f"{plain(path)}: {reason}", note="It is as it was before.") from error


def _require_own(path: str, root: str) -> None:
    """Refuse to trust in a place that would not count afterwards; raises NotOnesOwnError."""
    state = os.path.dirname(path)  # noqa: PTH120 -- strings
    if is_projects(state, root):
        raise NotOnesOwnError(None, "HOME or XDG_STATE_HOME leads into the project")
    if os.path.isdir(state) and (others := why_not_ones_own(path, os.stat(state))):  # noqa: PTH112, PTH116 -- same
        raise NotOnesOwnError(None, f"{others[0]} ({others[1]})")


def _entries(state: str) -> dict[str, dict[str, Any]]:
    path = store_of(state)
    try:
        told = read_json(path)
        projects = told["projects"]
        if told["version"] != _VERSION or not isinstance(projects, dict):
            raise PolicyError(path, "the list of trusted projects is of another version")
    except FileNotFoundError:
        return {}
    except NotOnesOwnError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(path, f"the list of trusted projects cannot be read: {error}") from error
    return projects


def _text(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _lines(text: str) -> list[str]:
    """Return the lines as TOML has them: other signs that break a line elsewhere are part of one."""
    return _text(text).split("\n")
