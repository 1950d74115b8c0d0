"""The hook in a virtual environment: the files that gate every pip in it, written and taken away again."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipgate.errors import FileNotWrittenError, UsageError
from pipgate.plain_text import plain, shell_line

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = "Written by pipgate enable, taken away by pipgate disable."
HOOK = "_pipgate_hook"
_START = "_pipgate_start"
_NAMES = ("_pipgate.pth", f"{HOOK}.py", "_pipgate.start", f"{_START}.py")
_ASK = (
    "import json, sys, sysconfig; print(json.dumps([sys.prefix, sys.base_prefix, sys.version_info[:2], "
    "sysconfig.get_path('purelib')]))"
)
_SECONDS = 30
_NAMED = re.compile(r"^(ENGINE|ROOTS) = (.*)$", re.MULTILINE)

# One line, because site.py runs the lines of a .pth file that begin with import, each by itself. It imports
# nothing at the start of Python; a damaged hook stops pip, and Python goes on.
_FIND = """\
def find_spec(name, path=None, target=None):
 if name != "pip._internal" and not name.startswith("pip._internal."): return None
 try: import {hook} as hook
 except ImportError as error: raise ImportError({damaged!a}) from error
 return hook.find(name, path, target)
"""
_FINDER = (
    "import sys; exec({find!a}); "
    "sys.meta_path.insert(0, type('PipgateFinder', (), {{'find_spec': staticmethod(find_spec)}}))"
)

_HOOK_TEXT = '''\
# {marker}
"""Gates the pip of this environment: called by _pipgate.pth when the first module of pip is imported."""

import os
import sys

ENGINE = {engine!r}
ROOTS = {roots!r}
DAMAGED = {damaged!r}
_finders = []


class _EngineFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is not None or name not in ROOTS or name == "pip":
            return None
        from importlib.machinery import PathFinder

        own = PathFinder.find_spec(name, [os.path.dirname(__file__)]) if name == "packaging" else None
        if own is not None and _is_new(own.origin):
            return own
        return PathFinder.find_spec(name, [ROOTS[name]], target)


def _is_new(init):
    """Whether the packaging of this environment will do, so that its programs keep theirs."""
    with open(init, encoding="utf-8") as file:
        version = file.read().partition('__version__ = "')[2].split(".", 2)
    return version[0].isdigit() and (int(version[0]) > 23 or version[:1] == ["23"] and version[1][:1] != "0")


def find(name, path=None, target=None):
    if not _finders:
        _finders.append(_closed)  # and it stays so when anything goes wrong here
        _finders[0] = _arm()
    return _finders[0](name, path, target)


def _closed(*_):
    raise ImportError("pipgate: the gate could not be armed in this process. " + DAMAGED)


def _arm():
    armed = sys.modules.get("pipgate.pip_internals.arming")
    if armed is not None and armed.is_armed():
        return lambda *_: None  # this process was started by pipgate itself
    if not os.path.isfile(ENGINE):
        raise ImportError("pipgate: its engine is gone, " + ENGINE + ". " + DAMAGED)
    sys.meta_path.insert(0, _EngineFinder)
    from pipgate.commands import hooked

    return hooked.arm(ENGINE, ROOTS)
'''

_START_TEXT = '''\
# {marker}
"""What Python 3.15 and later call when they start (PEP 829): the same as _pipgate.pth."""


def install():
    exec({line!a}, {{}})
'''


class EnvironmentFacts(NamedTuple):
    """What an environment says of itself: its interpreter, where it lies, and where packages go."""

    python: str
    prefix: str
    base: str
    version: tuple[int, int]
    purelib: str


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
        prefix, base, version, purelib = json.loads(asked.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{plain(python)} does not run: {plain(str(error))}") from error
    return EnvironmentFacts(python, prefix, base, (version[0], version[1]), purelib)


def left_behind(directory: str) -> EnvironmentFacts | None:
    """Return an environment whose Python does not run any more, by the hook that lies in it."""
    found = sorted(Path(directory).glob(f"lib*/python3*/site-packages/{_NAMES[0]}"))
    return EnvironmentFacts("", directory, "", (0, 0), str(found[0].parent)) if found else None


def enable(facts: EnvironmentFacts, orders: str, engine: str) -> list[str]:
    """Write the hook and return the files; those that are there as they should be are left alone.

    Raises FileNotWrittenError, and then none of them is left half written: what there was before is there.
    """
    told = json.loads(orders)
    roots = {**told["roots"], **({"pip": told["fallback_pip"]} if told["fallback_pip"] else {})}
    files = _texts(facts, engine, roots)
    for path in files:
        _require_ours(path)
    written: dict[Path, str | None] = {}
    try:
        for path, text in files.items():
            before = path.read_text(encoding="utf-8") if path.exists() else None
            if before != text:
                _put(path, text)
                written[path] = before
    except OSError as error:
        _undo(written)
        raise FileNotWrittenError(
            f"{plain(facts.purelib)} cannot be written: {error.strerror}", note="Nothing was changed."
        ) from error
    return [str(path) for path in files]


def disable(facts: EnvironmentFacts) -> list[str]:
    """Take away every file of the hook, with what Python made of it; returns them.

    Raises UsageError, and takes nothing away, where one of them is not ours; FileNotWrittenError where one
    cannot be taken away.
    """
    there = [path for name in _NAMES if (path := Path(facts.purelib, name)).is_symlink() or path.exists()]
    for path in there:
        _require_ours(path)
    try:
        for path in reversed(there):  # the .pth file last: half removed, pip stops
            path.unlink()
        _clear_cache(Path(facts.purelib, "__pycache__"))
    except OSError as error:
        raise FileNotWrittenError(f"{plain(facts.purelib)} cannot be written: {error.strerror}") from error
    return [str(path) for path in there]


def is_as_written(facts: EnvironmentFacts) -> bool | None:
    """Return whether the files of the hook are as they were written; None where there are none.

    They name the engine that wrote them, so that what is compared is what they themselves say.
    """
    found = [path for name in _NAMES if (path := Path(facts.purelib, name)).exists()]
    if not found:
        return None
    hook = Path(facts.purelib, f"{HOOK}.py")
    try:
        names = dict(_NAMED.findall(hook.read_text(encoding="utf-8")))
        engine, roots = ast.literal_eval(names["ENGINE"]), ast.literal_eval(names["ROOTS"])
        texts = _texts(facts, engine, roots)
        return all(path.read_text(encoding="utf-8") == text for path, text in texts.items())
    except (OSError, ValueError, SyntaxError, KeyError):
        return False


def _texts(facts: EnvironmentFacts, engine: str, roots: dict[str, str]) -> dict[Path, str]:
    repair = shell_line(["pipgate", "enable", facts.prefix])
    remove = shell_line(["rm", *(str(Path(facts.purelib, name)) for name in _NAMES)])
    damaged = f"pip is not run. To repair it: {repair}; to remove it: {remove}"
    broken = f"pipgate: the hook of this environment is damaged. {damaged}"
    # In ASCII: until Python 3.13 a .pth file is read in the encoding of the locale.
    line = _FINDER.format(find=_FIND.format(hook=HOOK, damaged=broken))
    place = Path(facts.purelib)
    return {
        place / f"{HOOK}.py": _HOOK_TEXT.format(marker=MARKER, engine=engine, roots=roots, damaged=damaged),
        place / f"{_START}.py": _START_TEXT.format(marker=MARKER, line=line),
        place / "_pipgate.start": f"{_START}:install\n",
        place / "_pipgate.pth": f"# {MARKER}\n{line}\n",
    }


def _require_ours(path: Path) -> None:
    """Raise UsageError for a file of that name that somebody else has written."""
    if path.is_symlink() or (path.exists() and not _is_ours(path)):
        raise UsageError(f"{plain(str(path))} was not written by pipgate; it was left as it is")


def _is_ours(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return MARKER in text.partition("\n")[0] or text in {f"{_START}:install\n", ""}


def _put(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _undo(written: dict[Path, str | None]) -> None:
    for path, before in written.items():
        with contextlib.suppress(OSError):
            if before is None:
                path.unlink()
            else:
                _put(path, before)


def _clear_cache(directory: Path) -> None:
    for path in _cached(directory):
        path.unlink()
    with contextlib.suppress(OSError):  # others have theirs there
        directory.rmdir()


def _cached(directory: Path) -> Iterator[Path]:
    for name in (HOOK, _START):
        yield from directory.glob(f"{name}.*.pyc")
