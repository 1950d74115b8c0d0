"""Where a gate was put up by this user, so that one command can take all of it away."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from pipgate.state_files import locked, read_json, write_json
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENVIRONMENT = "environment"
INTERPRETER = "interpreter"
PIP_CONF = "pip.conf"
_FILE = "written.json"


def note(kind: str, place: str, environ: Mapping[str, str]) -> None:
    """Remember a place; that it cannot be remembered is no reason to fail."""
    _change(environ, lambda known: known if [kind, place] in known else [*known, [kind, place]])


def forget(kind: str, place: str, environ: Mapping[str, str]) -> None:
    """Forget a place."""
    _change(environ, lambda known: [each for each in known if each != [kind, place]])


def places(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return all kinds and places that are remembered."""
    return [(kind, place) for kind, place in _known(_file(environ))]


def _file(environ: Mapping[str, str]) -> str:
    return os.path.join(state_home(environ), _FILE)  # noqa: PTH118 -- strings


def _known(path: str) -> list[list[str]]:
    try:
        told = read_json(path)
        return [[str(kind), str(place)] for kind, place in told["places"]]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _change(environ: Mapping[str, str], edit: Callable[[list[list[str]]], list[list[str]]]) -> None:
    path = _file(environ)
    with contextlib.suppress(OSError):
        if edit(_known(path)) == _known(path):
            return
        with locked(path, state_home(environ)):
            write_json(path, {"places": edit(_known(path))})
