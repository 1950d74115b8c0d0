"""What a word of ``approve`` names: a file that pip fetches and nothing runs, a commit, or a known hash."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipgate import static_metadata
from pipgate.archive_names import is_version, sha256_of_file, version_in_filename
from pipgate.build_request import Archive, BuildRequest, Purpose, Sdist, Vcs
from pipgate.commands.recorded import plain_name
from pipgate.decision import utc_now
from pipgate.errors import UsageError
from pipgate.gate import Gate
from pipgate.gate_opening import context_of
from pipgate.matching import pin_or_none, pin_text, same_version
from pipgate.pending_builds import kept
from pipgate.pip_internals import PipCall, run_pip
from pipgate.plain_text import plain, shell_line
from pipgate.public_urls import plain_subdirectory, subdirectory_in
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    import argparse

    from pipgate.outcomes import Planned
    from pipgate.rulebook import Rulebook

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class Found:
    """What a word names: the request that an approval is made for, and its file where there is one."""

    request: BuildRequest
    path: str | None = None


def find(wanted: list[str], given: argparse.Namespace, book: Rulebook, directory: str) -> list[Found]:
    """Return what the words name, fetching into ``directory`` what has to be seen; raises UsageError."""
    if given.sha256 is not None:
        return [_with_known_hash(wanted, given.sha256)]
    commits = [Found(_commit(word)) for word in wanted if _is_vcs(word)]
    to_fetch = [word for word in wanted if not _is_vcs(word)]
    fetched = _fetched(to_fetch, places(given), book, directory) if to_fetch else []
    for each in fetched:
        _require_the_blocked_one(each.request, book)
    return [*commits, *fetched]


def places(given: argparse.Namespace) -> list[str]:
    """Return the options that say where pip looks."""
    words = [] if given.index_url is None else ["--index-url", given.index_url]
    for option in ("extra_index_url", "find_links", "trusted_host"):
        words += [
            word for value in getattr(given, option) for word in (f"--{option.replace('_', '-')}", value)
        ]
    return [*words, *(["--no-index"] if given.no_index else []), *(["--pre"] if given.pre else [])]


def _require_the_blocked_one(found: BuildRequest, book: Rulebook) -> None:
    """Raise UsageError where the last blocked run here wanted other bytes under this name and version."""
    blocked = [
        pin_text(pin)
        for each in kept(book.project, state_home(os.environ))
        if each.request.name == found.name
        and same_version(each.request.version, found.version)
        and (pin := pin_or_none(each.request)) is not None
    ]
    pin = pin_or_none(found)
    if not blocked or pin is None or pin_text(pin) in blocked:
        return
    raise UsageError(
        f"{plain(found.title)} is another file than the one that was blocked here; nothing was approved",
        context=(f"blocked: {plain(', '.join(blocked))}", f"found:   {plain(pin_text(pin))}"),
        hints=(
            "To approve the one that was blocked: "
            + shell_line(["pipgate", "approve", f"{found.name}=={found.version}", "--sha256", blocked[0]]),
        ),
    )


def _with_known_hash(wanted: list[str], text: str) -> Found:
    match = _SHA256.fullmatch(text)
    name, equals, version = wanted[0].partition("==") if len(wanted) == 1 else ("", "", "")
    if match is None or not equals or not version:
        raise UsageError("--sha256 takes 64 hexadecimal digits, for one NAME==VERSION")
    if not is_version(version):
        raise UsageError(f"{version!r} is no version")
    source = Sdist("", match.group(1).lower(), "")
    return Found(BuildRequest(plain_name(name), version, source, Purpose.WHEEL))


def _is_vcs(word: str) -> bool:
    return re.match(r"(?:[\w.-]+ *@ *)?(?:git|hg|svn|bzr)\+", word) is not None


def _commit(word: str) -> BuildRequest:
    name, at, url = word.partition("@") if not re.match(r"(?:git|hg|svn|bzr)\+", word) else ("", "", word)
    egg = re.search(r"[#&]egg=([\w.-]+)", url)
    named = name.strip() or (egg.group(1) if egg else "")
    if not named:
        raise UsageError(f"what is the name of the project at {word}? Write: NAME@URL@COMMIT")
    return BuildRequest(
        plain_name(named),
        None,
        Vcs(_lower_commit(url.strip().partition("#")[0]), None, plain_subdirectory(subdirectory_in(url))),
        Purpose.WHEEL,
        named_by_user=bool(at),
    )


def _lower_commit(url: str) -> str:
    """Return a URL whose commit id, if it ends in one, is written as git writes it."""
    before, at, revision = url.rpartition("@")
    is_commit = re.fullmatch(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}", revision) is not None
    return f"{before}{at}{revision.lower()}" if is_commit else url


def _fetched(wanted: list[str], places: list[str], book: Rulebook, directory: str) -> list[Found]:
    """Download sdists and archives through pip, which runs nothing of them."""
    names = [plain_name(word.partition("==")[0]) for word in wanted if "://" not in word]
    only = ["--no-binary", ",".join(names)] if names else []
    options = ("-q", "--no-deps", "--disable-pip-version-check", *places, *only, "-d", directory)
    files_wanted = {word.partition("#")[0]: word for word in reversed(wanted)}  # of one file once
    args = ("download", *options, *files_wanted.values())
    plans: list[list[Planned]] = []
    gate = Gate(book.policy, book.approvals, context_of(book, utc_now()))
    ended = run_pip(PipCall(args, tell_plan=plans.append, plan_only=True), lambda: gate)
    files = sorted(Path(directory).iterdir())
    if ended.status != 0:
        raise UsageError("pip could not download it; nothing was approved")
    urls = [word for word in wanted if "://" in word]
    found = [_of_file(file, names, each) for file in files for each in _directories(file.name, urls)]
    return [_from_where(each, plans[-1] if plans else []) for each in found]


def _from_where(found: Found, plan: list[Planned]) -> Found:
    """Return the same with the URL and the index that pip has taken it from."""
    source = found.request.source
    for request in (each.request for each in plan):
        fetched = request.source
        if (
            isinstance(source, Sdist | Archive)
            and isinstance(fetched, Sdist | Archive)
            and fetched.sha256 == source.sha256
        ):
            known = replace(found.request, source=replace(source, url=fetched.url), offer=request.offer)
            return Found(known, found.path)
    return found


def _directories(filename: str, urls: list[str]) -> list[str]:
    """Return the directories of a fetched file that its URLs name; the root is the empty text.

    Raises UsageError where a directory was named and it cannot be told of which file.
    """
    own = [url for url in urls if unquote(urlsplit(url).path).rpartition("/")[2] == filename]
    if not own and any(map(subdirectory_in, urls)):
        raise UsageError(
            f"the server calls it {plain(filename)}, so its directory cannot be told; nothing was approved"
        )
    return list(dict.fromkeys(plain_subdirectory(subdirectory_in(url)) for url in own)) or [""]


def _of_file(file: Path, names: list[str], subdirectory: str) -> Found:
    sha256 = sha256_of_file(str(file))
    for name in names:
        version = version_in_filename(name, file.name)
        if version is not None and is_version(version):
            return Found(BuildRequest(name, version, Sdist(file.name, sha256, ""), Purpose.WHEEL), str(file))
    told = static_metadata.of_archive(str(file), project=None, subdirectory=subdirectory)
    said = told.fields if isinstance(told, static_metadata.Known) else told
    if said.name is None:
        raise UsageError(f"{plain(file.name)} does not say what project it is; nothing was approved")
    source = Archive(file.name, sha256, "", subdirectory)
    return Found(
        BuildRequest(plain_name(said.name), said.version, source, Purpose.WHEEL, named_by_user=True),
        str(file),
    )
