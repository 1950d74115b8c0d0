"""Of what a wheel in pip's cache was built, and by what, as far as a gated run has built it here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pipgate.approvals import pin_from_words, words_of_pin
from pipgate.archive_names import sha256_of_file
from pipgate.report import outcome_to_json, outcomes_from_json
from pipgate.state_files import keep_newest, name_of, read_json, write_json
from pipgate.user_directories import is_projects, state_home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipgate.approvals import Pin
    from pipgate.outcomes import Outcome

_FOLDER = "built"
_MOST = 4096  # files; who builds more builds some of them again


class Built(NamedTuple):
    """What a wheel was built of, and by what.

    ``pin`` is the bytes or commit, ``claimed`` the name that its files say if it is another. ``by`` has the
    builds that were allowed for its build requirements, and for theirs.
    """

    pin: Pin
    claimed: str | None = None
    by: tuple[Outcome, ...] = ()


def remember(wheel: str, built: Built, project: str, environ: Mapping[str, str]) -> None:
    """Note what a wheel was built from; that it cannot be noted is no reason to fail.

    The note lies in the user's own state directory, and names the bytes of the wheel: what pip keeps beside
    its wheels repeats what a link said, and whoever can write to the cache, as a pull request can where CI
    restores one, could write it.
    """
    state = state_home(environ)
    if is_projects(state, project):
        return
    try:
        place = _place(wheel, state)
        rows = [outcome_to_json(each) for each in built.by]
        told = {"pin": words_of_pin(built.pin), "claimed": built.claimed, "by": rows}
        write_json(place, {"wheel": sha256_of_file(wheel), **told})
        keep_newest(os.path.dirname(place), _MOST)  # noqa: PTH120 -- strings
    except OSError:
        return


def built_from(wheel: str, project: str, environ: Mapping[str, str]) -> Built | None:
    """Return what a wheel was built from if it is, byte for byte, one that was noted, else None."""
    state = state_home(environ)
    if is_projects(state, project):
        return None  # what a project can have brought along says nothing about it
    try:
        told = read_json(_place(wheel, state))
        if told["wheel"] != sha256_of_file(wheel) or not isinstance(told["claimed"], str | None):
            return None
        by = tuple(outcomes_from_json(told["by"]))
        return Built(pin_from_words(told["pin"]), told["claimed"], by)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _place(wheel: str, state: str) -> str:
    return os.path.join(state, _FOLDER, name_of(os.path.realpath(wheel)))  # noqa: PTH118 -- strings
