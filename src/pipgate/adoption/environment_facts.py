"""What an environment says of itself, asked from its own interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from pipgate.errors import UsageError
from pipgate.plain_text import plain

# Paths as bytes, because that interpreter and this one may see names in different encodings.
_ASK = (
    "import json, os, sys, sysconfig; "
    "places = [sys.prefix, sys.base_prefix, sysconfig.get_path('purelib'), sysconfig.get_path('stdlib')]; "
    "print(json.dumps([sys.version_info[:2], [os.fsencode(each).hex() for each in places]]))"
)
_SECONDS = 30


class EnvironmentFacts(NamedTuple):
    """What an environment says of itself: its interpreter, where it lies, and where its modules lie."""

    python: str
    prefix: str
    base: str
    version: tuple[int, int]
    purelib: str
    stdlib: str

    @property
    def is_base(self) -> bool:
        """Whether it is an interpreter itself, and no environment made for one."""
        is_itself = os.path.realpath(self.prefix) == os.path.realpath(self.base)
        return is_itself and not os.path.isdir(os.path.join(self.prefix, "conda-meta"))  # noqa: PTH112, PTH118 -- strings

    @property
    def words(self) -> list[str]:
        """The words that name it behind ``pipgate enable`` and ``disable``."""
        return ["--base", self.python] if self.is_base else [self.prefix]


def bin_directory(prefix: str) -> str:
    """Return where the programs of an environment lie."""
    return os.path.join(prefix, "Scripts" if os.name == "nt" else "bin")  # noqa: PTH118 -- strings


def look_at(directory: str) -> EnvironmentFacts:
    """Ask the Python of an environment; raises UsageError for what is none, or does not run."""
    if not os.path.isdir(directory):  # noqa: PTH112 -- kept as it was named
        raise UsageError(f"there is no directory {plain(directory)}")
    python = os.path.join(bin_directory(directory), "python")  # noqa: PTH118 -- same
    if not os.access(python, os.X_OK):
        raise UsageError(f"{plain(directory)} is no environment: it has no Python that can be run")
    return ask(python)


def ask(python: str) -> EnvironmentFacts:
    """Ask an interpreter; raises UsageError where it does not run."""
    try:
        command = [python, "-I", "-c", _ASK]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603 -- the caller's own environment
        version, told = json.loads(asked.stdout.strip().rpartition("\n")[2])  # others may print too
        prefix, base, purelib, stdlib = (os.fsdecode(bytes.fromhex(each)) for each in told)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{plain(python)} does not run: {plain(str(error))}") from error
    release = (version[0], version[1])
    return EnvironmentFacts(python, prefix, base, release, purelib, stdlib)


def still_there(directory: str) -> EnvironmentFacts:
    """Return what can be told of an environment that may not run now; raises UsageError as ``look_at``."""
    try:
        return look_at(directory)
    except UsageError:
        facts = _by_its_hook(directory)
        if facts is None:
            raise
        return facts


def left_in(directory: str) -> EnvironmentFacts | None:
    """Return the environment in a directory, or None where there is none any more, and no hook of one."""
    try:
        return still_there(directory)
    except UsageError:
        return None


def _by_its_hook(directory: str) -> EnvironmentFacts | None:
    """Return where the packages of an environment are, as the hook that lies among them says."""
    found = sorted(Path(directory).glob("lib*/python3*/site-packages/_pipgate.pth"))
    return EnvironmentFacts("", directory, "", (0, 0), str(found[0].parent), "") if found else None
