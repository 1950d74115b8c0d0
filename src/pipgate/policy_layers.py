"""The layers of the policy merged into one: who may tighten, who may loosen, and the floors under it all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipgate.matching import in_paths
from pipgate.origin import Layer, Origin
from pipgate.policy import COMMANDS, Mode, Overruled, Policy, PolicyLayer, Rule, Setting, Status, Verdict
from pipgate.policy_values import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Settings = Mapping[str, Setting[Any]]

_FIELDS = {
    "default": "default",
    "mode": "mode",
    "approvals": "approvals",
    "on-older-wheel": "on_older_wheel",
    "min-age": "min_age",
    "require-reason": "require_reason",
    "max-approval-life": "max_approval_life",
    "first-party.paths": "first_party_paths",
    "first-party.archives": "first_party_archives",
    "first-party.names": "first_party_names",
    "first-party.indexes": "first_party_indexes",
    "first-party.vcs": "first_party_vcs",
}
_WHEN = {f"when.{command}.default": command for command in COMMANDS}
_OBSERVE = Setting(Mode.OBSERVE)
_DEFAULTS = frozenset({"default", *_WHEN})
_STATUS = {f"status.{status.value}": status for status in Status}
_EVERYTHING = "*"
DIRECTORIES = ("first-party.paths", "first-party.archives")  # the keys that hold some


@dataclass(frozen=True, slots=True)
class _Merged:
    """What the layers have come to so far."""

    settings: Settings
    deny: tuple[Setting[str], ...] = ()
    rules: tuple[Rule, ...] = ()
    overruled: tuple[Overruled, ...] = ()


def merge(layers: Sequence[PolicyLayer], *, may_loosen: Callable[[PolicyLayer], bool]) -> Policy:
    """Return the policy that the layers come to, the farthest first, over the built-in values.

    Every layer may tighten; only one that ``may_loosen`` may loosen. What a layer asked for and did not get
    is in ``overruled``. Over a floor of ``default = "block"``, also one for a single command, all layers but
    the system's only tighten, and over any floor none but the system's sets ``mode = "observe"``, which runs
    what a floor refuses. A ``default`` never loosens what a farther layer set for one command, but tightens
    it. Floors of system layers hold at the end, whoever asked for less. Directories have to be absolute, and
    so have approvals files but for those of the project: two that are named alike are two files.
    """
    floors = _floors(layers)
    # What the system lets nobody but itself allow, no other's rule or mode must allow either.
    closed = any(floors[key].value is Verdict.BLOCK for key in _DEFAULTS & floors.keys())
    locked = [each for layer in layers if layer.layer is Layer.SYSTEM for each in layer.locked.values()]
    is_told = not locked or floors.get("mode", _OBSERVE).value is not Mode.OBSERVE  # by its own floor
    merged = _Merged(_settings_of(Policy()))
    for layer in layers:
        if not is_told and layer.layer is not Layer.SYSTEM:
            layer, merged = _unobserving(layer, merged, locked[0])  # noqa: PLW2901 -- what is left of it
        trusted = may_loosen(layer) and not (closed and layer.layer is not Layer.SYSTEM)
        merged = _with_layer(merged, layer, floors, trusted=trusted)
    return _policy(
        replace(merged, settings=_above(floors, merged.settings)),
        locked=bool(locked),
    )


def describe(policy: Policy) -> list[tuple[str, str, Origin]]:
    """Return every value that holds: its key, the value on one line and harmless, and where it is from."""
    settings = _settings_of(policy)
    lines = [(key, written(setting.value), setting.origin) for key, setting in settings.items()]
    lines += [("deny", written(setting.value), setting.origin) for setting in policy.deny]
    return lines + [("rule", _in_words(rule), rule.origin) for rule in policy.rules]


def _unobserving(layer: PolicyLayer, merged: _Merged, floor: Setting[Any]) -> tuple[PolicyLayer, _Merged]:
    """Return a layer without the mode that runs every build, and what is merged with a word of that."""
    asked, holds = layer.settings.get("mode"), merged.settings["mode"]
    if asked is None or asked.value is not Mode.OBSERVE or holds.value is Mode.OBSERVE:
        return layer, merged
    rest = {key: setting for key, setting in layer.settings.items() if key != "mode"}
    note = Overruled("mode", written(asked.value), asked.origin, floor.origin)
    return replace(layer, settings=rest), replace(merged, overruled=(*merged.overruled, note))


def _with_layer(merged: _Merged, layer: PolicyLayer, floors: Settings, *, trusted: bool) -> _Merged:
    held = merged.settings
    after = dict(held)
    overruled: list[Overruled] = []
    for key, asked in layer.settings.items():
        holds = _holding(held, key)
        # Two that name one approvals file: whose it is is not for the untrusted to say.
        settled = asked if trusted else holds if key == "approvals" else _both(key, holds, asked)
        if settled is not holds:
            after[key] = settled
        if key in floors and _loosens(key, floors[key], asked):
            overruled.append(Overruled(key, written(asked.value), asked.origin, floors[key].origin))
        elif not _same(settled, asked):
            overruled.append(Overruled(key, written(asked.value), asked.origin, holds.origin))
    if "default" in layer.settings:
        for key in (_WHEN.keys() & held.keys()) - layer.settings.keys():
            after[key] = _both(key, held[key], layer.settings["default"])
    counting = [rule for rule in layer.rules if trusted or rule.verdict is not Verdict.ALLOW]
    dropped = [rule for rule in layer.rules if not trusted and rule.verdict is Verdict.ALLOW]
    overruled += [
        Overruled("rule", _in_words(rule), rule.origin, after["default"].origin) for rule in dropped
    ]
    return _Merged(
        settings=after,
        deny=_union(merged.deny, layer.deny),
        rules=(*merged.rules, *counting),
        overruled=(*merged.overruled, *overruled),
    )


def _floors(layers: Iterable[PolicyLayer]) -> dict[str, Setting[Any]]:
    """Return the strictest floor of each key; one for ``default`` is one for every command that has none."""
    floors: dict[str, Setting[Any]] = {}
    for layer in layers:
        if layer.layer is not Layer.SYSTEM:
            continue
        locked = {key: setting for key, setting in layer.locked.items() if key != "deny"}  # a union anyway
        if "default" in locked:
            locked = dict.fromkeys(_WHEN, locked["default"]) | locked
        for key, setting in locked.items():
            floors[key] = _both(key, floors[key], setting) if key in floors else setting
    return floors


def _above(floors: Settings, settings: Settings) -> dict[str, Setting[Any]]:
    """Return the settings, each raised to its floor."""
    raised = dict(settings)
    for key, floor in sorted(floors.items()):  # the default comes before the commands that may follow it
        holds = _holding(raised, key)
        if _loosens(key, floor, holds):
            raised[key] = _both(key, floor, holds)
    return raised


def _holding(settings: Settings, key: str) -> Setting[Any]:
    """Return what holds of a key, also of one that has no value of its own."""
    if key in settings:
        return settings[key]
    return settings["default"] if key in _WHEN else Setting(Verdict.ALLOW)


def _both(key: str, farther: Setting[Any], nearer: Setting[Any]) -> Setting[Any]:
    """Return what is no looser than either: the nearer if it is as strict, else the farther, or a part."""
    value = _stricter(key, farther.value, nearer.value)
    part = Setting(value, nearer.origin)
    if _same(part, nearer):
        return nearer
    return farther if _same(part, farther) else part


def _stricter(key: str, farther: Any, nearer: Any) -> Any:  # noqa: ANN401 -- as many types as keys
    if key.startswith("first-party."):
        return _common(key, farther, nearer)
    if key == "approvals":  # has no order, so that any other file is a loosening
        return farther
    if key == "max-approval-life":
        return min((each for each in (farther, nearer) if each is not None), default=None)
    return max(farther, nearer)


def _common(key: str, farther: tuple[str, ...], nearer: tuple[str, ...]) -> tuple[str, ...]:
    """Return what both have; of two directories, one in the other, that is the inner one."""
    if _EVERYTHING in farther:
        return nearer
    if _EVERYTHING in nearer:
        return farther
    if key not in DIRECTORIES:
        return tuple(each for each in nearer if each in farther)
    inner = [each for each in nearer if in_paths(each, farther)]
    return (*inner, *(each for each in farther if in_paths(each, nearer) and each not in inner))


def _loosens(key: str, floor: Setting[Any], asked: Setting[Any]) -> bool:
    return not _same(_both(key, floor, asked), asked)


def _same(one: Setting[Any], other: Setting[Any]) -> bool:
    if isinstance(one.value, tuple) and isinstance(other.value, tuple):
        return set(one.value) == set(other.value)
    return bool(one.value == other.value)


def _union(farther: tuple[Setting[str], ...], nearer: tuple[Setting[str], ...]) -> tuple[Setting[str], ...]:
    """Return the names of both, each once, with where it was denied first."""
    first = {setting.value: setting for setting in reversed(farther + nearer)}
    return tuple(first[value] for value in dict.fromkeys(each.value for each in farther + nearer))


def _settings_of(policy: Policy) -> dict[str, Setting[Any]]:
    settings: dict[str, Setting[Any]] = {key: getattr(policy, name) for key, name in _FIELDS.items()}
    settings |= {key: policy.when[command] for key, command in _WHEN.items() if command in policy.when}
    return settings | {key: policy.status[each] for key, each in _STATUS.items() if each in policy.status}


def _policy(merged: _Merged, *, locked: bool) -> Policy:
    settings = merged.settings
    return Policy(
        **{name: settings[key] for key, name in _FIELDS.items()},
        when={command: settings[key] for key, command in _WHEN.items() if key in settings},
        status={status: settings[key] for key, status in _STATUS.items() if key in settings},
        deny=merged.deny,
        rules=merged.rules,
        locked=bool(locked),
        overruled=merged.overruled,
    )


def _in_words(rule: Rule) -> str:
    words = [written(rule.verdict), rule.name + (f" {rule.version}" if rule.version else "")]
    words += [f"from {rule.index}"] if rule.index else []
    words += [f"until {rule.expires}"] if rule.expires else []
    words += [f"owner {rule.owner}"] if rule.owner else []
    words += [f"({rule.reason})"] if rule.reason else []
    return written(" ".join(words))
