"""Approvals as they were parsed once, remembered by the content of their file: parsing TOML takes long."""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import cache
from typing import Any

from pipgate import __version__
from pipgate.approvals import Approval, Approvals, Revocation, pin_from_words, words_of_pin
from pipgate.build_request import Purpose
from pipgate.origin import Layer, Origin
from pipgate.state_files import digest_of, name_of, read_json, write_json

_WORTH_IT = 20_000  # characters; what is shorter is parsed as fast


def read_strictest(text: str, path: str, layer: Layer, state: str | None) -> Approvals:
    """Return what the text of an approvals file says, one approval for each identity.

    What is remembered lies in the user's own state directory, as the list of trusted projects does; None says
    that there is none. Raises PolicyError for a text that is not valid: such a one is never remembered.
    """
    if state is None or len(text) < _WORTH_IT:
        return _parsed(text, path, layer)
    digest = f"{__version__} {digest_of(text)}"
    place = os.path.join(state, "parsed", name_of("approvals", os.path.realpath(path)))  # noqa: PTH118 -- strings
    known = _remembered(place, digest, path, layer)
    if known is None:
        known = _parsed(text, path, layer)
        _remember(place, digest, known)
    return known


def _parsed(text: str, path: str, layer: Layer) -> Approvals:
    from pipgate.approvals_text import parse_approvals, strictest  # noqa: PLC0415 -- what is remembered does without

    return strictest(parse_approvals(text, path, layer))


def _remembered(place: str, digest: str, path: str, layer: Layer) -> Approvals | None:
    """Return what was parsed of exactly this text, by this pipgate, or None."""
    try:
        told = read_json(place)
        if told["digest"] != digest:
            return None
        approved = tuple(_approval(row, path, layer) for row in told["approved"])
        return Approvals(approved, tuple(_revocation(row, path, layer) for row in told["revoked"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _remember(place: str, digest: str, approvals: Approvals) -> None:
    """Keep the rows; that they cannot be kept is no reason to fail."""
    told = {
        "digest": digest,
        "approved": [_row(each) for each in approvals.approved],
        "revoked": [_common(each) for each in approvals.revoked],
    }
    try:
        write_json(place, told)
    except OSError:
        return


def _common(entry: Approval | Revocation) -> list[Any]:
    words = [] if entry.pin is None else words_of_pin(entry.pin)
    return [entry.name, entry.version, words, entry.by, entry.on.isoformat(), entry.origin.line, entry.reason]


def _row(approval: Approval) -> list[Any]:
    expires = None if approval.expires is None else approval.expires.isoformat()
    return [*_common(approval), approval.file, expires, sorted(each.value for each in approval.purposes)]


def _approval(row: list[Any], path: str, layer: Layer) -> Approval:
    name, version, words, by, on, line, reason, file, expires, purposes = row
    pin, until = pin_from_words(words), date.fromisoformat(expires) if expires else None
    origin, when = Origin(layer, path, line), datetime.fromisoformat(on)
    return Approval(name, version, pin, _purposes(tuple(purposes)), by, when, origin, file, until, reason)


def _revocation(row: list[Any], path: str, layer: Layer) -> Revocation:
    name, version, words, by, on, line, reason = row
    pin = pin_from_words(words) if words else None
    return Revocation(name, version, pin, by, datetime.fromisoformat(on), Origin(layer, path, line), reason)


@cache
def _purposes(words: tuple[str, ...]) -> frozenset[Purpose]:
    return frozenset(map(Purpose, words))
