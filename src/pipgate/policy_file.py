"""Policy files, schema v1: read from TOML into one layer of the policy, every value with its line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Union

from pipgate import policy_values as values
from pipgate.errors import PolicyError
from pipgate.origin import Layer, Origin
from pipgate.plain_text import plain
from pipgate.policy import COMMANDS, PolicyLayer, Rule, Setting, Status
from pipgate.policy_values import WrongValueError
from pipgate.time_limit import TookTooLongError, at_most
from pipgate.toml_lines import KeyPath, TomlLines

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_POLICY = 1 << 20  # bytes
LONGEST_READING = 5.0  # seconds; tomllib takes time that grows with the square of a hostile text
SCHEMA_VERSION = 1

Read = Callable[[object], object]
Keys = Mapping[str, Union[Read, "Keys"]]

SETTINGS: Final[Keys] = {
    "default": values.default_verdict,
    "mode": values.mode,
    "approvals": values.text,
    "on-older-wheel": values.older_wheel,
    "min-age": values.duration,
    "require-reason": values.truth,
    "max-approval-life": values.duration,
    "deny": values.several(values.name),
    "first-party": {
        "paths": values.several(values.folder),
        "archives": values.several(values.one_folder),
        "names": values.several(values.pattern),
        "indexes": values.several(values.index),
        "vcs": values.several(values.vcs),
    },
    "when": {command: {"default": values.default_verdict} for command in COMMANDS},
    "status": {status.value: values.verdict for status in Status},
}
_RULE: Final[Keys] = {
    "name": values.pattern,
    "version": values.specifier,
    "index": values.index,
    "verdict": values.verdict,
    "expires": values.day,
    "owner": values.text,
    "reason": values.text,
}
_SYSTEM_ONLY = ("locked", "trust-projects")
_TOP: Final = ("version", *SETTINGS, "rule", *_SYSTEM_ONLY)

_LINE_OF_ERROR = re.compile(r" \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)$")
_NOT_UTF8 = re.compile("[\ud800-\udfff]")


# What tomllib takes long for are keys of many parts, which are long lines.
_QUICK, _SHORT = 64 << 10, 500  # characters, of the file and of a line


def parse_policy(text: str, file: str, layer: Layer, *, table: tuple[str, ...] = ()) -> PolicyLayer | None:
    """Read a policy file, or the ``table`` of one: None when it has no such table.

    ``text`` is the file as UTF-8, decoded with ``surrogateescape`` so that what is not UTF-8 is told with its
    line. Raises PolicyError with ``file`` and line for anything that schema v1 does not have.
    """
    raw: object = _load(text, file)
    for key in table:
        if not isinstance(raw, dict) or key not in raw:
            return None
        raw = raw[key]
    return _Document(file, layer, TomlLines(text), table).policy(raw)


def table_text(text: str, file: str, table: tuple[str, ...]) -> str:
    """Return one table of a file as text that changes when the table does, and with nothing else."""
    raw: object = _load(text, file)
    for key in table:
        raw = raw.get(key, {}) if isinstance(raw, dict) else {}
    return json.dumps(raw, sort_keys=True, default=str, indent=1, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Document:
    """The file that is being read; ``prefix`` is the table that holds the policy, left out of messages."""

    file: str
    layer: Layer
    lines: TomlLines
    prefix: tuple[str, ...]

    def policy(self, raw: object) -> PolicyLayer:
        top = self.table(raw, ())
        self.version(top)
        self.known(top, (), _TOP)
        if self.layer is not Layer.SYSTEM:
            for key in _SYSTEM_ONLY:
                if key in top:
                    raise self.wrong((key,), f"{key} is for the system's file alone")
        settings = self.settings(_only(top, SETTINGS), (), SETTINGS)
        self.names_with_place(settings)
        locked = self.settings(top.get("locked", {}), ("locked",), SETTINGS)
        return PolicyLayer(
            self.layer,
            self.file,
            settings={key: setting for key, setting in settings.items() if key != "deny"},
            rules=self.rules(top.get("rule", [])),
            deny=self.each(settings.get("deny"), ("deny",))
            + self.each(locked.get("deny"), ("locked", "deny")),
            locked=locked,
            trust_projects=self.trusted(top),
        )

    def version(self, top: dict[str, object]) -> None:
        """Refuse an unknown schema first: no other message about such a file could be right."""
        if "version" not in top:
            raise self.wrong((), f"version is missing; write version = {SCHEMA_VERSION}")
        version = top["version"]
        if not isinstance(version, int) or isinstance(version, bool):
            raise self.wrong(
                ("version",), f"version must be a whole number, and is {values.kind_of(version)}"
            )
        if version != SCHEMA_VERSION:
            message = f"version is not {SCHEMA_VERSION}, the one that this pipgate reads"
            raise self.wrong(("version",), message)

    def settings(self, raw: object, path: KeyPath, keys: Keys) -> dict[str, Setting[Any]]:
        """Read a table and those in it; the names leave out where ``path`` starts."""
        found: dict[str, Setting[Any]] = {}
        for key, value in self.known(self.table(raw, path), path, keys).items():
            read, here = keys[key], (*path, key)
            if isinstance(read, Mapping):
                nested = self.settings(value, here, read)
                found |= {f"{key}.{name}": setting for name, setting in nested.items()}
            else:
                found[key] = Setting(self.value(value, here, read), self.origin(here))
        return found

    def names_with_place(self, settings: Mapping[str, Setting[Any]]) -> None:
        """Refuse names without a place: anybody can take a name on another index."""
        places = [settings.get(f"first-party.{key}") for key in ("indexes", "vcs")]
        names = settings.get("first-party.names")
        if names is not None and names.value and not any(place and place.value for place in places):
            raise self.wrong(
                ("first-party", "names"), "first-party.names needs first-party.indexes or first-party.vcs"
            )

    def rules(self, raw: object) -> tuple[Rule, ...]:
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            raise self.wrong(("rule",), "rule must be an array of tables; write [[rule]] above each")
        return tuple(self.rule(each, ("rule", place)) for place, each in enumerate(raw))

    def rule(self, raw: object, path: KeyPath) -> Rule:
        found: dict[str, Any] = {
            key: setting.value for key, setting in self.settings(raw, path, _RULE).items()
        }
        for key in ("name", "verdict"):
            if key not in found:
                raise self.wrong(path, f"rule.{key} is missing")
        if "*" in found["name"] and "index" not in found:
            raise self.wrong((*path, "name"), "rule.name can be a pattern only together with rule.index")
        return Rule(origin=self.origin(path), **found)

    def trusted(self, top: dict[str, object]) -> tuple[Setting[str], ...]:
        path = ("trust-projects",)
        folders = self.value(top.get(path[0], []), path, values.several(values.absolute_folder))
        return self.each(Setting(folders), path)

    def each(self, setting: Setting[Any] | None, path: KeyPath) -> tuple[Setting[str], ...]:
        """Return the elements of an array, each with a line of its own."""
        elements = () if setting is None else setting.value
        return tuple(Setting(each, self.origin((*path, place))) for place, each in enumerate(elements))

    def value(self, raw: object, path: KeyPath, read: Read) -> Any:  # noqa: ANN401 -- as many types as keys
        try:
            return read(raw)
        except WrongValueError as error:
            raise self.wrong((*path, *error.inside), f"{_shown(path)} {error}") from None

    def table(self, raw: object, path: KeyPath) -> dict[str, object]:
        if not isinstance(raw, dict):
            raise self.wrong(
                path, f"{_shown(path or self.prefix)} must be a table, and is {values.kind_of(raw)}"
            )
        return raw

    def known(self, raw: dict[str, object], path: KeyPath, keys: Iterable[str]) -> dict[str, object]:
        for key in raw:
            if key not in keys:
                unknown = plain(_shown((*path, key)), 120)
                raise self.wrong((*path, key), f'unknown key "{unknown}"; {values.nearest(key, keys)}')
        return raw

    def origin(self, path: KeyPath) -> Origin:
        return Origin(self.layer, self.file, self.lines.line_of((*self.prefix, *path)))

    def wrong(self, path: KeyPath, message: str) -> PolicyError:
        return _error(self.file, self.lines.line_of((*self.prefix, *path)), message)


def _load(text: str, file: str) -> dict[str, object]:
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_POLICY:
        raise _error(file, 1, f"the file is larger than {LARGEST_POLICY >> 20} MiB")
    if text.startswith("\ufeff"):
        raise _error(file, 1, "the file begins with a byte order mark; save it as UTF-8 without one")
    if hostile := _NOT_UTF8.search(text):
        raise _error(file, text.count("\n", 0, hostile.start()) + 1, "the file is not UTF-8")
    try:
        if len(text) <= _QUICK and all(len(line) <= _SHORT for line in text.splitlines()):
            return tomllib.loads(text)  # a limit of time would make it take twice as long
        with at_most(LONGEST_READING):
            return tomllib.loads(text)
    except RecursionError:
        raise _error(file, 1, "the file nests too deeply") from None
    except TookTooLongError:
        raise _error(file, 1, f"the file takes longer than {LONGEST_READING:g} s to read") from None
    except ValueError as error:  # also of a whole number with thousands of digits, which has no line
        raise _not_toml(text, file, str(error)) from error


def _not_toml(text: str, file: str, message: str) -> PolicyError:
    place = _LINE_OF_ERROR.search(message)
    if place is None:
        return _error(file, 1, f"the file is not TOML: {message}")
    last = text.rstrip().count("\n") + 1
    return _error(file, int(place["line"] or last), f"the file is not TOML: {message[: place.start()]}")


def _error(file: str, line: int, message: str) -> PolicyError:
    return PolicyError(f"{plain(file, 4_096)}:{line}", plain(message, 1_000))


def _only(table: dict[str, object], keys: Keys) -> dict[str, object]:
    return {key: value for key, value in table.items() if key in keys}


def _shown(path: KeyPath) -> str:
    return ".".join(step for step in path if isinstance(step, str)) or "the policy"
