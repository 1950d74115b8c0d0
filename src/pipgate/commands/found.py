"""What a word of ``approve`` names: a file that pip fetches and nothing runs, a commit, or a known hash."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate import static_metadata
from pipgate.approval_words import pinned_key, recorded_name
from pipgate.archive_names import is_name, is_version, normalised, sha256_of_file, version_in_filename
from pipgate.build_request import Archive, BuildRequest, Purpose, Sdist, Vcs, location, subdirectory_of
from pipgate.commands.recorded import plain_name
from pipgate.decision import utc_now
from pipgate.errors import UsageError
from pipgate.gate import Gate
from pipgate.gate_opening import context_of
from pipgate.matching import pin_or_none, pin_text, same_version
from pipgate.pending_builds import kept
from pipgate.pip_internals import PipCall, run_pip
from pipgate.plain_text import masked, plain
from pipgate.public_urls import plain_subdirectory, public_url, subdirectory_in
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    import argparse

    from pipgate.offered import Again
    from pipgate.outcomes import Planned
    from pipgate.rulebook import Rulebook

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_PINNED = re.compile(r"(?P<subject>[^@]+)@sha256:(?P<sha256>[0-9a-fA-F]{64})(?:#subdirectory=(?P<part>.*))?")
_PLACE = re.compile(r"(?:(?P<name>[\w.-]+) *@ *)?(?P<url>[A-Za-z][A-Za-z0-9+.-]*://.*)")
_VCS = re.compile(r"(?:git|hg|svn|bzr)\+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What a word names: the request that an approval is made for, and its file where there is one."""

    request: BuildRequest
    path: str | None = None


def find(wanted: list[str], given: argparse.Namespace, book: Rulebook, directory: str) -> list[Found]:
    """Return what the words name, fetching into ``directory`` what has to be seen; raises UsageError."""
    if given.sha256 is not None:
        return [_with_known_hash(wanted, given.sha256)]
    waiting = [each.request for each in kept(book.project, state_home(os.environ))]
    known = {word: found for word in wanted if (found := _without_a_look(word, waiting)) is not None}
    to_fetch = [_ToFetch.of(word, waiting) for word in wanted if word not in known]
    fetched = _fetched(to_fetch, places(given), book, directory) if to_fetch else []
    for each in fetched:
        _require_the_blocked_one(each.request, waiting, book.again)
    return [*map(Found, known.values()), *fetched]


def places(given: argparse.Namespace) -> list[str]:
    """Return the options that say where pip looks."""
    words = [] if given.index_url is None else ["--index-url", given.index_url]
    for option in ("extra_index_url", "find_links", "trusted_host"):
        words += [
            word for value in getattr(given, option) for word in (f"--{option.replace('_', '-')}", value)
        ]
    return [*words, *(["--no-index"] if given.no_index else []), *(["--pre"] if given.pre else [])]


@dataclass(frozen=True, slots=True)
class _ToFetch:
    """A word for something that is fetched and looked at: a name or none, and a place or none.

    ``blocked`` is the file of an index that the last blocked run here wanted under this name and version: it
    lies where that run has found it, whatever says so, be it a requirements file.
    """

    text: str
    name: str | None
    url: str = ""
    blocked: BuildRequest | None = None

    @staticmethod
    def of(word: str, waiting: list[BuildRequest]) -> _ToFetch:
        """Read a word; raises UsageError for what is none."""
        place = _PLACE.fullmatch(word)
        if place is not None:
            url = place["url"].strip()
            same = [recorded_name(each) for each in waiting if public_url(url) == location(each.source)]
            name = plain_name(place["name"]) if place["name"] else next(iter(same), None)
            return _ToFetch(word, name, url)
        name, _, version = word.partition("==")
        name = plain_name(name.strip())
        blocked = [
            each
            for each in waiting
            if isinstance(each.source, Sdist)
            and each.name == name
            and same_version(each.version, version.strip() or None)
            and location(each.source)
            and not each.source.subdirectory
        ]
        return (
            _ToFetch(word, name, location(blocked[0].source), blocked[0]) if blocked else _ToFetch(word, name)
        )

    def is_of(self, request: BuildRequest) -> bool:
        """Return whether pip has come to a request by this word."""
        if self.url:
            return _file(location(request.source)) == _file(self.url)
        return isinstance(request.source, Sdist) and request.name == self.name


