"""``pipgate explain``: what is decided on a package here, why, and what would change it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipgate.approval_words import approval_key, recorded_name
from pipgate.approvals import CommitPin, Sha256Pin
from pipgate.build_request import Archive, BuildRequest, Purpose, Sdist, Vcs
from pipgate.commands.arguments import VerbParser, measured, say_json, say_lines
from pipgate.commands.denied import undenying
from pipgate.commands.pending import again_for
from pipgate.commands.recorded import plain_name
from pipgate.decision import Allowed, Finding, Question, Refused, decide, utc_now
from pipgate.errors import assert_never
from pipgate.gate_opening import context_of, read_rulebook
from pipgate.matching import pin_or_none, same_version
from pipgate.pending_builds import kept
from pipgate.plain_text import plain
from pipgate.policy import Verdict
from pipgate.policy_places import here
from pipgate.subject_rows import settings_lines
from pipgate.user_directories import state_home
from pipgate.weighing import Weighing

if TYPE_CHECKING:
    from pipgate.build_request import Source
    from pipgate.rulebook import Rulebook
    from pipgate.settings import Settings


def explain(settings: Settings, words: list[str]) -> int:
    """Explain the decision on NAME[==VERSION]: the last blocked file, an approved one, or any sdist."""
    parser = VerbParser("explain", "show what is decided on a package here, and why")
    parser.add_argument("what", metavar="NAME[==VERSION]")
    given = parser.parse_args(words)
    book = read_rulebook(settings, here(), os.environ)
    name, _, version = given.what.partition("==")
    rows = [_explained(request, book) for request in _requests(plain_name(name), version or None, book)]
    if given.json:
        say_json({"project": book.project, "explained": [row for row, _ in rows]})
    else:
        say_lines([line for _, lines in rows for line in lines])
    return 0


def _requests(name: str, version: str | None, book: Rulebook) -> list[BuildRequest]:
    waiting = [
        each.request
        for each in kept(book.project, state_home(os.environ))
        if recorded_name(each.request) == name
        and (not version or same_version(version, each.request.version))
    ]
    approved = [
        _of_pin(each.name, each.version, each.pin, each.file)
        for each in book.approvals.approved
        if each.name == name and (not version or same_version(version, each.version))
    ]
    revoked = [
        _of_pin(each.name, each.version, each.pin, None)
        for each in book.approvals.revoked
        if each.name == name and each.pin and (not version or same_version(version, each.version))
    ]
    anything = BuildRequest(name, version, Sdist(f"{name}-{version or '?'}.tar.gz", None, ""), Purpose.WHEEL)
    found = {pin_or_none(each) or each.version: each for each in (*revoked, *approved, *waiting)}
    return list(found.values()) or [anything]


def _of_pin(name: str, version: str | None, pin: Sha256Pin | CommitPin, file: str | None) -> BuildRequest:
    match pin:
        case Sha256Pin(sha256, subdirectory):
            kind = Archive if version is None else Sdist
            source: Source = kind(file or f"{name}-{version}.tar.gz", sha256, "", subdirectory)
        case CommitPin(vcs, commit, subdirectory):
            source = Vcs(vcs, commit, subdirectory)
        case _:
            assert_never(pin)
    return BuildRequest(name, version, source, Purpose.WHEEL, named_by_user=True)


def _explained(request: BuildRequest, book: Rulebook) -> tuple[dict[str, object], list[str]]:
    weighing = Weighing()
    finding = decide(request, book.policy, book.approvals, context_of(book, utc_now()), weighing)
    verdict, code = _word(finding)
    considered = [
        {
            "text": each.text,
            "origin": str(each.origin),
            "verdict": None if each.verdict is None else each.verdict.name.lower(),
        }
        for each in weighing.considered
    ]
    following = _what_would_change(finding, request, book)
    row = {"request": request.title, "verdict": verdict, "code": code, "reason": finding.reason}
    lines = [
        f"{plain(request.title)}: {verdict} ({code})",
        f"  {plain(finding.reason)}",
        *settings_lines(request),
        "  considered, in this order:",
    ]
    lines += [
        f"    {plain(str(each['origin']))}: {plain(str(each['text']))}"
        + (f" -> {each['verdict']}" if each["verdict"] else "")
        for each in considered
    ]
    lines = measured(lines)
    lines += [f"  to change it: {each}" for each in following]
    return {**row, "considered": considered, "next": following}, lines


def _word(finding: Finding) -> tuple[str, str]:
    match finding:
        case Allowed(code, _):
            return "allowed", code
        case Refused(code, _, _):
            return "blocked", code
        case Question(_, code):
            return "asked", code
        case _:
            assert_never(finding)


def _what_would_change(finding: Finding, request: BuildRequest, book: Rulebook) -> list[str]:
    if isinstance(finding, Allowed):
        return [book.again.command("deny", recorded_name(request))]
    code = finding.code
    if code == "denied":
        return undenying(request, book)
    if code == "file-settings":
        policy = book.policy
        over_floor = policy.locked and policy.default.value is Verdict.BLOCK
        allowing = [] if over_floor else ["--allow-build allows them for one run"]
        return ["; ".join([*allowing, "those on the command line of pip are your own"])]
    return _what_would_approve(code, request, book)


def _what_would_approve(code: str, request: BuildRequest, book: Rulebook) -> list[str]:
    key, again = approval_key(request), again_for(book)
    if key is None:  # the name alone would approve what an index has under it
        return ["it has no bytes or commit that could be approved; --allow-build allows it for one run"]
    if code == "revoked":
        line = again._replace(wants_reason=True).approving(key)
        return [f"find out why it was revoked; to approve it all the same, say why instead of WHY: {line}"]
    if code == "hash-mismatch":
        return [f"find out why the file is another one, then{again.saying_why}: {again.approving(key)}"]
    trusting = book.allows_if_trusted(request, context_of(book, utc_now()))
    return [*([again.command("trust")] if trusting else []), again.approving(key)]
