"""Where policies and approvals lie: system, user, project, environment and command line."""

from __future__ import annotations

import os
import stat
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipgate import pip_conf
from pipgate.errors import PolicyError, UsageError
from pipgate.origin import Layer
from pipgate.regular_files import read_regular
from pipgate.time_limit import TookTooLongError, at_most
from pipgate.user_directories import config_home

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "pipgate.toml"
APPROVALS = "pipgate-approvals.toml"
_PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "pipgate")
_LARGEST = 1 << 20  # bytes
_LARGEST_PYPROJECT = 4 << 20  # bytes
_LONGEST_READING = 5.0  # seconds
# Fixed places: whoever is bound by a floor must not be able to move it with a variable.
_SYSTEM = ("/etc/pipgate", "/etc/xdg/pipgate")


class PolicyPlace(NamedTuple):
    """One file that holds a policy, its text, and the table of it that is ours."""

    layer: Layer
    path: str
    text: str
    table: tuple[str, ...] = ()


class Named(NamedTuple):
    """The files that the caller named, on the command line or in the environment."""

    policies: tuple[tuple[Layer, str], ...] = ()
    approvals: tuple[tuple[Layer, str], ...] = ()


def here() -> str:
    """Return the current directory; raises UsageError when it is gone."""
    try:
        return os.getcwd()  # noqa: PTH109 -- a string
    except OSError as error:
        raise UsageError("the current directory does not exist any more") from error


def named(policy: str | None, approvals: str | None, environ: Mapping[str, str]) -> Named:
    """Return what ``--policy``, ``--approvals``, PIPGATE_POLICY and PIPGATE_APPROVALS name, nearest last."""
    return Named(
        _both(environ.get("PIPGATE_POLICY"), policy), _both(environ.get("PIPGATE_APPROVALS"), approvals)
    )


def _both(environment: str | None, option: str | None) -> tuple[tuple[Layer, str], ...]:
    given = ((Layer.ENVIRONMENT, environment), (Layer.COMMAND_LINE, option))
    return tuple((layer, path) for layer, path in given if path)


def anything_written(given: Named, cwd: str, environ: Mapping[str, str]) -> bool:
    """Return whether there may be a policy or an approval for a run in ``cwd``; opens few files."""
    if given != Named():
        return True
    root, home = find_root(cwd), config_home(environ)
    places = [*(f"{directory}/{_FILE}" for directory in _SYSTEM), f"{home}/{_FILE}"]
    approvals = [f"{root}/{APPROVALS}", f"{home}/{APPROVALS}"]
    if find_project(cwd) is not None or any(map(os.path.lexists, (*places, *approvals))):
        return True
    return bool(pip_conf.named_policies(environ))


def policy_files(project: str | None, given: Named, environ: Mapping[str, str]) -> list[PolicyPlace]:
    """Return every policy there is, the farthest first; raises PolicyError for one that cannot be read.

    A file that was named has to exist.
    """
    in_pip_conf = pip_conf.named_policies(environ)
    places: list[PolicyPlace | None] = []
    places += [_read(Layer.SYSTEM, f"{directory}/{_FILE}") for directory in _SYSTEM]
    places += [_read_named(each) for each in in_pip_conf if each.layer is Layer.SYSTEM]
    places.append(_read(Layer.USER, os.path.join(config_home(environ), _FILE)))  # noqa: PTH118 -- strings
    places += [_read_named(each) for each in in_pip_conf if each.layer is not Layer.SYSTEM]
    if project is not None:
        places.append(_read(Layer.PROJECT, project, _table_of(project)))
    for layer, path in given.policies:
        place = read_at(layer, path)
        if place is None:
            raise PolicyError(path, "there is no such file")
        places.append(place)
    return [place for place in places if place is not None]


def _read_named(policy: pip_conf.NamedPolicy) -> PolicyPlace:
    """Return a policy that a pip.conf names; what the system's names has to be as safe as its own."""
    if policy.layer is Layer.SYSTEM:
        require_safe(policy.by, os.stat(policy.by))  # noqa: PTH116 -- strings
    place = read_at(policy.layer, policy.path)
    if place is None:
        raise PolicyError(policy.path, f"there is no such file, and {policy.by} names it")
    return place


def read_at(layer: Layer, path: str) -> PolicyPlace | None:
    """Return the policy in a file, None where there is none; raises PolicyError as ``policy_files`` does."""
    return _read(layer, path, _table_of(path))


def find_project(start: str) -> str | None:
    """Return the nearest pipgate.toml, or pyproject.toml with a ``[tool.pipgate]`` table, from ``start`` up.

    The search ends at the directory that a repository begins in: what lies above it belongs to others.
    """
    for directory in (Path(start), *Path(start).parents):
        if os.path.lexists(directory / _FILE):
            return str(directory / _FILE)
        if _has_table(str(directory / _PYPROJECT)):
            return str(directory / _PYPROJECT)
        if (directory / ".git").exists():
            return None
    return None


def find_root(start: str) -> str:
    """Return the directory of the project that ``start`` lies in: of its policy, else of its repository."""
    project = find_project(start)
    if project is not None:
        return str(Path(project).parent)
    for directory in (Path(start), *Path(start).parents):
        if (directory / ".git").exists():
            return str(directory)
    return start


def _table_of(path: str) -> tuple[str, ...]:
    return _TABLE if os.path.basename(path) == _PYPROJECT else ()  # noqa: PTH119 -- strings


def _has_table(pyproject: str) -> bool:
    """Return whether a pyproject.toml has our table; one that mentions us and cannot be read may have it."""
    try:
        data, _ = read_regular(pyproject, _LARGEST_PYPROJECT)
    except OSError:
        return False  # not ours to complain about
    return b"pipgate" in data and _says_pipgate(data)


@cache
def _says_pipgate(data: bytes) -> bool:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 -- where a project mentions us
    else:
        import tomli as tomllib  # noqa: PLC0415 -- same
    try:
        with at_most(_LONGEST_READING):
            tool = tomllib.loads(data.decode("utf-8")).get("tool", {})
    except (ValueError, RecursionError, TookTooLongError):
        return True
    return isinstance(tool, dict) and "pipgate" in tool


def _read(layer: Layer, path: str, table: tuple[str, ...] = ()) -> PolicyPlace | None:
    """Return a file, or None where there is none; raises PolicyError when it is there and is not safe."""
    try:
        data, found = read_regular(path, _LARGEST)
        if layer is Layer.SYSTEM:
            require_safe(path, found)
        # Bytes that are not UTF-8 are told with their line when the policy is read.
        text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PolicyError(path, f"it cannot be read: {error.strerror}") from error
    return PolicyPlace(layer, path, text, table)


def require_safe(path: str, found: os.stat_result) -> None:
    """Refuse a system file that others than root and this user can change, or that they can replace."""
    _require_owner(path, path, found)
    directory = os.path.dirname(os.path.realpath(path))  # noqa: PTH120 -- strings
    _require_owner(path, directory, os.stat(directory))  # noqa: PTH116 -- strings


def _require_owner(path: str, place: str, found: os.stat_result) -> None:
    if not hasattr(os, "getuid"):  # pragma: no cover -- Windows has no such bits
        return
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if found.st_uid not in {0, os.getuid()} or shared:
        who = "others can write it" if shared else "it belongs to another user"
        raise PolicyError(path, f"the system's policy is not safe: {who} ({place})")
