"""The files that the gate rests on, and which of them a path stands for."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import NamedTuple

_HOOK = "the hook that gates an environment"
_CONFIGURATION = "a configuration that pip reads"
_COUNTS_HERE = "a file that pip or pipgate goes by here"
_POLICY = "a policy that pipgate would go by there"
_REPOSITORY = "what says that a repository begins there, and a search for policies ends"
_PYVENV = "what makes the environment one"
_STARTUP = "what Python imports when it starts"
_KEPT = "what pipgate keeps for a user or a machine"
_INTERPRETER = "the Python of the environment"
# What the gate imports: by which project it may be written, and what it is.
_OWNED = {
    "pip": "pip itself",
    "pipgate": "pipgate itself",
    "packaging": "a library that pipgate uses",
    "tomli": "a library that pipgate uses",
}
OWNERS = frozenset(_OWNED)
# Texts, which re keeps compiled: most runs need the last alone.
_PACKAGE = rf"({'|'.join(_OWNED)})(?:\..*|-.*\.(?:dist-info|egg-info|egg|egg-link))?"
_COMMAND = (
    r"(pip|pipgate|pythonw?)(?:-?[0-9][0-9.]*t?)?"
    r"(?:\.exe|\.exe\.manifest|\.bat|\.cmd|\.com|\.ps1|\.py|\.pyw|-script\.pyw?)?"
)
# Beside its program Python reads these before all else, and takes its library and path from them.
_START_FILE = r"[^/]*\._pth|pybuilddir\.txt|modules/setup\.local|lib/.*"
_MODULE = r"([^./]+)(?:/.*|\.(?:py|pyc|pyw|so|pyd)|\.[^/]*\.(?:so|pyd))"
_ARCHIVED_LIBRARY = r"python[0-9]+t?\.zip"
_OF_THE_TOOL = r"pipgate(?:[.-].*)?"
_ANY = (
    r"_pipgate|(?:^|[/\\])(?:pip|packaging|tomli|python|pyvenv|sitecustomize|\.git|\.hg)"
    r"|\.toml(?:$|/)|\._pth|^[^/\\]*\.data[/\\]"
)
_PACKAGES = frozenset({"site-packages", "dist-packages"})
_REPOSITORIES = frozenset({".git", ".hg"})
_IGNORED = frozenset({"Cf", "Mn"})  # file systems that fold names drop these


class Places(NamedTuple):
    """The directories that matter, as real paths: the environment's own, and those that are written to.

    ``files`` are pip's configuration files, policies and approvals; ``standard`` is where the standard
    library lies, ``beside`` what has its place in a scheme.
    """

    libraries: tuple[str, ...]
    scripts: tuple[str, ...]
    roots: tuple[str, ...]
    standard: tuple[str, ...]
    files: tuple[str, ...]
    beside: tuple[str, ...] = ()

    def folded(self) -> Places:
        """Return the same as names are compared."""
        return Places(*(tuple(dict.fromkeys(folded(each) for each in group)) for group in self))


class GateFile(NamedTuple):
    """What a path stands for, and the project that may write it, if any."""

    what: str
    owner: str | None = None


def may_matter(member: str) -> bool:
    """Return whether a member has to be looked at; quick, because most have not."""
    return re.search(_ANY, member.lower() if member.isascii() else folded(member)) is not None


def folded(path: str) -> str:
    """Return a path as the most forgiving file system compares it."""
    if not path.isascii():
        path = unicodedata.normalize("NFKC", path)
        path = "".join(each for each in path if unicodedata.category(each) not in _IGNORED)
    parts = path.casefold().replace("\\", "/").split("/")
    return "/".join(part.partition(":")[0].rstrip(". ") for part in parts)


def judge(path: str, places: Places) -> GateFile | None:
    """Return what of the gate a real path stands for; ``places`` are folded."""
    whole = folded(path)
    if any(part.startswith("_pipgate") for part in whole.split("/")):
        return GateFile(_HOOK)
    if whole in places.files:
        return GateFile(_COUNTS_HERE)
    for directory in places.libraries:
        found = _in_library(_inside(whole, directory))
        if found is not None:
            return found
    if any(_inside(whole, each) for each in places.libraries if each not in places.roots):
        return None
    return _outside_of_libraries(whole, places)


def judge_by_name(path: str, places: Places) -> GateFile | None:
    """Return whether what lies outside of this environment is called as pipgate's, and may serve another."""
    whole = folded(path)
    if any(_inside(whole, each) for each in places.roots):
        return None
    named = any(re.fullmatch(_OF_THE_TOOL, part) for part in whole.split("/"))
    return GateFile(_KEPT, "pipgate") if named else None


