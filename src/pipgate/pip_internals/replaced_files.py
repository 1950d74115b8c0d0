"""What a wheel would replace of the gate where its files end up."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from typing import TYPE_CHECKING, NamedTuple

import pipgate
from pipgate.pip_internals.gate_sources import serves_here
from pipgate.pip_internals.other_places import Target, judge_in_other_environment, kept_files
from pipgate.plain_text import plain
from pipgate.policy_places import has_table
from pipgate.wheel import gate_files, members
from pipgate.wheel.gate_files import GateFile, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipgate.pip_internals.run_state import Run

Refused = tuple[str, str, str]
_IS_PLAIN = frozenset("/\\").isdisjoint


class Writer(NamedTuple):
    """The project that a wheel's files are written as, if any, and whether they are what the user meant.

    That is asked for where they would replace what serves this environment.
    """

    owner: str | None
    is_users: Callable[[], bool] = lambda: True


class Found(NamedTuple):
    """A member of a wheel, what it stands for, and whether that serves an environment which exists."""

    member: str
    what: GateFile
    serves: bool = False


def of_wheel(
    run: Run, path: str, scheme: dict[str, str], writer: Writer, *, is_moved: bool = False
) -> Iterator[Refused]:
    """Yield what a wheel would replace of the gate, but for what its project may write."""
    contents = members.read(path)
    if contents is None:
        return
    wheel, told = os.path.basename(path), set()  # noqa: PTH119 -- pip's paths are strings
    destination = run.command.destination
    target = destination.target if destination is not None and is_moved else None
    for member, found, serves in _found(run, contents, scheme, target):
        if member in told:
            continue
        if found.owner is None or found.owner != writer.owner:
            told.add(member)
            yield wheel, member, found.what
        elif serves and not writer.is_users():
            told.add(member)
            yield wheel, member, f"{found.what}, {_from_elsewhere(run)}"


def _from_elsewhere(run: Run) -> str:
    files = [plain(each) for each in dict.fromkeys(run.configured.values()) if each]
    return f"from a place that only {' or '.join(['a requirements or constraints file', *files])} names"


def _found(
    run: Run, contents: members.Contents, home: dict[str, str], target: Target | None
) -> Iterator[Found]:
    """Yield what the members and commands of a wheel stand for where they end up."""
    scheme = home if target is None else target.scheme(home)
    where = [
        (member, path if target is None else target.final(path, home))
        for member in contents.members
        if (target is not None or gate_files.may_matter(member) or member in contents.policies)
        and not member.endswith("/")
        for path in members.destinations(member, home)
    ]
    where += [
        (f"the command {name}", os.path.join(scheme["scripts"], name))  # noqa: PTH118 -- as pip does
        for name in contents.commands
        if target is not None or gate_files.may_matter(name) or not _IS_PLAIN(name)
    ]
    if not where:
        return
    around = places_of(run, {}).folded()
    if target is not None:
        gone = ((member, target.taken_away(path, around)) for member, path in where)
        yield from (Found(member, found) for member, found in gone if found is not None)
    places = places_of(run, scheme, is_moved=target is not None).folded()
    yield from _replaced(where, scheme["scripts"], places, around)
    libraries = places.libraries if target is None else around.libraries
    for member, path in where:
        if member in contents.policies or (gate_files.is_pyproject(path) and has_table(path)):
            found = gate_files.judge_policy(_real(path), libraries)
            yield from () if found is None else (Found(member, found),)


def _replaced(where: list[tuple[str, str]], scripts: str, places: Places, around: Places) -> Iterator[Found]:
    own = _real_directory(sys.prefix)
    for member, path in where:
        real = _real(path)
        other = judge_in_other_environment(real, own) if gate_files.may_matter(member) else None
        found = gate_files.judge(real, places) or other
        if found is None and member.startswith("the command ") and _leaves(path, scripts):
            found = GateFile("a file outside of the directory of commands")
        if found is not None:
            serves = gate_files.judge(real, around) is not None and serves_here(found.owner or "")
            yield Found(member, found, serves=other is not None or serves)


def _leaves(path: str, directory: str) -> bool:
    """Return whether a command would be written elsewhere, which not every pip refuses."""
    return not f"{_real(path)}{os.sep}".startswith(f"{_real_directory(directory)}{os.sep}")


def _real(path: str) -> str:
    """Return a path with the links of its directory followed; a link at its end is what is replaced."""
    directory, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 -- same
    return os.path.join(_real_directory(directory), name)  # noqa: PTH118 -- same


@functools.lru_cache(maxsize=256)
def _real_directory(path: str) -> str:
    return os.path.realpath(path)


def places_of(run: Run, scheme: Mapping[str, str], *, is_moved: bool = False) -> Places:
    """Return the places of this environment, and of a scheme that something is written to.

    What ``--target`` installs is moved afterwards: the directories of libraries and of data become one then.
    """
    from pip._internal.configuration import get_configuration_files  # pip has read them

    paths = sysconfig.get_paths()
    user = site.getuserbase()
    written = [scheme[key] for key in members.LIBRARIES if scheme]
    moved = [*written, scheme["data"]] if is_moved else []
    engine = os.path.dirname(os.path.dirname(str(pipgate.__file__)))  # noqa: PTH120 -- same
    libraries = [engine, *(each for each in sys.path if each.endswith("-packages"))]
    kept = kept_files(run.own_options, os.environ)
    groups = (
        [*written, *moved, *libraries, paths["purelib"], paths["platlib"], site.getusersitepackages()],
        [*([scheme["scripts"]] if scheme else []), *moved, paths["scripts"], os.path.join(user, "bin")],  # noqa: PTH118 -- same
        [*([scheme["data"]] if scheme else []), sys.prefix, sys.base_prefix, user],
        [paths["stdlib"], paths["platstdlib"]],
        [*(each for group in get_configuration_files().values() for each in group), *kept],
        [*map(os.path.dirname, written)],
    )
    places = Places(*(tuple(map(_real_directory, group)) for group in groups))
    return places._replace(files=(*places.files, *map(_real, kept)))  # a link is what is replaced
