"""What pip's configuration files say and a gated pip does not do."""

from __future__ import annotations

import functools
import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from pipgate.pip_conf_words import BACKSTOP, STAND_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipgate.errors import PipgateError
    from pipgate.pip_internals.run_state import Run

_VARIABLES = "env-var"
_INSTALL = "install"
_OWN = frozenset({"user", "global"})  # pip's words for the files of the user and of the system


def ordered_items(
    original: Callable[..., Iterator[tuple[str, Any]]], run: Run
) -> Callable[..., Iterator[tuple[str, Any]]]:
    """Leave out what is not for a gated pip, and the programs and places that others can have named.

    The first are the Python that starts the gate, which is up, and the backstop, in whose place it decides.
    A user's own ``only-binary``, also one with the same meaning, is another text and stays.
    """

    @functools.wraps(original)
    def items(self: Any) -> Iterator[tuple[str, Any]]:
        found = list(_groups(self, run))
        looks = run.plan_only and self.name == "download"
        with _read_as(self, _INSTALL if looks and _says_how_to_install(found) else self.name):
            for group in found:
                _leave_out(group, self, run)
            for key, value in original(self):
                if not (_is_for_ungated(key, value) or (looks and key == "require-hashes")):
                    yield key, value

    return items


@contextmanager
def _read_as(parser: Any, name: str) -> Iterator[None]:
    """Let pip read the section of another command.

    What is going to be approved is downloaded, and was or will be installed: it is looked for where
    ``[install]`` says. It has no hash yet, whatever is required elsewhere, and is shown with its own.
    """
    own, parser.name = parser.name, name
    try:
        yield
    finally:
        parser.name = own


def _says_how_to_install(groups: list[_Group]) -> bool:
    return any(name.startswith(f"{_INSTALL}.") for group in groups for name in group.settings)


def _is_for_ungated(key: str, value: object) -> bool:
    if key == "python":
        return str(value).rpartition("/")[2] == STAND_IN
    return key == "only-binary" and value == BACKSTOP


class _Group(NamedTuple):
    """Settings that are judged together, and their file; ``is_own``: it is the user's or the system's."""

    file: str
    is_own: bool
    settings: dict[str, Any]


def _configuration(parser: Any, run: Run) -> dict[str, dict[str, Any]]:
    """Return what pip has read, by kind of file; raises GateNotArmedError where it is kept otherwise."""
    found = getattr(parser.config, "_config", None)
    if isinstance(found, dict) and isinstance(getattr(parser.config, "_parsers", None), dict):
        return {str(kind): values for kind, values in found.items() if kind != _VARIABLES}
    from pipgate.pip_internals.versions import not_armed

    run.broken = not_armed("this pip keeps its configuration in another way")
    raise run.broken


def _groups(parser: Any, run: Run) -> Iterator[_Group]:
    """Yield the settings by file; before 25.3 those of two files of one kind cannot be told apart."""
    for kind, values in _configuration(parser, run).items():
        if not values:
            continue
        if all(isinstance(each, dict) for each in values.values()):  # since pip PR 12201
            for file, settings in values.items():
                yield _Group(file, _is_own(kind, file, parser), settings)
        else:
            read = [file for file, _ in parser.config._parsers[kind] if os.path.exists(file)]  # noqa: PTH110 -- strings
            yield _Group(
                " and ".join(read), bool(read) and all(_is_own(kind, each, parser) for each in read), values
            )


def _is_own(kind: str, file: str, parser: Any) -> bool:
    """Return whether a file is the user's or the system's: by its place, its owner, and who can write it."""
    if kind not in _OWN:  # PIP_CONFIG_FILE may name the very file that pip would read without it
        places = sys.modules[type(parser.config).__module__].get_configuration_files()
        own = [os.path.realpath(path) for each in _OWN for path in places[each]]
        if kind != "env" or os.path.realpath(file) not in own:
            return False
    try:
        found = os.stat(file)  # noqa: PTH116 -- a string
    except OSError:
        return False
    from pipgate.pip_conf import SYSTEM
    from pipgate.policy_places import find_root, here
    from pipgate.user_directories import is_in_account_settings, is_projects

    directory = os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120 -- strings
    if file not in SYSTEM and is_projects(directory, find_root(here())):
        return False
    users = {os.geteuid()} if hasattr(os, "geteuid") else {found.st_uid}
    # XDG_CONFIG_DIRS can lead anywhere; what is a system's is root's, or lies in the account's own settings.
    if kind == "global" and file not in SYSTEM and not is_in_account_settings(directory):
        users = set()
    owners = {0, *users}
    return os.path.isabs(file) and found.st_uid in owners and not found.st_mode & stat.S_IWOTH  # noqa: PTH117 -- same


def _leave_out(group: _Group, parser: Any, run: Run) -> None:
    """Take out what the table does not let a file say, and tell of it; raises RefusedSettingError."""
    from pipgate.pip_internals.configured_places import PLACES, Foreign
    from pipgate.pip_internals.gate_sources import note_named

    for name, value in list(group.settings.items()):
        section, _, key = name.partition(".")
        option = parser.get_option(f"--{key}") if section in {"global", parser.name, ":env:"} else None
        if option is not None and value:
            note_named(option.dest, value, group.file, run, is_own=group.is_own)
        place = None if option is None else PLACES.get(option.dest)
        if place is None or not value or _is_for_ungated(key, value) or place.harmless(key, str(value)):
            continue
        if group.is_own and not (place.whole_path and _depends_on_directory(str(value), option)):
            continue
        if place.foreign is Foreign.REFUSED:
            run.broken = _refused(key, str(value), place.why, group)
            raise run.broken
        del group.settings[name]
        _tell(key, str(value), place.why, group, run)


def _depends_on_directory(value: str, option: Any) -> bool:
    """Return whether a path depends on the current directory; an editor's name alone is found on PATH."""
    if option.dest == "editor":
        value = value.split(maxsplit=1)[0].strip("'\"")
        return os.sep in value and not os.path.isabs(value)  # noqa: PTH117 -- a string
    expanded = os.path.expanduser(value) if option.type == "path" else value  # noqa: PTH111 -- as pip does
    return not os.path.isabs(expanded)  # noqa: PTH117 -- same


def _whose(group: _Group) -> str:
    if group.is_own:
        return "depends on the current directory"
    return "stands in a file that others can bring"


def _tell(key: str, value: str, why: str, group: _Group, run: Run) -> None:
    from pipgate.plain_text import plain
    from pipgate.terminal import say

    line = (
        f"note: ignored {key} = {plain(value)} in {plain(group.file)}: {why}, and it {_whose(group)}. "
        f"Where you mean it: export PIP_{key.upper().replace('-', '_')}=..."
    )
    if line not in run.told:
        run.told.add(line)
        say(line)


def _refused(key: str, value: str, why: str, group: _Group) -> PipgateError:
    import shlex

    from pipgate.errors import RefusedSettingError
    from pipgate.plain_text import plain

    return RefusedSettingError(
        f"{plain(group.file)} says {key} = {plain(value)}: {why}, and it {_whose(group)}.",
        note="pip was not run, and no project code has run. Such a setting holds on the command line, in the "
        "process environment, and in a pip.conf of the user or the system alone.",
        hints=(
            f"To see what stands there: cat {shlex.join(group.file.split(' and '))}",
            "To run pip without any pip.conf: PIP_CONFIG_FILE=/dev/null pipgate list",
        ),
    )
