"""Outcomes as JSON, and the messages that a person reads at the end of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipgate.build_request import Archive, BuildRequest, Directory, Offer, Purpose, Sdist, Vcs, kind, location
from pipgate.decision import NEEDS_APPROVAL, Allowed, Decision, Refused
from pipgate.errors import PipgateError
from pipgate.lapses import DOES_NOT_HOLD
from pipgate.outcomes import Outcome, Record
from pipgate.plain_text import masked, plain
from pipgate.public_urls import commit_in
from pipgate.subject_rows import settings_lines
from pipgate.ways_on import Ending, hints_of, older_release_note

if TYPE_CHECKING:
    from pipgate.build_request import Source

SCHEMA = "pipgate/1"
_NOT_BINDING = {
    "recorded": "a list that an earlier build recorded",
    "filename": "pyproject.toml, and the version from the name of the file",
}
_KINDS: dict[str, type[Source]] = {"sdist": Sdist, "archive": Archive, "vcs": Vcs, "directory": Directory}


class BuildBlockedError(PipgateError):
    """Builds were refused that the run needed."""

    reference = "build-not-approved"


class MetadataDiffersError(BuildBlockedError):
    """A build that was allowed says something else than the static metadata that the plan rests on."""

    reference = "metadata-differs"


class ProcessRefusedError(PipgateError):
    """Lock 2 refused a process that lock 1 did not know of."""

    reference = "unexpected-process"


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Return one outcome in the form of the gate report, schema ``pipgate/1``."""
    request, decision = outcome.request, outcome.decision
    return {
        "name": request.name,
        "version": request.version,
        "source": {"kind": kind(request.source), **asdict(request.source)},
        "purpose": request.purpose.value,
        "required_by": list(request.required_by),
        "named_by_user": request.named_by_user,
        "offer": asdict(request.offer),
        "claimed": request.claimed,
        "settings": request.settings,
        "decision": {
            "allowed": isinstance(decision, Allowed),
            "code": decision.code,
            "reason": decision.reason,
            **(
                {"details": list(decision.details)}
                if isinstance(decision, Refused) and decision.details
                else {}
            ),
        },
        "ran": outcome.ran,
        "stopped": outcome.stopped,
    }


def outcomes_from_json(rows: list[dict[str, Any]]) -> list[Outcome]:
    """Read back what ``outcome_to_json`` wrote, in a child of this very run."""
    return [_outcome(row) for row in rows]


def _outcome(row: dict[str, Any]) -> Outcome:
    source = dict(row["source"])
    request = BuildRequest(
        row["name"],
        row["version"],
        _KINDS[source.pop("kind")](**source),
        Purpose(row["purpose"]),
        tuple(row["required_by"]),
        row["named_by_user"],
        Offer(**{**row["offer"], "statuses": tuple(row["offer"]["statuses"])}),
        row["claimed"],
        row.get("settings"),
    )
    return Outcome(request, _decision(row["decision"]), ran=row["ran"], stopped=row["stopped"])


def _decision(row: dict[str, Any]) -> Decision:
    if row["allowed"]:
        return Allowed(row["code"], row["reason"])
    return Refused(row["code"], row["reason"], tuple(row.get("details", ())))


def gate_report(
    record: Record, *, pip_version: str | None, command: list[str], status: int
) -> dict[str, Any]:
    """Return the whole run in the form that ``--gate-report`` writes."""
    return {
        "schema": SCHEMA,
        "pip": pip_version,
        "command": [masked(word) for word in command],
        "status": status,
        "project_code_ran": bool(record.ran),
        "requests": [outcome_to_json(outcome) for outcome in record.outcomes.values()],
        "refused_processes": [asdict(process) for process in record.refused_processes],
        "passed_over": [asdict(each) for each in record.passed_over],
        "metadata": [asdict(each) for each in record.metadata],
    }


def blocked(record: Record, outcomes: list[Outcome], ending: Ending) -> BuildBlockedError:
    """Return the message for refused builds: all of them, who required each, and a command to go on with."""
    subjects = _by_subject(outcomes)
    differs = all(outcome.decision.code == "metadata-differs" for outcome in outcomes)
    return (MetadataDiffersError if differs else BuildBlockedError)(
        _headline(subjects, ending),
        context=tuple(line for outcome in subjects for line in _lines(outcome, record, ending)),
        note=_what_ran(record, ending),
        hints=hints_of(subjects, record, ending),
    )


