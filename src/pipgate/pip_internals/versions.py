"""The pips that the routes table has held on."""

from __future__ import annotations

import re

from pipgate.errors import GateNotArmedError

OLDEST = (23, 1)
NEWEST = (26, 3)
NEWEST_TEXT = "26.3"
KNOWN_GOOD = "pip 23.1 to 26.3"

_INSTALL_KNOWN_GOOD = f"python3 -m pip install --only-binary=:all: 'pip=={NEWEST_TEXT}'"

Release = tuple[int, ...]


def parse_release(text: str) -> Release:
    """Return the release numbers of a pip version; raises GateNotArmedError when there are none."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    if match is None:
        raise not_armed(f"pip calls itself version {text!r}, which is no version")
    return tuple(int(part) for part in match.group().split("."))


def require_known(text: str) -> Release:
    """Return the release of a pip that is known good; raises GateNotArmedError for any other.

    A patch release of the newest known minor release passes here: its choke points are compared by signature.
    """
    release = parse_release(text)
    if release[:2] < OLDEST:
        raise not_armed(f"pip {text} is older than pipgate can gate")
    if release[:2] > NEWEST:
        raise not_armed(f"pip {text} is newer than this pipgate has been tried with")
    return release


def not_armed(message: str, *context: str) -> GateNotArmedError:
    """Return the error for a pip that cannot be gated; nothing of pip has run when it is raised."""
    return GateNotArmedError(
        message,
        context=context,
        note=f"pip was not run, and no project code has run. Known good: {KNOWN_GOOD}.",
        hints=(f"To install a pip that is known good: {_INSTALL_KNOWN_GOOD}",),
    )
