"""Policies as they were parsed once, remembered by their text: TOML and the lines of its keys take long."""

from __future__ import annotations

import os
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from pipgate import __version__
from pipgate.origin import Layer, Origin
from pipgate.policy import Mode, OlderWheel, PolicyLayer, Rule, Setting, Verdict
from pipgate.state_files import digest_of, name_of, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipgate.policy_places import PolicyPlace

_WORTH_IT = 4_000  # characters; what is shorter is parsed as fast
_ENUMS: dict[str, type[Verdict | Mode | OlderWheel]] = {
    kind.__name__: kind for kind in (Verdict, Mode, OlderWheel)
}


def read_policy(place: PolicyPlace, state: str | None) -> PolicyLayer | None:
    """Return the policy of a file, or None when it has no such table.

    What is remembered lies in the user's own state directory; None says that there is none. Raises
    PolicyError for a policy that is not valid: such a one is never remembered.
    """
    if state is None or len(place.text) < _WORTH_IT:
        return _parsed(place)
    file = os.path.join(state, "parsed", name_of("policy", place.path, place.layer.value, *place.table))  # noqa: PTH118 -- strings
    digest = f"{__version__} {digest_of(place.text)}"
    known = _remembered(file, digest, place)
    if known is None:
        known = _parsed(place)
        if known is not None:
            _remember(file, digest, known)
    return known


def _parsed(place: PolicyPlace) -> PolicyLayer | None:
    from pipgate.policy_file import parse_policy  # noqa: PLC0415 -- what is remembered does without it

    return parse_policy(place.text, place.path, place.layer, table=place.table)


def _remembered(file: str, digest: str, place: PolicyPlace) -> PolicyLayer | None:
    """Return what was parsed of exactly this text, by this pipgate, or None."""
    try:
        told = read_json(file)
        return _layer_of(told, place.layer, place.path) if told["digest"] == digest else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _remember(file: str, digest: str, layer: PolicyLayer) -> None:
    """Keep what was parsed; that it cannot be kept is no reason to fail."""
    told = {
        "digest": digest,
        "settings": _told_settings(layer.settings),
        "rules": [_told_rule(rule) for rule in layer.rules],
        "deny": [_told(each) for each in layer.deny],
        "locked": _told_settings(layer.locked),
        "trust_projects": [_told(each) for each in layer.trust_projects],
    }
    try:
        write_json(file, told)
    except OSError:
        return


def _layer_of(told: dict[str, Any], layer: Layer, file: str) -> PolicyLayer:
    def setting(row: list[Any]) -> Setting[Any]:
        return Setting(_value(row[0]), Origin(layer, file, row[1]))

    return PolicyLayer(
        layer,
        file,
        {key: setting(row) for key, row in told["settings"].items()},
        tuple(_rule(row, layer, file) for row in told["rules"]),
        tuple(map(setting, told["deny"])),
        {key: setting(row) for key, row in told["locked"].items()},
        tuple(map(setting, told["trust_projects"])),
    )


def _told_settings(settings: Mapping[str, Setting[Any]]) -> dict[str, list[Any]]:
    return {key: _told(setting) for key, setting in settings.items()}


def _told(setting: Setting[Any]) -> list[Any]:
    return [_told_value(setting.value), setting.origin.line]


def _told_value(value: object) -> object:
    match value:
        case Enum():
            return [type(value).__name__, value.value]
        case timedelta():
            return ["hours", value // timedelta(hours=1)]
        case tuple():
            return ["tuple", *map(_told_value, value)]
        case _:
            return value


def _value(told: Any) -> Any:  # noqa: ANN401 -- as many types as keys
    match told:
        case ["hours", int(hours)]:
            return timedelta(hours=hours)
        case ["tuple", *elements]:
            return tuple(map(_value, elements))
        case [str(kind), value]:
            return _ENUMS[kind](value)
        case _:
            return told


def _told_rule(rule: Rule) -> list[Any]:
    expires = None if rule.expires is None else rule.expires.isoformat()
    line = rule.origin.line
    return [rule.name, rule.verdict.value, line, rule.version, rule.index, expires, rule.owner, rule.reason]


def _rule(row: list[Any], layer: Layer, file: str) -> Rule:
    name, verdict, line, version, index, expires, owner, reason = row
    until = date.fromisoformat(expires) if expires else None
    origin = Origin(layer, file, line)
    return Rule(name, Verdict(verdict), origin, version, index, until, owner, reason)