def _file(url: str) -> str:
    """Return the URL of a file, whatever directory in it is meant."""
    return public_url(url).partition("#")[0]


def _require_the_blocked_one(found: BuildRequest, waiting: list[BuildRequest], again: Again) -> None:
    """Raise UsageError where the last blocked run here wanted something else under this name.

    That is other bytes under its version or at its URL, and a checkout or a URL where a file of an index was
    found: who blocked it may be somebody else's.
    """
    blocked = [
        each
        for each in waiting
        if recorded_name(each) == found.name and _stands_in_its_place(found, each) and pin_or_none(each)
    ]
    pin = pin_or_none(found)
    if not blocked or pin is None or pin in map(pin_or_none, blocked):
        return
    keys = [key for each in blocked if (key := pinned_key(each)) is not None]
    wanted = ", ".join(pin_text(each) for each in map(pin_or_none, blocked) if each is not None)
    raise UsageError(
        f"{plain(found.title)} is another file than the one that was blocked here; nothing was approved",
        context=(f"blocked: {plain(wanted)}", f"found:   {plain(pin_text(pin))}"),
        hints=(f"To approve the one that was blocked{again.saying_why}: {again.approving(*keys)}",),
    )


def _stands_in_its_place(found: BuildRequest, blocked: BuildRequest) -> bool:
    """Return whether somebody who means ``blocked`` may have got ``found`` for it."""
    if isinstance(found.source, Sdist) and not isinstance(blocked.source, Sdist):
        return True
    if not isinstance(found.source, Sdist) and _file(location(found.source)) == _file(
        location(blocked.source)
    ):
        return subdirectory_of(found.source) == subdirectory_of(blocked.source)
    return found.version is not None and same_version(blocked.version, found.version)


def _with_known_hash(wanted: list[str], text: str) -> Found:
    match = _SHA256.fullmatch(text)
    if match is None or len(wanted) != 1 or "@" in wanted[0]:
        raise UsageError("--sha256 takes 64 hexadecimal digits, for one NAME or NAME==VERSION")
    return Found(_of_hash(wanted[0], match.group(1), ""))


def _without_a_look(word: str, waiting: list[BuildRequest]) -> BuildRequest | None:
    """Return what a word names that says its hash or commit itself, or None."""
    pinned = _PINNED.fullmatch(word)
    if pinned is not None:
        return _of_hash(pinned["subject"], pinned["sha256"], pinned["part"] or "")
    place = _PLACE.fullmatch(word)
    if place is None or _VCS.match(place["url"]) is None:
        return None
    return _commit(place["name"], place["url"].strip(), waiting)


def _of_hash(subject: str, sha256: str, subdirectory: str) -> BuildRequest:
    name, equals, version = (part.strip() for part in subject.partition("=="))
    if equals and not is_version(version):
        raise UsageError(f"{version!r} is no version")
    source = Sdist("", sha256.lower(), "", plain_subdirectory(subdirectory))
    return BuildRequest(plain_name(name), version or None, source, Purpose.WHEEL)


def _commit(name: str | None, url: str, waiting: list[BuildRequest]) -> BuildRequest:
    """Return the request for a commit; one without a name has that of what was blocked here."""
    egg = re.search(r"[#&]egg=([\w.-]+)", url)
    source = Vcs(_lower_commit(url.partition("#")[0]), None, plain_subdirectory(subdirectory_in(url)))
    found = BuildRequest(None, None, source, Purpose.WHEEL, named_by_user=name is not None)
    pin = pin_or_none(found)
    blocked = [recorded_name(each) for each in waiting if pin is not None and pin_or_none(each) == pin]
    named = name or (egg.group(1) if egg else "") or next(iter(blocked), None)
    if not named:
        raise UsageError(f"what is the name of the project at {masked(plain(url))}? Write: NAME@URL@COMMIT")
    return replace(found, name=plain_name(named))