def process_refused(record: Record, ending: Ending) -> ProcessRefusedError:
    """Return the message for processes that lock 2 alone refused."""
    return ProcessRefusedError(
        "pip wanted to start a process that pipgate does not know, and it was not started.",
        context=tuple(f"{plain(each.program)} ({each.event})" for each in record.refused_processes),
        note=f"{_what_ran(record, ending)} "
        "This is a bug in pipgate: the build behind it should have been decided before.",
        hints=("Please report it with the output of: python3 -m pip --version",),
    )


def recorded_metadata_notes(record: Record) -> list[str]:
    """Return a line for each way to read what a build may change, with the names that were read so."""
    notes = []
    for source, read in _NOT_BINDING.items():
        names = [plain(f"{each.name} {each.version}") for each in record.metadata if each.source == source]
        which = "this package requires" if len(names) == 1 else "these packages require"
        notes += [f"note: what {which} was read from {read}: {', '.join(names)}"] if names else []
    return notes


def older_release_notes(record: Record, ending: Ending) -> list[str]:
    """Return one line for every newer sdist that was passed over, with the command that takes it."""
    return [older_release_note(each, record, ending) for each in record.passed_over]


def _by_subject(outcomes: list[Outcome]) -> list[Outcome]:
    return list({(each.request.title, location(each.request.source)): each for each in outcomes}.values())


def _headline(outcomes: list[Outcome], ending: Ending) -> str:
    if all(outcome.decision.code == "needs-approval" for outcome in outcomes):
        packages, whose, they = (
            ("1 package", "its", "it requires")
            if len(outcomes) == 1
            else (f"{len(outcomes)} packages", "their", "they require")
        )
        why = "" if ending.builds else f" to say what {they}"
        lapsed = any(DOES_NOT_HOLD in outcome.decision.reason for outcome in outcomes)
        but = "no approval of that holds" if lapsed else "nobody has approved that"
        return f"{packages} would have to run {whose} own code{why}, and {but}."
    if all(outcome.decision.code == "older-wheel" for outcome in outcomes):
        return "An older release would serve, because a newer one exists only as an sdist."
    if all(outcome.decision.code == "metadata-differs" for outcome in outcomes):
        return "A build says something else than its sdist had promised, so the plan does not hold."
    return "A build was refused."


def _lines(outcome: Outcome, record: Record, ending: Ending) -> list[str]:
    request = outcome.request
    identity = _identity(request.source)
    lines = [plain(request.title)] + ([f"  {identity}"] if identity != plain(request.title) else [])
    if outcome.decision.code != "needs-approval" or outcome.decision.reason != NEEDS_APPROVAL:
        lines.append(f"  refused: {plain(outcome.decision.reason)}")
    lines += settings_lines(request)
    if isinstance(outcome.decision, Refused):
        lines += [f"    {plain(detail)}" for detail in outcome.decision.details]
    unread = record.unread.get(request.title)
    if unread and not ending.builds:
        lines.append(f"  cannot be read: {plain(unread)}")
    lines.append(f"  required by {plain(' <- '.join(request.required_by) or 'your command')}")
    return lines


def _identity(source: Source) -> str:
    match source:
        case Sdist(filename, sha256, _, subdirectory):
            part = f"{filename}, its directory {subdirectory}" if subdirectory else filename
            return plain(f"{part}  sha256:{sha256}")
        case Archive(_, sha256, url):
            return plain(f"{url}  sha256:{sha256}")
        case Vcs(url, commit):
            return plain(f"{url}  commit:{commit or commit_in(url) or 'not fetched'}")
        case Directory(path, _):
            return plain(path)


def _what_ran(record: Record, ending: Ending) -> str:
    ran = sorted({outcome.request.title for outcome in record.ran})
    code = (
        f"Project code that was allowed has run: {plain(', '.join(ran))}."
        if ran
        else "No project code has run."
    )
    if ending.installing:
        return code
    return f"{code} Nothing was {'installed' if ending.builds else 'saved'}."
