"""Approvals as they were parsed once, remembered by the content of their file: parsing TOML takes long."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pipgate.approvals import Approval, Approvals, CommitPin, Pin, Revocation, Sha256Pin
from pipgate.approvals_file import text_of
from pipgate.approvals_text import parse_approvals, strictest
from pipgate.build_request import Purpose
from pipgate.origin import Layer, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION = 1  # of the rows; another one is parsed anew
_WORTH_IT = 20_000  # characters; what is shorter is parsed as fast


def read_strictest(path: str, layer: Layer, state: str) -> Approvals:
    """Return what an approvals file holds, one approval for each identity; nothing where there is no file.

    What is remembered lies in the user's own state directory, as the list of trusted projects does. Raises
    PolicyError for a file that cannot be read, is not UTF-8, or is not valid: such a one is never remembered.
    """
    text = text_of(path)
    if text is None:
        return Approvals()
    if len(text) < _WORTH_IT:
        return strictest(parse_approvals(text, path, layer))
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    place = _place(path, state)
    known = _remembered(place, digest, path, layer)
    if known is None:
        known = strictest(parse_approvals(text, path, layer))
        _remember(place, digest, known)
    return known


def _place(path: str, state: str) -> str:
    name = hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return os.path.join(state, "parsed", f"{name}.json")  # noqa: PTH118 -- strings


def _remembered(place: str, digest: str, path: str, layer: Layer) -> Approvals | None:
    """Return what was parsed of exactly this text, or None."""
    try:
        with open(place, encoding="utf-8") as file:  # noqa: PTH123 -- a string
            told = json.load(file)
        if told["version"] != _VERSION or told["sha256"] != digest:
            return None
        approved = tuple(_approval(row, path, layer) for row in told["approved"])
        return Approvals(approved, tuple(_revocation(row, path, layer) for row in told["revoked"]))
    except (OSError, ValueError, KeyError, TypeError, LookupError):
        return None


def _remember(place: str, digest: str, approvals: Approvals) -> None:
    """Keep the rows; that they cannot be kept is no reason to fail."""
    told = {
        "version": _VERSION,
        "sha256": digest,
        "approved": [_row(each) for each in approvals.approved],
        "revoked": [_common(each) for each in approvals.revoked],
    }
    part = f"{place}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 -- strings
        with open(part, "w", encoding="utf-8") as file:  # noqa: PTH123 -- same
            json.dump(told, file)
        os.replace(part, place)  # noqa: PTH105 -- same
    except OSError:
        return


def _common(entry: Approval | Revocation) -> list[Any]:
    pin = entry.pin
    words = [pin.sha256] if isinstance(pin, Sha256Pin) else [] if pin is None else [pin.vcs, pin.commit]
    return [entry.name, entry.version, words, entry.by, entry.on.isoformat(), entry.origin.line, entry.reason]


def _row(approval: Approval) -> list[Any]:
    expires = None if approval.expires is None else approval.expires.isoformat()
    return [*_common(approval), approval.file, expires, sorted(each.value for each in approval.purposes)]


def _approval(row: list[Any], path: str, layer: Layer) -> Approval:
    name, version, words, by, on, line, reason, file, expires, purposes = row
    pin = _pin(words)
    if pin is None:
        raise ValueError("an approval has a pin")
    until = date.fromisoformat(expires) if expires else None
    origin, when = Origin(layer, path, line), datetime.fromisoformat(on)
    return Approval(name, version, pin, _purposes(purposes), by, when, origin, file, until, reason)


def _revocation(row: list[Any], path: str, layer: Layer) -> Revocation:
    name, version, words, by, on, line, reason = row
    return Revocation(
        name, version, _pin(words), by, datetime.fromisoformat(on), Origin(layer, path, line), reason
    )


def _pin(words: list[str]) -> Pin | None:
    if not words:
        return None
    return Sha256Pin(words[0]) if len(words) == 1 else CommitPin(*words)


def _purposes(words: Iterable[str]) -> frozenset[Purpose]:
    return frozenset(map(Purpose, words))
