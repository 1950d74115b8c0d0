"""One entry of an approvals file: what its TOML table means, and the line that is written for it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipgate.approvals import Approval, CommitPin, Pin, Revocation, Sha256Pin
from pipgate.build_request import Purpose
from pipgate.errors import PolicyError, assert_never
from pipgate.plain_text import plain
from pipgate.public_urls import leaves_tree, plain_subdirectory, public_url

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipgate.origin import Origin

_APPROVAL_KEYS = (
    "name",
    "version",
    "sha256",
    "vcs",
    "commit",
    "subdirectory",
    "file",
    "for",
    "by",
    "on",
    "expires",
    "reason",
)
_REVOCATION_KEYS = ("name", "version", "sha256", "vcs", "commit", "subdirectory", "by", "on", "reason")

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")  # PEP 508
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_COMMIT = re.compile(r"[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?")
# Control, format (bidi marks, zero width), surrogates, line breaks. Not what a newer Unicode may give a
# meaning to: a file must not be valid on one Python and invalid on another.
_HOSTILE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def read_approval(table: Mapping[str, object], origin: Origin) -> Approval:
    """Return what an entry of ``approvals`` says; raises PolicyError for one that is not valid."""
    fields = _Fields(table, plain(str(origin)))
    fields.refuse_other_keys(_APPROVAL_KEYS)
    pin = fields.pin()
    if pin is None:
        raise fields.error("the key 'sha256' is missing, or 'vcs' and 'commit'")
    return Approval(
        name=fields.name(),
        version=fields.version(),
        pin=pin,
        purposes=fields.purposes(),
        by=fields.needed_text("by"),
        on=fields.instant("on"),
        origin=origin,
        file=fields.text("file"),
        expires=fields.day("expires"),
        reason=fields.text("reason"),
    )


def read_revocation(table: Mapping[str, object], origin: Origin) -> Revocation:
    """Return what an entry of ``revoked`` says; raises PolicyError for one that is not valid."""
    fields = _Fields(table, plain(str(origin)))
    fields.refuse_other_keys(_REVOCATION_KEYS)
    return Revocation(
        name=fields.name(),
        version=fields.version(),
        pin=fields.pin(),
        by=fields.needed_text("by"),
        on=fields.instant("on"),
        origin=origin,
        reason=fields.text("reason"),
    )


def entry_line(entry: Approval | Revocation) -> str:
    """Return an entry as it is written, from the brace to the comma; two that say the same give the same."""
    values = {"name": _quoted(canonicalize_name(entry.name))}
    if entry.version is not None:
        values["version"] = _quoted(str(Version(entry.version)))
    values |= _pin_values(entry.pin)
    if isinstance(entry, Approval):
        if entry.file is not None:
            values["file"] = _quoted(entry.file)
        wanted = [_quoted(each.value) for each in Purpose if each in entry.purposes]
        values["for"] = f"[{', '.join(wanted)}]"
    values["by"] = _quoted(entry.by)
    on = entry.on.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None)
    values["on"] = f"{on.isoformat()}Z"
    if isinstance(entry, Approval) and entry.expires is not None:
        values["expires"] = entry.expires.isoformat()
    if entry.reason is not None:
        values["reason"] = _quoted(entry.reason)
    return "{ " + ", ".join(f"{key} = {value}" for key, value in values.items()) + " },"


def unknown_key(key: str, known: Collection[str]) -> str:
    """Return what is said of a key that is not known: the one that was meant, or all there are."""
    nearest = difflib.get_close_matches(key, known, n=1)
    meant = f"did you mean {nearest[0]!r}?" if nearest else f"the keys are {', '.join(known)}"
    return f"the key {_shown(key)} is not known; {meant}"


@dataclass(frozen=True, slots=True)
class _Fields:
    """The table of one entry, and the FILE:LINE for messages; every method raises PolicyError."""

    table: Mapping[str, object]
    place: str

    def error(self, message: str) -> PolicyError:
        return PolicyError(self.place, message)

    def refuse_other_keys(self, known: Collection[str]) -> None:
        for key in self.table:
            if key not in known:
                raise self.error(unknown_key(key, known))

    def text(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(f"{key!r} is no string")
        if any(unicodedata.category(each) in _HOSTILE_CATEGORIES for each in value):
            raise self.error(f"{key!r} has a control character or one that cannot be seen: {_shown(value)}")
        if not value.strip():
            raise self.error(f"{key!r} is empty")
        return value

    def needed_text(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            raise self.error(f"the key {key!r} is missing")
        return value

    def name(self) -> str:
        name = self.needed_text("name")
        if not _NAME.fullmatch(name):
            raise self.error(f"'name' {_shown(name)} is no name of a project (PEP 508)")
        return canonicalize_name(name)

    def version(self) -> str | None:
        version = self.text("version")
        if version is None:
            return None
        try:
            return str(Version(version))
        except (InvalidVersion, ValueError) as error:  # a ValueError for a number of thousands of digits
            raise self.error(f"'version' {_shown(version)} is no version (PEP 440)") from error

    def pin(self) -> Pin | None:
        sha256 = self.text("sha256")
        if "vcs" in self.table or "commit" in self.table:
            if sha256 is not None:
                raise self.error("an entry has either 'sha256', or 'vcs' and 'commit'")
            return self._commit_pin()
        if sha256 is None:
            if "subdirectory" in self.table:
                raise self.error("'subdirectory' stands beside 'sha256', or 'vcs' and 'commit'")
            return None
        if not _SHA256.fullmatch(sha256):
            raise self.error(f"'sha256' {_shown(sha256)} is no sha256: that has 64 hexadecimal digits")
        return Sha256Pin(sha256.lower(), self._subdirectory())

    def _commit_pin(self) -> CommitPin:
        vcs, commit = self.needed_text("vcs"), self.needed_text("commit")
        public = public_url(vcs)
        if public != vcs or "#" in vcs:
            raise self.error(
                f"'vcs' is not the public URL of a repository, {_shown(public.partition('#')[0])}"
            )
        if not _COMMIT.fullmatch(commit):
            raise self.error(
                f"'commit' {_shown(commit)} is no whole commit id: that has 40 or 64 hexadecimal digits"
            )
        return CommitPin(vcs, commit.lower(), self._subdirectory())

    def _subdirectory(self) -> str:
        value = self.text("subdirectory") or ""
        if leaves_tree(value) or plain_subdirectory(value) != value:
            raise self.error(
                f"'subdirectory' must be a relative path such as 'packages/one': {_shown(value)}"
            )
        return value

    def purposes(self) -> frozenset[Purpose]:
        value = self.table.get("for")
        if value is None:
            raise self.error("the key 'for' is missing")
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.error("'for' is no list of strings")
        if not value:
            raise self.error("'for' is empty, so the entry would cover nothing")
        known = [each.value for each in Purpose]
        for each in value:
            if each not in known:
                raise self.error(f"'for' has {_shown(each)}; it may have {', '.join(known)}")
        return frozenset(Purpose(each) for each in value)

    def instant(self, key: str) -> datetime:
        value = self.table.get(key)
        if value is None:
            raise self.error(f"the key {key!r} is missing")
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise self.error(f"{key!r} is no date and time with an offset, such as 2026-11-23T10:00:00Z")
        try:
            return value.astimezone(timezone.utc).replace(microsecond=0)
        except OverflowError as error:  # the first or the last day that there is, in another zone
            raise self.error(f"{key!r} is out of range") from error

    def day(self, key: str) -> date | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.error(f"{key!r} is no date, such as 2027-11-23")
        return value


def _pin_values(pin: Pin | None) -> dict[str, str]:
    directory = {"subdirectory": _quoted(pin.subdirectory)} if pin and pin.subdirectory else {}
    match pin:
        case None:
            return {}
        case Sha256Pin(sha256):
            return {"sha256": _quoted(sha256), **directory}
        case CommitPin(vcs, commit):
            return {"vcs": _quoted(vcs), "commit": _quoted(commit), **directory}
        case _:
            assert_never(pin)


def _quoted(text: str) -> str:
    """Return a TOML basic string; what cannot be seen is escaped, for reading to refuse it by name."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if unicodedata.category(character) not in _HOSTILE_CATEGORIES:
        return character
    return f"\\U{ord(character):08X}"


def _shown(text: str) -> str:
    return repr(plain(text, 80))
