"""The directories of one user, by the XDG rules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL = (".config/pipgate", ".config/pip", ".pip", ".local/state/pipgate", ".local/share/pipgate")
_BEGIN_A_REPOSITORY = (".git", ".hg")
_BEGIN_A_PROJECT = (
    *_BEGIN_A_REPOSITORY,
    "pipgate.toml",
    "pipgate-approvals.toml",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
)


def config_home(environ: Mapping[str, str], program: str = "pipgate") -> str:
    """Return the user's directory for the configuration of a program."""
    return _home(environ.get("XDG_CONFIG_HOME", ""), program, ".config")


def state_home(environ: Mapping[str, str]) -> str:
    """Return the user's directory for what pipgate remembers."""
    return _home(environ.get("XDG_STATE_HOME", ""), "pipgate", ".local", "state")


def data_home(environ: Mapping[str, str]) -> str:
    """Return the user's directory for what is neither configuration nor remembered."""
    return _home(environ.get("XDG_DATA_HOME", ""), "pipgate", ".local", "share")


def home() -> str:
    """Return the user's home: what HOME says if that is a whole path, else the account's."""
    said = os.path.expanduser("~")  # noqa: PTH111 -- a string
    return said if os.path.isabs(said) else _account_home()  # noqa: PTH117 -- same


def barrier(directory: str) -> str | None:
    """Return what shows that nothing of this user lies in a directory of theirs, None where nothing does.

    That is what is no directory on the way to it, as in ``HOME=/dev/null``, or a directory of somebody else
    that this user may not search, as in ``HOME=/root``: they can never have written below it. Their account's
    own home is theirs whoever owns it now.
    """
    try:
        os.stat(os.path.join(directory, os.curdir))  # noqa: PTH116, PTH118 -- strings
    except NotADirectoryError:
        return _nearest(directory)
    except PermissionError:
        place = _nearest(directory)
        is_others = hasattr(os, "getuid") and os.stat(place).st_uid != os.getuid()  # noqa: PTH116 -- same
        if is_others and not os.access(place, os.X_OK) and not _is_in(_account_home(), place):
            return place
    except OSError:
        return None
    return None


def _nearest(path: str) -> str:
    """Return the nearest place on the way to a path that can be looked at."""
    while not os.path.exists(path) and path != os.path.dirname(path):  # noqa: PTH110, PTH120 -- strings
        path = os.path.dirname(path)  # noqa: PTH120 -- same
    return path


def is_projects(place: str, root: str) -> bool:
    """Return whether a directory of the user lies in a project or repository, which may have brought it.

    Where the account's own home lies in it too, as in a repository of one's settings, it is the user's. So it
    is where nothing says that a project begins there, as in the home of a container.
    """
    inner, outer = os.path.realpath(root), os.path.realpath(place)
    account = os.path.realpath(_account_home())
    usual = {os.path.join(account, each) for each in _USUAL}  # noqa: PTH118 -- strings
    if not usual.isdisjoint({outer, os.path.abspath(place)}):  # noqa: PTH100 -- same
        return False  # settings are often kept in a repository of their own, or are a link into one
    if _is_in(outer, inner) and _holds_any(inner, _BEGIN_A_PROJECT) and not _is_in(account, inner):
        return True
    return _lies_in_a_repository(outer, account)


def is_in_account_settings(directory: str) -> bool:
    """Return whether a directory lies in the settings of the account, as those that a desktop adds."""
    settings = os.path.join(_account_home(), ".config")  # noqa: PTH118 -- strings
    return _is_in(os.path.realpath(directory), os.path.realpath(settings))


def _lies_in_a_repository(place: str, account: str) -> bool:
    """Return whether a directory lies in any repository, whichever a hostile one says that it is."""
    while not _is_in(account, place):
        if _holds_any(place, _BEGIN_A_REPOSITORY):
            return True
        place = os.path.dirname(place)  # noqa: PTH120 -- strings
    return False


def _holds_any(directory: str, names: tuple[str, ...]) -> bool:
    return any(os.path.lexists(os.path.join(directory, name)) for name in names)  # noqa: PTH118 -- strings


def _is_in(path: str, directory: str) -> bool:
    return f"{path}{os.sep}".startswith(directory.rstrip(os.sep) + os.sep)


def _account_home() -> str:
    """Return the home that the system knows for this user, and the root where it knows none."""
    try:
        import pwd  # noqa: PLC0415 -- where HOME is not to be believed

        known = pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):  # Windows, or a container that runs as any user
        return os.path.abspath(os.sep)  # noqa: PTH100 -- strings
    return known if os.path.isabs(known) else os.sep  # noqa: PTH117 -- same


def _home(given: str, program: str, *usual: str) -> str:
    # A relative path does not count: it would be another one in every project.
    base = given if os.path.isabs(given) else os.path.join(home(), *usual)  # noqa: PTH117, PTH118 -- strings
    return os.path.join(base, program)  # noqa: PTH118 -- same
