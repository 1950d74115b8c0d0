"""What an installation would put in the place of the gate, refused before anything is unpacked or undone."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from typing import TYPE_CHECKING, Any

import pipgate
from pipgate.archive_names import normalised
from pipgate.errors import DisplacesGateError
from pipgate.index_words import index_words
from pipgate.pip_internals.other_places import Target, judge_in_other_environment, kept_files
from pipgate.pip_internals.presented_errors import installation_error, presented
from pipgate.plain_text import masked, plain, shell_line
from pipgate.terminal import say, show
from pipgate.wheel import gate_files, members
from pipgate.wheel.gate_files import GateFile, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipgate.pip_internals.run_state import Run

Refused = tuple[str, str, str]
_SHOWN = 10
_IS_PLAIN = frozenset("/\\").isdisjoint
_SCHEME = ("platlib", "purelib", "headers", "scripts", "data")


def install_given_reqs(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Look at all wheels of an installation before the first of them replaces anything."""

    @functools.wraps(original)
    def install(requirements: list[Any], *args: Any, **kwargs: Any) -> Any:
        names = original.__code__.co_varnames[1:]
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        refused = [row for req in requirements for row in _of_requirement(req, run, given)]
        if refused:
            _refuse(run, tuple(refused), _words(requirements, refused[0][0]))
        return original(requirements, *args, **kwargs)

    return install