def is_pyproject(path: str) -> bool:
    """Return whether a path is called as a project's file that may hold a policy."""
    if path.isascii() and "pyproject.toml" not in path.lower():
        return False
    return folded(path).rpartition("/")[2] == "pyproject.toml"


def judge_policy(path: str, libraries: tuple[str, ...]) -> GateFile | None:
    """Return what a policy stands for that a wheel brings along; nobody works in a directory of libraries.

    ``libraries`` are folded.
    """
    whole = folded(path)
    return None if any(_inside(whole, each) for each in libraries) else GateFile(_POLICY)


def _outside_of_libraries(whole: str, places: Places) -> GateFile | None:
    looks = (
        (_in_scripts, places.scripts),
        (_in_standard_library, places.standard),
        (_beside_libraries, places.beside),
        (_in_root, places.roots),
    )
    for look, directories in looks:
        for directory in directories:
            found = look(_inside(whole, directory))
            if found is not None:
                return found
    return None


def holds_any(path: str, places: Places) -> bool:
    """Return whether a directory that the gate rests on is this one or lies in it."""
    whole = folded(path)
    return any(_inside(f"{each}/x", whole) for group in places for each in group)


def _inside(path: str, directory: str) -> str:
    begin = directory.rstrip("/") + "/"
    return path[len(begin) :] if path.startswith(begin) else ""


def _in_library(inside: str) -> GateFile | None:
    package = re.fullmatch(_PACKAGE, inside.partition("/")[0])
    if package is None:
        return _CONFIGURATIONS.get(inside)
    return _CONFIGURATIONS.get(inside) or GateFile(_OWNED[package[1]], package[1])


def _in_scripts(inside: str) -> GateFile | None:
    """Look among the commands; what lies there is also what a script of Python imports first."""
    module = re.fullmatch(_MODULE, inside)
    if re.fullmatch(_START_FILE, inside) or (module is not None and module[1] in sys.stdlib_module_names):
        return GateFile(_STARTUP)
    command = re.fullmatch(_COMMAND, inside) or re.fullmatch(_PACKAGE, inside.partition("/")[0])
    if inside in _CONFIGURATIONS or command is None or inside in {"packaging", "tomli"}:
        return _CONFIGURATIONS.get(inside)
    if command[1].startswith("python"):
        return GateFile(_INTERPRETER)
    return GateFile(f"the command {command[1]}, or what it imports", command[1])


def _in_standard_library(inside: str) -> GateFile | None:
    """Nothing is written there; the libraries that lie below it are judged as such."""
    return GateFile(_STARTUP) if inside and not _PACKAGES.intersection(inside.split("/")) else None


def _beside_libraries(inside: str) -> GateFile | None:
    first = inside.removeprefix("__pycache__/").partition("/")[0]
    return GateFile(_STARTUP) if first.partition(".")[0] == "sitecustomize" else None


def _in_root(inside: str) -> GateFile | None:
    """Look at what goes below a prefix: libraries of any Python, and what pipgate keeps there."""
    parts = inside.split("/")
    for name in _PACKAGES.intersection(parts):
        return _in_library(inside.partition(f"{name}/")[2])
    if any(re.fullmatch(_ARCHIVED_LIBRARY, part) for part in parts) or _is_start_file_of_root(parts):
        return GateFile(_STARTUP)
    if any(re.fullmatch(_OF_THE_TOOL, part) for part in parts):
        return GateFile(_KEPT, "pipgate")
    if not _REPOSITORIES.isdisjoint(parts):
        return GateFile(_REPOSITORY)
    return _CONFIGURATIONS.get(inside)


def _is_start_file_of_root(parts: list[str]) -> bool:
    """Return whether it lies beside a program of some Python, which Windows has at the prefix itself."""
    return parts[-1].endswith("._pth") and (len(parts) == 1 or parts[-2] in {"bin", "scripts"})


_CONFIGURATIONS = {
    "pip.conf": GateFile(_CONFIGURATION),
    "pip.ini": GateFile(_CONFIGURATION),
    "pyvenv.cfg": GateFile(_PYVENV),
}
