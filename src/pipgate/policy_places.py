"""Where policies and approvals lie: system, user, project, environment and command line."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipgate import pip_conf
from pipgate.errors import PolicyError, UsageError
from pipgate.offered import ours
from pipgate.origin import Layer
from pipgate.ownership import is_strangers, why_not_ones_own
from pipgate.plain_text import plain, shell_line
from pipgate.regular_files import read_regular
from pipgate.time_limit import TookTooLongError, at_most
from pipgate.user_directories import barrier, config_home, is_projects

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "pipgate.toml"
APPROVALS = "pipgate-approvals.toml"
_PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "pipgate")
_LARGEST = 1 << 20  # bytes
_LARGEST_PYPROJECT = 4 << 20  # bytes
_LONGEST_READING = 5.0  # seconds
_STRANGERS = "is ignored: everybody can write to its directory, and a stranger may have made it"
_NO_POLICY = "no policy that may be in it counts"
# Fixed places: whoever is bound by a floor must not be able to move it with a variable.
_SYSTEM = ("/etc/pipgate", "/etc/xdg/pipgate")


class PolicyPlace(NamedTuple):
    """One file that holds a policy, its text, and the table of it that is ours."""

    layer: Layer
    path: str
    text: str
    table: tuple[str, ...] = ()


class Project(NamedTuple):
    """The directory that a project begins in, and its policy, where it has one."""

    root: str
    policy: str | None


class Named(NamedTuple):
    """The files that the caller named, on the command line or in the environment.

    ``prefix`` is that of the environment whose pip.conf counts, None for the one of this interpreter.
    """

    policies: tuple[tuple[Layer, str], ...] = ()
    approvals: tuple[tuple[Layer, str], ...] = ()
    prefix: str | None = None


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
    project, home = look_up(cwd), config_home(environ)
    places = [*(f"{directory}/{_FILE}" for directory in _SYSTEM), f"{home}/{_FILE}"]
    approvals = [f"{project.root}/{APPROVALS}", f"{home}/{APPROVALS}"]
    if project.policy is not None or any(map(os.path.lexists, (*places, *approvals))):
        return True
    return bool(pip_conf.named_policies(environ))


def usual_files(environ: Mapping[str, str]) -> list[str]:
    """Return the policies and approvals of the system and of a user where they usually lie, there or not."""
    return [f"{each}/{name}" for each in (*_SYSTEM, config_home(environ)) for name in (_FILE, APPROVALS)]


def policy_files(project: Project, given: Named, environ: Mapping[str, str]) -> list[PolicyPlace]:
    """Return every policy there is, the farthest first; raises PolicyError for one that cannot be read.

    A file that was named has to exist, and what counts as the user's has to be the user's.
    """
    in_pip_conf = pip_conf.named_policies(environ, given.prefix or sys.prefix)
    places: list[PolicyPlace | None] = []
    places += [_read(Layer.SYSTEM, f"{directory}/{_FILE}") for directory in _SYSTEM]
    places += [_read_named(each, project) for each in in_pip_conf if each.layer is Layer.SYSTEM]
    home = config_home(environ)
    users = None if barrier(home) else _read(Layer.USER, f"{home}/{_FILE}")
    if users is not None:
        require_users(users.path, project.root)
        places.append(users)
    places += [_read_named(each, project) for each in in_pip_conf if each.layer is not Layer.SYSTEM]
    if project.policy is not None:
        places.append(_read(Layer.PROJECT, project.policy, _table_of(project.policy)))
    for layer, path in given.policies:
        require_whole(layer, path, "PIPGATE_POLICY")
        place = read_at(layer, path)
        if place is None:
            raise PolicyError(path, "there is no such file")
        places.append(place)
    return [place for place in places if place is not None]


def _read_named(policy: pip_conf.NamedPolicy, project: Project) -> PolicyPlace:
    """Return a policy that a pip.conf names; both have to be as safe as the system's, or user's, own."""
    judge(policy.layer, policy.by, policy.found)
    if policy.layer is Layer.USER:
        require_users(policy.by, project.root)
    place = read_at(policy.layer, policy.path)
    if place is None:
        raise PolicyError(policy.path, f"there is no such file, and {policy.by} names it")
    return place


def read_at(layer: Layer, path: str) -> PolicyPlace | None:
    """Return the policy in a file, None where there is none; raises PolicyError as ``policy_files`` does."""
    return _read(layer, path, _table_of(path))


def look_up(start: str) -> Project:
    """Return the project of a directory: of the nearest policy from there up, else of its repository.

    The search ends at the directory that a repository begins in: what lies above it belongs to others. What
    strangers may have put into a directory that everybody can write to does not count (``ignored``).
    """
    for directory in (Path(start), *Path(start).parents):
        if (policy := _policy_in(directory)) is not None:
            return Project(str(directory), policy)
        if os.path.lexists(directory / ".git") and not is_strangers(str(directory / ".git")):
            return Project(str(directory), None)
    return Project(start, None)


def _policy_in(directory: Path) -> str | None:
    own, pyproject = str(directory / _FILE), str(directory / _PYPROJECT)
    if os.path.lexists(own) and not is_strangers(own):
        return own
    return pyproject if has_table(pyproject) and not is_strangers(pyproject) else None


def find_project(start: str) -> str | None:
    """Return the nearest pipgate.toml, or pyproject.toml with our table, from ``start`` up."""
    return look_up(start).policy


def find_root(start: str) -> str:
    """Return the directory of the project that ``start`` lies in, itself where there is none."""
    return look_up(start).root


class Ignored(NamedTuple):
    """What does not count, or may not be looked at, and the words for that."""

    path: str
    why: str


def ignored(start: str) -> list[Ignored]:
    """Return what does not count from ``start`` up to its project: strangers may have made it.

    So does what cannot be looked at: of directories that cannot be searched, the farthest.
    """
    root, policy = look_up(start)
    found: list[Ignored] = []
    closed: list[Ignored] = []
    for directory in (Path(start), *Path(start).parents):
        is_root, names = str(directory) == root, (_FILE, _PYPROJECT, ".git")
        here = [str(directory / name) for name in (*names, *([APPROVALS] if is_root else []))]
        try:
            found += [Ignored(path, why) for path in here if (why := _why_ignored(path))]
        except OSError as error:
            closed = [Ignored(str(directory), f"cannot be looked at: {error.strerror}; {_NO_POLICY}")]
        if is_root and (policy is not None or (os.path.lexists(here[2]) and not is_strangers(here[2]))):
            break
    return found + closed


def _why_ignored(path: str) -> str | None:
    """Return why a file does not count, None where it does or is not there; raises OSError: nobody knows."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not path.endswith(_PYPROJECT):
        return _STRANGERS if is_strangers(path) else None
    try:
        read_regular(path, _LARGEST_PYPROJECT)
    except OSError as error:
        return f"cannot be read: {error.strerror}; {_NO_POLICY}"
    return _STRANGERS if is_strangers(path) and has_table(path) else None


