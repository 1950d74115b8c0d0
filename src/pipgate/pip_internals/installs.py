"""What an installation would put in the place of the gate, refused before anything is unpacked or undone."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any

from pipgate.archive_names import normalised
from pipgate.errors import DisplacesGateError
from pipgate.index_words import index_words
from pipgate.offered import ours
from pipgate.pip_internals.gate_sources import is_users, was_installed_from_there
from pipgate.pip_internals.other_places import judge_in_other_environment
from pipgate.pip_internals.presented_errors import presented
from pipgate.pip_internals.replaced_files import Refused, Writer, of_wheel, places_of
from pipgate.plain_text import plain
from pipgate.terminal import say
from pipgate.wheel import gate_files
from pipgate.wheel.gate_files import GateFile, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipgate.pip_internals.run_state import Run

_SHOWN = 10
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
            refused = tuple(of_wheel(run, wheel_path, _by_key(scheme), Writer(normalised(name))))
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
            places.append(places_of(run, {}).folded())
        found = gate_files.judge(path, places[0]) or gate_files.judge_by_name(path, places[0])
        found = found or judge_in_other_environment(path, os.path.realpath(sys.prefix))
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
    looking = ["download", "--no-deps", *index_words(sys.argv[1:]), *words]
    error = displaced(run, refused, f"To look into it, with nothing installed: {ours(looking)}")
    if not run.is_library:
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
    is_moved = given.get("home") is not None
    yield from of_wheel(run, req.local_file_path, _by_key(scheme), _writer(req, run), is_moved=is_moved)
    run.seen_wheels.add(req.local_file_path)


def _writer(req: Any, run: Run) -> Writer:
    """Return the project that a requirement writes files as.

    A URL in the metadata of another project does not make its file that of the project it names. One in the
    caller's own constraints does; it is the caller's word where what is installed came from there.
    """
    named = req.user_supplied and not run.chain_of_build()
    link = req.original_link
    if link is not None and named and req.comes_from is None:  # on the command line
        return Writer(normalised(req.name))
    constrained = link is not None and (normalised(req.name), link.url) in run.constrained
    constrained = constrained and not run.chain_of_build()
    owner = normalised(req.name) if link is None or named or constrained else None
    return Writer(
        owner, functools.cache(lambda: is_users(req, run) or (constrained and was_installed_from_there(req)))
    )


def _by_key(scheme: Any) -> dict[str, str]:
    return {key: getattr(scheme, key) for key in _SCHEME}