def _lower_commit(url: str) -> str:
    """Return a URL whose commit id, if it ends in one, is written as git writes it."""
    before, at, revision = url.rpartition("@")
    is_commit = re.fullmatch(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}", revision) is not None
    return f"{before}{at}{revision.lower()}" if is_commit else url


def _fetched(wanted: list[_ToFetch], places: list[str], book: Rulebook, directory: str) -> list[Found]:
    """Download sdists and archives through pip, which runs nothing of them."""
    names = [each.name for each in wanted if not each.url and each.name]
    only = ["--no-binary", ",".join(names)] if names else []
    options = ("-q", "--no-deps", "--disable-pip-version-check", *places, *only, "-d", directory)
    of_index = [each.text for each in wanted if not each.url]
    urls = {_file(each.url): each.url for each in reversed(wanted) if each.url}  # of one file once
    args = ("download", *options, *of_index, *urls.values())
    plans: list[list[Planned]] = []
    gate = Gate(book.policy, book.approvals, context_of(book, utc_now()))
    ended = run_pip(PipCall(args, tell_plan=plans.append, plan_only=True), lambda: gate)
    if ended.status != 0:
        raise _not_downloaded(wanted, book)
    files = {sha256_of_file(str(file)): str(file) for file in Path(directory).iterdir()}
    return [_found(each, plans[-1] if plans else [], files) for each in wanted]


def _not_downloaded(wanted: list[_ToFetch], book: Rulebook) -> UsageError:
    """Return the error for what pip could not download; what was blocked here has a hash that is known."""
    waiting = [each.request for each in kept(book.project, state_home(os.environ))]
    keys = [
        key
        for word in wanted
        for each in waiting
        if (word.name is None or word.name == recorded_name(each))
        and (word.blocked == each or word.is_of(each))
        if (key := pinned_key(each)) is not None
    ]
    approving, why = book.again.approving(*dict.fromkeys(keys)), book.again.saying_why
    hint = f"To approve what was blocked here by its hash, without a look at it{why}: {approving}"
    hints = (hint,) if keys else ()
    return UsageError("pip could not download it; nothing was approved", hints=hints)


def _found(wanted: _ToFetch, plan: list[Planned], files: dict[str, str]) -> Found:
    """Return what a word has led to; raises UsageError where that is nothing that would be built."""
    for request in (each.request for each in plan if wanted.is_of(each.request)):
        source = request.source
        if not isinstance(source, Sdist | Archive) or source.sha256 not in files:
            continue
        path = files[source.sha256]
        if wanted.blocked is not None and isinstance(wanted.blocked.source, Sdist):
            own = replace(wanted.blocked.source, sha256=source.sha256)
            return Found(_alone(wanted.blocked, own), path)
        if wanted.url:
            part = plain_subdirectory(subdirectory_in(wanted.url))
            archive = Archive(source.filename, source.sha256, public_url(wanted.url), part)
            return Found(_named(wanted, archive, path), path)
        return Found(_alone(request, source), path)
    raise UsageError(
        f"{masked(plain(wanted.text))} leads to nothing that would be built; nothing was approved"
    )


def _alone(request: BuildRequest, source: Sdist | Archive) -> BuildRequest:
    """Return a request for a source of its own, whoever requires it."""
    return BuildRequest(request.name, request.version, source, Purpose.WHEEL, offer=request.offer)


def _named(wanted: _ToFetch, archive: Archive, path: str) -> BuildRequest:
    """Return the request for an archive under the name that was given, or that its files say, or its own."""
    told = static_metadata.of_archive(path, project=wanted.name, subdirectory=archive.subdirectory)
    said = told.fields if isinstance(told, static_metadata.Known) else told
    claimed = said.name if said.name and is_name(said.name) else None
    found = BuildRequest(wanted.name, None, archive, Purpose.WHEEL, named_by_user=True, claimed=claimed)
    name = recorded_name(found)
    in_filename = version_in_filename(name, archive.filename)
    other = claimed is not None and normalised(claimed) != name
    return replace(
        found,
        name=name,
        version=in_filename or (None if other else said.version),
        claimed=claimed if other else None,
    )
