"""What the messages of a run offer: the commands that allow what was refused, or tell more of it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipgate.approval_words import approval_key
from pipgate.build_request import BuildRequest, location
from pipgate.offered import ours, said_again
from pipgate.plain_text import masked, plain, shell_line

if TYPE_CHECKING:
    from pipgate.offered import Again
    from pipgate.outcomes import Outcome, PassedOver, Record

_COPY = "COPY-OF-BASE"  # stands for a variable of the shell


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, for the messages: its command line, and what the command was going to do.

    ``builds`` says that it was going to build what it resolved, ``installing`` that it had begun to install,
    ``offers_no_deps`` that it runs nothing when it is given ``--no-deps``, and is without it now.
    ``by_program`` says that a program called pip, which takes no option of ours; ``again`` are the words
    that start that program, where they are known.
    """

    command: list[str]
    builds: bool = True
    installing: bool = False
    offers_no_deps: bool = False
    by_program: bool = False
    again: tuple[str, ...] = ()


def hints_of(outcomes: list[Outcome], record: Record, ending: Ending) -> tuple[str, ...]:
    """Return the hints for what was refused, the safest first."""
    askable = [each.request for each in outcomes if each.decision.code in {"needs-approval", "older-wheel"}]
    other = [each.request for each in outcomes if each.decision.code == "hash-mismatch"]
    asking_why = _asking_why(outcomes, ending)
    if asking_why:
        return asking_why
    if other and not askable:
        again, found = _approvable(other, record, ending)
        line = f"Only once you know why it is another file{again.saying_why}: {again.approving(*found)}"
        return (*_trusting(other, record, ending), *([line] if found else []))
    told = [each.request for each in outcomes if each.decision.code == "file-settings"]
    if told and not askable and not record.only_approvals and not ending.by_program:
        return (f"To allow these settings for this run: {_allowing(list(map(_key, told)), ending.command)}",)
    if not askable:
        return (_knowing(ending),)
    they = "it requires" if len(askable) == 1 else "they require"
    allowing = _allowing([_key(request) for request in (*askable, *told)], ending.command)
    hints = _approving(askable, record, ending)
    if not record.only_approvals and not ending.by_program:
        hints.append(f"To allow {_which([*askable, *told])} for this run: {allowing}")
    if hints and ending.again:
        hints.append(going_on(ending.again))
    hints = hints or [_knowing(ending)]
    if ending.offers_no_deps and all(request.title in record.unread for request in askable):
        alone = ours([*ending.command, "--no-deps"])
        hints.append(f"To go on without what {they}, and run nothing: {alone}")
    return tuple(hints)


def _which(requests: list[BuildRequest]) -> str:
    """Return what a yes for this run allows: the files, and the settings of files that are told above."""
    names = [plain(each.title) for each in requests if each.settings]
    told = f", with the settings of {', '.join(names)}," if names else ""
    return f"{'it' if len(requests) == 1 else 'them'}{told}"


def going_on(again: tuple[str, ...]) -> str:
    """Return what to do when all is approved, for a program that has called pip."""
    return f"To go on then: {masked(shell_line([*again]))}"


def _asking_why(outcomes: list[Outcome], ending: Ending) -> tuple[str, ...]:
    """Return the commands that say who denied or revoked what was refused, and what would change it."""
    decided = [each.request for each in outcomes if each.decision.code in {"denied", "revoked"}]
    named = {each.name or each.claimed: each.version if each.name else None for each in decided}
    keys = [f"{name}=={version}" if version else name for name, version in named.items() if name]
    again = said_again(ending.command)
    lines = [again.command("explain", key) for key in keys]
    return tuple(f"To see who decided that, and what would change it: {line}" for line in lines)


def _knowing(ending: Ending) -> str:
    if ending.by_program:
        return f"To have it listed: {said_again(ending.command).command('pending')}"
    known = ours(["--gate-report", "report.json", *ending.command])
    return f"To have all that is known of it in a file: {known}"


def _approving(requests: list[BuildRequest], record: Record, ending: Ending) -> list[str]:
    """Return what would allow the requests for good, where all of them can be pinned."""
    again, found = _approvable(requests, record, ending)
    approving = f"To approve and record{again.saying_why}: {again.approving(*found)}"
    return [*_trusting(requests, record, ending), *([approving] if found else [])]


def _approvable(requests: list[BuildRequest], record: Record, ending: Ending) -> tuple[Again, list[str]]:
    """Return the words for ``approve`` that find the requests, none where one of them cannot be pinned."""
    keys = [approval_key(request) for request in requests]
    found = [key for key in keys if key is not None]
    again = said_again(ending.command, wants_reason=record.wants_reason)
    return again, found if len(found) == len(keys) else []


def _trusting(requests: list[BuildRequest], record: Record, ending: Ending) -> list[str]:
    """Return what makes the project's own files count, where they would allow one of the requests."""
    trusting = record.trusting
    if trusting is None or not any(map(trusting.allows, requests)):
        return []
    if not trusting.is_ci:
        line = said_again(ending.command).command("trust")
        return [f"To use what this project allows, after reading it: {line}"]
    if ending.by_program:
        return []
    file = trusting.file if trusting.file.startswith("..") else f"./{trusting.file}"
    copy = f'"$base"/{shlex.quote(os.path.basename(file))}'  # noqa: PTH119 -- strings
    showing = f"git show {shlex.quote(f'FETCH_HEAD:{file}')} > {copy}"
    again = ours([trusting.option, _COPY, *ending.command]).replace(_COPY, copy)
    line = f"base=$(mktemp -d) && git fetch -q --depth=1 origin HEAD && {showing} && {again}"
    return [f"To use what the default branch allows, and not what is proposed: {line}"]


def _key(request: BuildRequest) -> str:
    """Return the value of ``--allow-build`` that allows exactly this request."""
    if request.name and request.is_known_by_name:
        return f"{request.name}=={request.version}" if request.version else request.name
    return location(request.source)


def _allowing(keys: list[str], command: list[str]) -> str:
    options = [word for key in dict.fromkeys(keys) for word in ("--allow-build", key)]
    return ours([*options, *command])


def _renewing(key: str, ending: Ending) -> list[str]:
    """Return what a command needs in addition, since what has been installed by now would satisfy it again.

    pip's legacy resolver takes no name twice.
    """
    if not ending.installing:
        return []
    return ["--upgrade"] if any("legacy-resolver" in word for word in ending.command) else [key]


def older_release_note(each: PassedOver, record: Record, ending: Ending) -> str:
    """Return the note for a newer sdist that was passed over, with the command that takes it."""
    name, key = plain(each.name), f"{each.name}=={each.newer}"
    done = "kept" if each.taken_as == "installed" else "took"
    instead = f" in the place of {plain(each.replaces)}" if each.replaces else ""
    using = f"To use it: {_allowing([key], [*ending.command, *_renewing(key, ending)])}"
    if record.only_approvals or ending.by_program:
        again = said_again(ending.command, wants_reason=record.wants_reason)
        using = f"To use it, approve it first{again.saying_why}: {again.approving(key)}"
    told = f"{name} {plain(each.taken)} ({each.taken_as}){instead}; {name} {plain(each.newer)}"
    return f"note: {done} {told} exists only as an sdist. {using}"