def install_wheel(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Look at a wheel that a program has handed to pip's installer by itself."""

    @functools.wraps(original)
    def install(name: str, wheel_path: str, scheme: Any, *args: Any, **kwargs: Any) -> Any:
        if wheel_path in run.seen_wheels:
            run.seen_wheels.discard(wheel_path)
        else:
            refused = tuple(_of_wheel(run, wheel_path, _by_key(scheme), normalised(name)))
            if refused:
                _refuse(run, refused, [wheel_path])
        return original(name, wheel_path, scheme, *args, **kwargs)

    return install


def permitted(original: Callable[..., bool], run: Run) -> Callable[..., bool]:
    """Leave in place what a project lists as its own and what is the gate's.

    A wheel brings a list of its files (RECORD), and pip takes away what stands there, also where the wheel
    did not bring it.
    """
    places: list[Places] = []

    @functools.wraps(original)
    def is_permitted(self: Any, path: str) -> bool:
        if not original(self, path):
            return False
        if not places:
            places.append(_places(run, {}).folded())
        found = gate_files.judge(path, places[0])
        if found is None and gate_files.holds_any(path, places[0]):
            found = GateFile("what the gate lies in")
        if found is None or found.owner == str(self._dist.canonical_name):
            return True
        if path not in run.left_in_place:
            run.left_in_place.add(path)
            say(f"note: {plain(path)} was left in place: {found.what}")
        return False

    return is_permitted


def displaced(run: Run, refused: tuple[Refused, ...], hint: str) -> DisplacesGateError:
    """Return the error for wheels that were refused, by this pip or by one that it has started."""
    lines: list[str] = []
    for wheel in dict.fromkeys(row[0] for row in refused):
        rows = [row for row in refused if row[0] == wheel]
        lines += [plain(wheel), *(f"  {plain(member)}: {what}" for _, member, what in rows[:_SHOWN])]
        lines += [f"  and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
    return DisplacesGateError(
        refused,
        context=tuple(lines),
        note=f"{_what_ran(run)} Nothing was installed, and nothing can approve this.",
        hint=hint,
    )


def _refuse(run: Run, refused: tuple[Refused, ...], words: list[str]) -> None:
    looking = ["pipgate", "download", "--no-deps", *index_words(sys.argv[1:]), *words]
    error = displaced(run, refused, f"To look into it, with nothing installed: {masked(shell_line(looking))}")
    if run.is_library:
        show(error)
        raise installation_error(f"pipgate: {error.message}")
    run.broken = error
    with presented():
        raise error


def _what_ran(run: Run) -> str:
    ran = sorted({outcome.request.title for outcome in run.opened.record.ran}) if run.opened else []
    return (
        f"Project code that was allowed has run: {plain(', '.join(ran))}."
        if ran
        else "No project code has run."
    )


def _words(requirements: list[Any], wheel: str) -> list[str]:
    for req in requirements:
        if req.local_file_path and os.path.basename(req.local_file_path) == wheel:  # noqa: PTH119 -- pip's paths are strings
            if req.original_link is not None:
                return [str(req.original_link.url_without_fragment)]
            return [str(req.req) if req.req.specifier else f"{req.name}=={wheel.split('-')[1]}"]
    return []


def _of_requirement(req: Any, run: Run, given: Mapping[str, Any]) -> Iterator[Refused]:
    """Yield what a requirement would replace; what is no wheel by now runs its own setup.py, approved."""
    from pip._internal.locations import get_scheme  # what installs has loaded it

    if not req.is_wheel or not req.local_file_path:
        return
    scheme = get_scheme(
        req.name,
        user=given.get("use_user_site", False),
        home=given.get("home"),
        root=given.get("root"),
        isolated=req.isolated,
        prefix=given.get("prefix"),
    )
    named = req.user_supplied and not run.chain_of_build()
    # A URL in the metadata of another project does not make its file that of the project it names.
    owner = normalised(req.name) if req.original_link is None or named else None
    is_moved = given.get("home") is not None
    yield from _of_wheel(run, req.local_file_path, _by_key(scheme), owner, is_moved=is_moved)
    run.seen_wheels.add(req.local_file_path)


def _by_key(scheme: Any) -> dict[str, str]:
    return {key: getattr(scheme, key) for key in _SCHEME}


def _of_wheel(
    run: Run, path: str, scheme: dict[str, str], owner: str | None, *, is_moved: bool = False
) -> Iterator[Refused]:
    """Yield what a wheel would replace of the gate, but for what ``owner`` may write."""
    contents = members.read(path)
    if contents is None:
        return
    wheel, told = os.path.basename(path), set()  # noqa: PTH119 -- pip's paths are strings
    target = run.command.target if is_moved else None
    for member, found in _found(run, contents, scheme, target):
        if (found.owner is None or found.owner != owner) and member not in told:
            told.add(member)
            yield wheel, member, found.what


def _found(
    run: Run, contents: members.Contents, home: dict[str, str], target: Target | None
) -> Iterator[tuple[str, GateFile]]:
    """Yield what the members and commands of a wheel stand for where they end up."""
    scheme = home if target is None else target.scheme(home)
    where = [
        (member, path if target is None else target.final(path, home))
        for member in contents.members
        if (target is not None or gate_files.may_matter(member)) and not member.endswith("/")
        for path in members.destinations(member, home)
    ]
    where += [
        (f"the command {name}", os.path.join(scheme["scripts"], name))  # noqa: PTH118 -- as pip does
        for name in contents.commands
        if target is not None or gate_files.may_matter(name) or not _IS_PLAIN(name)
    ]
    if target is not None:
        around = _places(run, {}).folded()
        gone = ((member, target.taken_away(path, around)) for member, path in where)
        yield from ((member, found) for member, found in gone if found is not None)
    if where:
        yield from _replaced(where, scheme, _places(run, scheme, is_moved=target is not None).folded())


def _replaced(
    where: list[tuple[str, str]], scheme: dict[str, str], places: Places
) -> Iterator[tuple[str, GateFile]]:
    own = _real_directory(sys.prefix)
    for member, path in where:
        real = _real(path)
        found = gate_files.judge(real, places)
        if found is None and gate_files.may_matter(member):
            found = judge_in_other_environment(real, own)
        if found is None and member.startswith("the command ") and _leaves(path, scheme["scripts"]):
            found = GateFile("a file outside of the directory of commands")
        if found is not None:
            yield member, found


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


def _places(run: Run, scheme: Mapping[str, str], *, is_moved: bool = False) -> Places:
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
    return Places(*(tuple(map(_real_directory, group)) for group in groups))
