"""Which projects may loosen the policy: the content of their files that this user has trusted."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipgate.errors import FileNotWrittenError, PolicyError
from pipgate.plain_text import plain
from pipgate.state_files import digest_of, locked, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        """The sha256 of both, as 64 hexadecimal digits; what editors and git change at line ends is alike."""
        return digest_of(json.dumps([_text(self.policy), _text(self.approvals)]))


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
            _lines(before) if before else [],
            _lines(now) if now else [],
            f"{key} (trusted)",
            f"{key} (now)",
            lineterm="",
            n=1,
        )
        shown += list(diff)
    return shown


def store(files: ProjectFiles, state: str) -> None:
    """Trust the files as they are now. They are kept, so that a later change can be shown."""
    entry = {"sha256": files.digest, "policy": files.policy, "approvals": files.approvals}
    with _written(state) as entries:
        entries[os.path.realpath(files.root)] = entry


def forget(root: str, state: str) -> bool:
    """Trust a project no longer; returns whether it was trusted."""
    with _written(state) as entries:
        return entries.pop(os.path.realpath(root), None) is not None


@contextmanager
def _written(state: str) -> Iterator[dict[str, dict[str, str]]]:
    """Yield the entries, to be changed, and write them; of two processes one waits for the other."""
    path = os.path.join(state, _STORE)  # noqa: PTH118 -- a string
    try:
        with locked(path, state):
            entries = _entries(state)
            yield entries
            write_json(path, {"version": _VERSION, "projects": entries})
    except OSError as error:
        reason = f"the list of trusted projects cannot be written: {error.strerror}"
        raise FileNotWrittenError(f"{plain(path)}: {reason}", note="It is as it was before.") from error


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


def _text(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _lines(text: str) -> list[str]:
    """Return the lines as TOML has them: other signs that break a line elsewhere are part of one."""
    return _text(text).split("\n")
