"""Outcomes as JSON, and the messages that a person reads at the end of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipgate.build_request import Archive, BuildRequest, Directory, Purpose, Sdist, Vcs, kind, location
from pipgate.errors import PipgateError
from pipgate.outcomes import Outcome, Record
from pipgate.plain_text import masked, plain, shell_line
from pipgate.policy import Allowed, Refused

if TYPE_CHECKING:
    from pipgate.build_request import Source

SCHEMA = "pipgate/1"
_KINDS: dict[str, type[Source]] = {"sdist": Sdist, "archive": Archive, "vcs": Vcs, "directory": Directory}


class BuildBlockedError(PipgateError):
    """Builds were refused that the run needed."""

    reference = "build-not-approved"


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
        "decision": {
            "allowed": isinstance(decision, Allowed),
            "code": decision.code,
            "reason": decision.reason,
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
    )
    verdict = Allowed if row["decision"]["allowed"] else Refused
    decision = verdict(row["decision"]["code"], row["decision"]["reason"])
    return Outcome(request, decision, ran=row["ran"], stopped=row["stopped"])


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
    }


def blocked(
    record: Record, outcomes: list[Outcome], command: list[str], *, installing: bool
) -> BuildBlockedError:
    """Return the message for refused builds: all of them, who required each, and a command to go on with."""
    subjects = _by_subject(outcomes)
    return BuildBlockedError(
        _headline(subjects),
        context=tuple(line for outcome in subjects for line in _lines(outcome)),
        note=_what_ran(record, installing=installing),
        hint=_hint(subjects, command),
    )


def process_refused(record: Record, *, installing: bool) -> ProcessRefusedError:
    """Return the message for processes that lock 2 alone refused."""
    return ProcessRefusedError(
        "pip wanted to start a process that pipgate does not know, and it was not started.",
        context=tuple(f"{plain(each.program)} ({each.event})" for each in record.refused_processes),
        note=f"{_what_ran(record, installing=installing)} "
        "This is a bug in pipgate: the build behind it should have been decided before.",
        hint="Please report it with the output of: python3 -m pip --version",
    )


def older_wheel_notes(record: Record, command: list[str]) -> list[str]:
    """Return one line for every newer sdist that was passed over for a wheel."""
    return [
        f"note: took {plain(each.name)} {plain(each.taken)} (wheel); "
        f"{plain(each.name)} {plain(each.newer)} exists only as an sdist. "
        f"To use it: {_allowing([f'{each.name}=={each.newer}'], command)}"
        for each in record.passed_over
    ]


def _by_subject(outcomes: list[Outcome]) -> list[Outcome]:
    return list({(each.request.title, location(each.request.source)): each for each in outcomes}.values())


def _headline(outcomes: list[Outcome]) -> str:
    if all(outcome.decision.code == "needs-approval" for outcome in outcomes):
        packages, whose = (
            ("1 package", "its") if len(outcomes) == 1 else (f"{len(outcomes)} packages", "their")
        )
        return f"{packages} would have to run {whose} own code, and nobody has approved that."
    return "A build was refused."


def _lines(outcome: Outcome) -> list[str]:
    request = outcome.request
    identity = _identity(request.source)
    lines = [plain(request.title)] + ([f"  {identity}"] if identity != plain(request.title) else [])
    if outcome.decision.code != "needs-approval" or "metadata of another" in outcome.decision.reason:
        lines.append(f"  refused: {plain(outcome.decision.reason)}")
    lines.append(f"  required by {plain(' <- '.join(request.required_by) or 'your command')}")
    return lines


def _identity(source: Source) -> str:
    match source:
        case Sdist(filename, sha256, _):
            return plain(f"{filename}  sha256:{sha256}")
        case Archive(_, sha256, url):
            return plain(f"{url}  sha256:{sha256}")
        case Vcs(url, commit):
            return plain(f"{url}  commit:{commit or 'not fetched'}")
        case Directory(path, _):
            return plain(path)


def _what_ran(record: Record, *, installing: bool) -> str:
    ran = sorted({outcome.request.title for outcome in record.ran})
    code = (
        f"Project code that was allowed has run: {plain(', '.join(ran))}."
        if ran
        else "No project code has run."
    )
    return code if installing else f"{code} Nothing was installed."


def _hint(outcomes: list[Outcome], command: list[str]) -> str:
    askable = [each.request for each in outcomes if each.decision.code == "needs-approval"]
    if not askable:
        known = masked(shell_line(["pipgate", "--gate-report", "report.json", *command]))
        return f"To have all that is known of it in a file: {known}"
    which = "it" if len(askable) == 1 else "them"
    return f"To allow {which} for this run: {_allowing([_key(request) for request in askable], command)}"


def _key(request: BuildRequest) -> str:
    """Return the value of ``--allow-build`` that allows exactly this request."""
    if request.name and (isinstance(request.source, Sdist) or request.named_by_user):
        return f"{request.name}=={request.version}" if request.version else request.name
    return location(request.source)


def _allowing(keys: list[str], command: list[str]) -> str:
    options = [word for key in dict.fromkeys(keys) for word in ("--allow-build", key)]
    return masked(shell_line(["pipgate", *options, *command]))