def _table_of(path: str) -> tuple[str, ...]:
    return _TABLE if os.path.basename(path) == _PYPROJECT else ()  # noqa: PTH119 -- strings


def has_table(pyproject: str) -> bool:
    """Return whether a pyproject.toml has our table; one that mentions us and cannot be read may have it."""
    try:
        data, _ = read_regular(pyproject, _LARGEST_PYPROJECT)
    except OSError:
        return False  # which ``ignored`` tells
    return is_policy(data)


def is_policy(pyproject: bytes) -> bool:
    """Return whether the text of a pyproject.toml has our table, or mentions us and cannot be read."""
    return b"pipgate" in pyproject and _says_pipgate(pyproject)


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
        judge(layer, path, found)
        # Bytes that are not UTF-8 are told with their line when the policy is read.
        text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PolicyError(path, f"it cannot be read: {error.strerror}") from error
    return PolicyPlace(layer, path, text, table)


def judge(layer: Layer, path: str, found: os.stat_result) -> None:
    """Refuse a file of the system or of a user that others can change; ``found`` is what was opened.

    Raises PolicyError. What a project or a caller names may be anybody's: it counts for other reasons.
    """
    if layer not in {Layer.SYSTEM, Layer.USER}:
        return
    try:
        others = why_not_ones_own(path, found, groups=layer is Layer.USER)
    except OSError as error:
        raise PolicyError(path, f"its directory cannot be looked at: {error.strerror}") from error
    if others is None:
        return
    why, place = others
    whose = "the system's policy is not safe" if layer is Layer.SYSTEM else "it does not count as yours"
    raise PolicyError(path, f"{whose}: {why} ({plain(place)})", hints=_mended(layer, place, why))


def _mended(layer: Layer, place: str, why: str) -> tuple[str, ...]:
    if "write" in why:
        return (f"If it says what you mean: {shell_line(['chmod', 'go-w', place])}",)
    if layer is Layer.SYSTEM:
        return ()
    own = shell_line(["chown", str(os.getuid()), place])
    return (
        f"With the files of this user's own home: {_checking('HOME', 'XDG_CONFIG_HOME')}",
        f"If it says what you mean: {own}",
    )


def _checking(*without: str) -> str:
    """Return the command that says whether all is valid without these variables."""
    return f"env {' '.join(f'-u {each}' for each in without)} {ours(['policy', 'check'])}"


def require_users(path: str, root: str) -> None:
    """Refuse a user's file that lies in the project, which can have brought it along; raises PolicyError."""
    if is_projects(os.path.dirname(path), root):  # noqa: PTH120 -- strings
        raise PolicyError(
            path,
            f"it does not count as yours: HOME or XDG_CONFIG_HOME leads into the project ({plain(root)})",
            hints=(f"Without it: {_checking('HOME', 'XDG_CONFIG_HOME')}",),
        )


def require_whole(layer: Layer, path: str, variable: str) -> None:
    """Refuse a relative path in a variable, which is another file in every project; raises PolicyError."""
    if layer is Layer.ENVIRONMENT and not os.path.isabs(path):  # noqa: PTH117 -- strings
        raise PolicyError(
            plain(path),
            f"{variable} has to name a file by its whole path",
            hints=(f"Without it: {_checking(variable)}",),
        )
