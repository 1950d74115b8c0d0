"""What an installation reaches beside its own environment: where ``--target`` moves it, and others."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipgate.pip_conf import named_policies
from pipgate.policy_places import APPROVALS, has_table, look_up, named, usual_files
from pipgate.trust import store_of
from pipgate.user_directories import state_home
from pipgate.wheel import gate_files
from pipgate.wheel.gate_files import GateFile, Places

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "pyvenv.cfg"
_HOME = ("purelib", "platlib", "data")  # what pip moves, in its order
_HELD = frozenset({_MARK, "pipgate.toml", APPROVALS})
_SCRIPTS = ("bin", "Scripts")


class Target(NamedTuple):
    """The directory that ``--target`` names, and whether what is there gives way (``--upgrade``)."""

    directory: str
    replaces: bool

    def final(self, path: str, home: Mapping[str, str]) -> str:
        """Return where pip moves what it has written to ``path``, in the scheme of its temporary home."""
        whole = os.path.abspath(path)  # noqa: PTH100 -- pip's paths are strings
        for key in _HOME:
            begin = os.path.abspath(home[key]) + os.sep  # noqa: PTH100 -- same
            if whole[: len(begin)].casefold() == begin.casefold():
                return os.path.join(self.directory, whole[len(begin) :])  # noqa: PTH118 -- same
        return whole

    def taken_away(self, final: str, places: Places) -> GateFile | None:
        """Return what goes with the entry of the directory that ``final`` lies in; pip replaces it whole.

        ``places`` are folded, and are those of this environment. A link stays: pip passes it by.
        """
        begin = os.path.join(self.directory, "")  # noqa: PTH118 -- same
        if not self.replaces or not final.startswith(begin):
            return None
        entry = begin + final[len(begin) :].partition(os.sep)[0]
        if entry == final or os.path.islink(entry) or not os.path.isdir(entry):  # noqa: PTH112, PTH114 -- same
            return None
        return _held_by(entry, places)

    def scheme(self, home: Mapping[str, str]) -> dict[str, str]:
        """Return the scheme of the temporary home as it is when all has been moved."""
        directories = dict.fromkeys(_HOME, self.directory)
        return {**{key: self.final(path, home) for key, path in home.items()}, **directories}


@functools.lru_cache(maxsize=256)
def _held_by(directory: str, places: Places) -> GateFile | None:
    if gate_files.holds_any(os.path.realpath(directory), places):
        return GateFile("the directory that is replaced holds what the gate rests on")
    for place, directories, files in os.walk(directory):
        for name in (*directories, *files):
            is_policy = gate_files.is_pyproject(name) and has_table(f"{place}/{name}")
            if name in _HELD or name.startswith("_pipgate") or is_policy:
                return GateFile(
                    f"the directory that is replaced holds {os.path.relpath(place, directory)}/{name}"
                )
    return None


def judge_in_other_environment(path: str, own: str) -> GateFile | None:
    """Return what a real path stands for in an environment that lies around it and is not ``own``."""
    root = _environment_around(os.path.dirname(path))  # noqa: PTH120 -- same
    if root is None or root == own:
        return None
    scripts = tuple(os.path.join(root, each) for each in _SCRIPTS)  # noqa: PTH118 -- same
    return gate_files.judge(path, Places((), scripts, (root,), (), ()).folded())


@functools.lru_cache(maxsize=256)
def _environment_around(directory: str) -> str | None:
    around = (Path(directory), *Path(directory).parents)
    return next((str(each) for each in around if os.path.lexists(each / _MARK)), None)


def kept_files(own_options: tuple[str, ...], environ: Mapping[str, str]) -> list[str]:
    """Return the policies, approvals and trust that count for a run here, there or not.

    A policy anywhere on the way up to that of the project would count in its stead.
    """
    pairs = dict(zip(own_options[::2], own_options[1::2], strict=False))
    given = named(pairs.get("--policy"), pairs.get("--approvals"), environ)
    files = [*usual_files(environ), store_of(state_home(environ))]
    files += [path for _, path in (*given.policies, *given.approvals)]
    files += [each.path for each in named_policies(environ, sys.prefix)]
    try:
        project = look_up(os.getcwd())  # noqa: PTH109 -- a string
    except OSError:  # the directory is gone
        return files
    here = Path(os.getcwd())  # noqa: PTH109 -- same
    way = [each for each in (here, *here.parents) if each.is_relative_to(project.root)]
    files += [f"{each}/{name}" for each in way for name in ("pipgate.toml", "pyproject.toml")]
    return [*files, f"{project.root}/{APPROVALS}"]
