"""Approvals files for tests: a valid one, what it says, and entries to add to it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

from pipgate.approval_entries import entry_line
from pipgate.approvals import Approval, Approvals, CommitPin, Revocation, Sha256Pin
from pipgate.approvals_file import change, read_approvals
from pipgate.approvals_text import added, parse_approvals
from pipgate.build_request import Purpose
from pipgate.origin import Layer, Origin

SOURCES = Path(__file__).parents[2] / "src"
OLD = "version = 1\n"
FILE = "pipgate-approvals.toml"
ON = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
SHA, OTHER_SHA, COMMIT = "49b3" * 16, "0f3c" * 16, "0f3c" * 10
VALID = f"""\
# Written by `pipgate approve`. One line per entry, sorted. Commit this file.
version = 1
approvals = [
  {{ name = "docopt", version = "0.6.2", sha256 = "{SHA}", file = "docopt-0.6.2.tar.gz", for = ["metadata", "wheel"], by = "kim@acme.example", on = 2026-11-23T10:00:00Z, expires = 2027-11-23, reason = "setup.py only imports docopt" }},
  {{ name = "tool", vcs = "git+https://git.example.org/o/tool", commit = "{COMMIT}", for = ["wheel"], by = "kim", on = 2026-11-23T10:00:00Z }},
]
revoked = [
  {{ name = "evilpkg", by = "kim", on = 2026-11-23T10:00:00Z, reason = "SEC-120" }},
]
"""
DOCOPT = Approval(
    "docopt",
    "0.6.2",
    Sha256Pin(SHA),
    frozenset({Purpose.METADATA, Purpose.WHEEL}),
    "kim@acme.example",
    ON,
    Origin(Layer.PROJECT, FILE, 4),
    "docopt-0.6.2.tar.gz",
    date(2027, 11, 23),
    "setup.py only imports docopt",
)
TOOL = Approval(
    "tool",
    None,
    CommitPin("git+https://git.example.org/o/tool", COMMIT),
    frozenset({Purpose.WHEEL}),
    "kim",
    ON,
    Origin(Layer.PROJECT, FILE, 5),
)
EVIL = Revocation("evilpkg", None, None, "kim", ON, Origin(Layer.PROJECT, FILE, 8), "SEC-120")
ENTRY = f'name = "a", version = "1", sha256 = "{SHA}", for = ["wheel"], by = "kim", on = 2026-11-23T10:00:00Z'


def parsed(text: str) -> Approvals:
    return parse_approvals(text, FILE, Layer.PROJECT)


def said(text: str) -> list[str]:
    """Return what a file says, without where it stands there."""
    approvals = parsed(text)
    return sorted(entry_line(each) for each in (*approvals.approved, *approvals.revoked))


def approval(name: str, version: str = "1", **fields: object) -> Approval:
    return replace(DOCOPT, name=name, version=version, **fields)  # type: ignore[arg-type]  # the fields of the type


def one(entry: str, key: str = "approvals") -> str:
    return f"version = 1\n\n{key} = [\n{entry}\n]\n"


def revocation(name: str) -> Revocation:
    return replace(EVIL, name=name)


def names_in(path: Path) -> set[str]:
    return {each.name for each in read_approvals(str(path), Layer.PROJECT).revoked}


def add(path: Path, name: str) -> None:
    change(str(path), lambda text: added(text, revocation(name)))


def started(script: str, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{SOURCES}{os.pathsep}{Path(__file__).parents[1]}"}
    command = [sys.executable, "-c", textwrap.dedent(script), *words]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
