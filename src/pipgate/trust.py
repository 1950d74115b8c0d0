"""Which projects may loosen the policy: the content of their files that this user has trusted."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipgate.errors import PolicyError
from pipgate.state_files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_STORE = "trusted.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """What a project says for itself: its root, its policy as text, and the text of its approvals file.

    ``approvals_path`` is where that file lies or would lie. Of a pyproject.toml the policy is our table
    alone, so that other changes to the file change nothing here.
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
    def digest(self) -> str:
        """The sha256 of both, as 64 hexadecimal digits."""
        text = json.dumps([_lines(self.policy), _lines(self.approvals)])
        return hashlib.sha256(text.encode()).hexdigest()


def is_trusted(files: ProjectFiles, state: str) -> bool:
    """Return whether this user has trusted the files as they are; raises PolicyError for a broken store."""
    entry = _entries(state).get(os.path.realpath(files.root))
    return entry is not None and entry.get("sha256") == files.digest


def changes(files: ProjectFiles, state: str) -> list[str]:
    """Return what has changed since the files were trusted last, as a unified diff; all of it if never."""
    import difflib  # noqa: PLC0415 -- for this verb alone

    entry = _entries(state).get(os.path.realpath(files.root), {})
    shown: list[str] = []
    for key, now in (("policy", files.policy), ("approvals", files.approvals)):
        before = str(entry.get(key, ""))
        diff = difflib.unified_diff(
            before.splitlines(), now.splitlines(), f"{key} (trusted)", f"{key} (now)", lineterm="", n=1
        )
        shown += list(diff)
    return shown


def store(files: ProjectFiles, state: str) -> None:
    """Trust the files as they are now. They are kept, so that a later change can be shown."""
    entry = {"sha256": files.digest, "policy": files.policy, "approvals": files.approvals}
    _write({**_entries(state), os.path.realpath(files.root): entry}, state)


def forget(root: str, state: str) -> bool:
    """Trust a project no longer; returns whether it was trusted."""
    entries = dict(_entries(state))
    known = entries.pop(os.path.realpath(root), None) is not None
    if known:
        _write(entries, state)
    return known


def _write(entries: Mapping[str, Mapping[str, str]], state: str) -> None:
    write_json(os.path.join(state, _STORE), {"version": _VERSION, "projects": entries})  # noqa: PTH118 -- strings


def _entries(state: str) -> dict[str, dict[str, str]]:
    path = os.path.join(state, _STORE)  # noqa: PTH118 -- a string
    try:
        told = read_json(path)
        projects = told["projects"]
        if told["version"] != _VERSION or not isinstance(projects, dict):
            raise PolicyError(path, "the list of trusted projects is of another version")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(path, f"the list of trusted projects cannot be read: {error}") from error
    return projects


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").splitlines()
