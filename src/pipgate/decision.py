"""The rules applied: a build request, a policy and approvals in, a decision out; pure and total."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pipgate import lapses, matching
from pipgate.allowances import Allowance, AllowedName, matches, same_name
from pipgate.build_request import Archive, BuildRequest, Directory, Sdist, Vcs, subdirectory_of
from pipgate.denials import as_approved, because, denials
from pipgate.errors import assert_never
from pipgate.origin import Layer, Origin
from pipgate.policy import Mode, Policy, Status, Verdict
from pipgate.public_urls import leaves_tree
from pipgate.weighing import Weighing

if TYPE_CHECKING:
    from pipgate.approvals import Approval, Approvals
    from pipgate.policy import Setting


@dataclass(frozen=True, slots=True)
class Allowed:
    """A yes: ``code`` is stable, ``reason`` is for a person."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A no: ``code`` is stable, ``reason`` and, line by line, ``details`` are for a person."""

    code: str
    reason: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Nobody has decided, and somebody can be asked; never a decision, so nothing runs on one.

    ``code`` is that of the no where nobody is asked.
    """

    reason: str
    code: str = "needs-approval"


Decision = Allowed | Refused
Finding = Allowed | Refused | Question

NEEDS_APPROVAL = "nobody has approved this build"
_ONLY_APPROVED = "the system's policy allows only what is approved"
_SETTINGS = "no approval covers the build settings that a file gives"
NAME_IS_NOT_ENOUGH = Refused(
    "needs-approval", "a name does not allow a source that you have not named yourself"
)
UNIDENTIFIED = Refused("unidentified", "its file has no sha256 to hold it to")
OUTSIDE = Refused("outside-its-tree", "the directory to build does not lie in the files that were fetched")


@dataclass(frozen=True, slots=True)
class Context:
    """What is true of this run: the time in UTC, pip's command, who can be asked, what was allowed for it.

    ``project`` is the real path of the project; ``once`` are requests that a person has
    answered with yes.
    """

    now: datetime
    command: str = "install"
    can_ask: bool = False
    allowances: tuple[Allowance, ...] = ()
    project: str = "/"
    once: frozenset[BuildRequest] = frozenset()


def decide(
    request: BuildRequest,
    policy: Policy,
    approvals: Approvals,
    context: Context,
    weighing: Weighing | None = None,
) -> Finding:
    """Decide one build request; total, and the same answer for the same arguments.

    A no by name beats every yes; what was revoked, and another file than the approved one, is refused and
    never asked about, until an approval holds; a yes
    is an exact approval, an allowance for this run, a rule, or first party, and no file without a hash gets
    one; what is left is the default. ``ask`` leaves as a Question only where somebody can answer. In mode
    ``observe`` every build runs, and the reason says what would have been. What would be built outside of its
    own files is refused in every mode: it is not what was fetched.
    """
    weighed = Weighing() if weighing is None else weighing
    if leaves_tree(subdirectory_of(request.source)):
        return OUTSIDE
    told = _telling(_weigh(request, policy, approvals, context, weighed), request, policy, approvals, context)
    finding = _answerable(_with_settings(told, request, policy, context), request, policy, context)
    if policy.mode.value is Mode.OBSERVE and not isinstance(finding, Allowed):
        weighed.note("mode observe runs every build", policy.mode.origin, Verdict.ALLOW)
        return Allowed("observed", f"mode observe; without it: {finding.code}, {finding.reason}")
    return finding


def _weigh(
    request: BuildRequest, policy: Policy, approvals: Approvals, context: Context, weighed: Weighing
) -> Finding:
    refused = _denied(request, policy, approvals, context, weighed)
    if refused is not None:
        return refused
    approved = _approved(request, policy, approvals, context, weighed)
    gate = _gates(request, policy, context, weighed)
    if isinstance(gate, Refused) or isinstance(approved, Refused):
        return gate if isinstance(gate, Refused) else approved  # type: ignore[return-value]  # one of them is
    if approved is not None:
        return _pinned(approved, request)
    allowed = _allowed_by_rule(request, policy, context, weighed) or _first_party(request, policy, weighed)
    asking = gate or _ask_rule(request, policy, context, weighed)
    if allowed is not None:
        pinned = _pinned(allowed, request)
        return pinned if isinstance(pinned, Refused) else asking or pinned  # no answer gives it a hash
    default = _default(policy, context, weighed)
    return default if isinstance(default, Refused) else asking or default  # a question never loosens a block


def _telling(
    finding: Finding, request: BuildRequest, policy: Policy, approvals: Approvals, context: Context
) -> Finding:
    """Return the finding, and where nobody's approval holds any more, with that in the place of none."""
    if isinstance(finding, Allowed) or (isinstance(finding, Refused) and finding.code != "needs-approval"):
        return finding
    why = lapses.why_none_holds(request, policy, approvals, context.now)
    if why is None:
        return finding
    alone = finding.reason.startswith(NEEDS_APPROVAL)
    reason = finding.reason.replace(NEEDS_APPROVAL, why, 1) if alone else f"{finding.reason}; {why}"
    return replace(finding, reason=reason)


def _with_settings(finding: Finding, request: BuildRequest, policy: Policy, context: Context) -> Finding:
    """Return what becomes of a yes where a requirements file tells the build how to go.

    An approval and a rule speak of bytes and names; settings can name commands and compilers. What nobody has
    decided on stays that. The settings themselves are shown with the request, whole.
    """
    if request.settings is None or isinstance(finding, Refused) or isinstance(request.source, Directory):
        return finding
    if _is_for_this_run(request, context) and _floor(policy, context) is None:
        return finding
    if isinstance(finding, Question):
        return replace(finding, reason=f"{finding.reason}; {_SETTINGS}")
    return Question(_SETTINGS, "file-settings")


def _answerable(finding: Finding, request: BuildRequest, policy: Policy, context: Context) -> Finding:
    """Return the finding, and a no in the place of a question that nobody can answer.

    Over a floor that lets nothing be allowed for one run a yes would not count.
    """
    if not isinstance(finding, Question):
        return finding
    floor = _floor(policy, context)
    if floor is not None:
        return Refused(finding.code, f"{finding.reason}; {_ONLY_APPROVED}, {floor.origin}")
    if context.can_ask and policy.mode.value is not Mode.CI:
        return finding
    named = any(isinstance(each, AllowedName) and same_name(each, request) for each in context.allowances)
    if named and not request.is_known_by_name:
        return NAME_IS_NOT_ENOUGH
    return Refused(finding.code, finding.reason)


def _denied(
    request: BuildRequest, policy: Policy, approvals: Approvals, context: Context, weighed: Weighing
) -> Refused | None:
    first = next(denials(request, policy, approvals, context.now), None)
    if first is None:
        return None
    weighed.note(first.text, first.origin, Verdict.BLOCK)
    return Refused("denied", first.reason)


def _pinned(allowed: Allowed, request: BuildRequest) -> Allowed | Refused:
    match request.source:
        case Sdist(sha256=None) | Archive(sha256=None):
            return UNIDENTIFIED
        case Sdist() | Archive() | Vcs() | Directory():
            return allowed
        case _:
            assert_never(request.source)


def _approved(
    request: BuildRequest, policy: Policy, approvals: Approvals, context: Context, weighed: Weighing
) -> Allowed | Refused | None:
    """Return the yes of an approval or of this run, or the no of an approval for another file."""
    mismatch: Approval | None = None
    denied: Refused | None = None
    for approval in matching.that_may_match(approvals, request):
        if not matching.same_subject(approval, request):
            if matching.another_file(approval, request):
                mismatch = mismatch or approval
            continue
        refused = _denied(as_approved(request, approval), policy, approvals, context, weighed)
        if refused is not None:  # the yes is one for a name that is denied; another name's may do
            denied = denied or refused
            continue
        lapsed = lapses.lapsed(approval, approvals, policy, request, context.now)
        weighed.note(
            f"approval of {request.title} by {approval.by}, {approval.on:%Y-%m-%d}"
            + (f": {lapsed}" if lapsed else ""),
            approval.origin,
            None if lapsed else Verdict.ALLOW,
        )
        if not lapsed:
            return Allowed(
                "approved", f"approved by {approval.by} on {approval.on:%Y-%m-%d}, {approval.origin}"
            )
    if denied is not None:
        return denied
    revoked = lapses.revocation_of(request, approvals)
    if revoked is not None:
        weighed.note(lapses.in_words(revoked), revoked.origin, Verdict.BLOCK)
        return Refused("revoked", f"it was {lapses.in_words(revoked)}")
    if mismatch is not None:
        weighed.note("another file was approved under this name and version", mismatch.origin, Verdict.BLOCK)
        return _mismatch(mismatch)
    return _for_this_run(request, policy, context, weighed)


def _mismatch(approval: Approval) -> Refused:
    return Refused(
        "hash-mismatch",
        "another file was approved under this name and version",
        (f"approved: {matching.pin_text(approval.pin)}, {approval.origin}",),
    )


def _for_this_run(
    request: BuildRequest, policy: Policy, context: Context, weighed: Weighing
) -> Allowed | Refused | None:
    if not _is_for_this_run(request, context):
        return None
    floor = _floor(policy, context)
    if floor is not None:
        weighed.note("a locked floor lets nothing be allowed for one run", floor.origin, Verdict.BLOCK)
        return Refused("locked", f"{_ONLY_APPROVED}, {floor.origin}")
    weighed.note("allowed for this run", Origin(Layer.COMMAND_LINE), Verdict.ALLOW)
    if _is_once(request, context):
        return Allowed("allowed-once", "somebody at the terminal allowed it once")
    return Allowed("allowed-for-this-run", "--allow-build allows it for this run")


def _is_for_this_run(request: BuildRequest, context: Context) -> bool:
    return _is_once(request, context) or any(matches(each, request) for each in context.allowances)


def _floor(policy: Policy, context: Context) -> Setting[Verdict] | None:
    """Return the floor of the system that lets nothing be allowed for one run, where there is one."""
    general = policy.default
    default = general if general.value is Verdict.BLOCK else policy.when.get(context.command, general)
    return default if policy.locked and default.value is Verdict.BLOCK else None


def _is_once(request: BuildRequest, context: Context) -> bool:
    """Return whether somebody said yes to the same; without settings that is no yes to any settings."""
    return any(
        matching.identity(each) == matching.identity(request)
        and (request.settings is None or each.settings == request.settings)
        for each in context.once
    )


def _gates(
    request: BuildRequest, policy: Policy, context: Context, weighed: Weighing
) -> Refused | Question | None:
    """Return the strictest word of the gates: what the index says of the file, and its age."""
    strictest: Refused | Question | None = None
    for status, setting in policy.status.items():
        if status.value in request.offer.statuses and setting.value is not Verdict.ALLOW:
            said = f"the {'file' if status is Status.YANKED else 'project'} is {status.value}"
            weighed.note(said, setting.origin, setting.value)
            reason = f"{said} ({setting.origin})"
            if setting.value is Verdict.BLOCK:
                return Refused("status-blocked", reason)
            strictest = Question(reason)
    has_age = not isinstance(request.source, Directory | Vcs) and not matching.own_archive(request, policy)
    if policy.min_age.value and has_age:
        young = matching.too_young(request.offer.uploaded, policy.min_age.value, context.now)
        if young is not None:
            weighed.note(f"min-age: {young}", policy.min_age.origin, Verdict.ASK)
            strictest = strictest or Question(f"{young} ({policy.min_age.origin})")
    return strictest


def _allowed_by_rule(
    request: BuildRequest, policy: Policy, context: Context, weighed: Weighing
) -> Allowed | None:
    for rule in sorted(
        policy.rules_for(matching.normalised(request.name), request.version), key=matching.specificity
    ):
        if rule.verdict is Verdict.ALLOW and matching.rule_matches(rule, request, context.now):
            weighed.note(f"rule {rule.name}", rule.origin, Verdict.ALLOW)
            return Allowed("rule", f"a rule allows it, {rule.origin}{because(rule)}")
    return None


def _ask_rule(request: BuildRequest, policy: Policy, context: Context, weighed: Weighing) -> Question | None:
    for rule in policy.rules_for(matching.normalised(request.name), request.version):
        if rule.verdict is Verdict.ASK and matching.rule_matches(rule, request, context.now):
            weighed.note(f"rule {rule.name}", rule.origin, Verdict.ASK)
            return Question(f"a rule asks about it, {rule.origin}{because(rule)}")
    return None


def _first_party(request: BuildRequest, policy: Policy, weighed: Weighing) -> Allowed | None:
    source = request.source
    if isinstance(source, Directory) and request.named_by_user:
        inside = matching.in_paths(source.path, policy.first_party_paths.value)
        weighed.note(
            "first-party.paths: a directory that you named",
            policy.first_party_paths.origin,
            Verdict.ALLOW if inside else None,
        )
        return Allowed("first-party", "a directory that you named is first party") if inside else None
    if matching.own_archive(request, policy):
        weighed.note(
            "first-party.archives: an archive that you named",
            policy.first_party_archives.origin,
            Verdict.ALLOW,
        )
        return Allowed(
            "first-party",
            f"an archive that you named, in a place of your own, {policy.first_party_archives.origin}",
        )
    if matching.first_party_name(request, policy):
        weighed.note("first-party.names", policy.first_party_names.origin, Verdict.ALLOW)
        return Allowed("first-party", f"a project of your own, {policy.first_party_names.origin}")
    return None


def _default(policy: Policy, context: Context, weighed: Weighing) -> Refused | Question:
    setting = policy.when.get(context.command, policy.default)
    weighed.note(f"default = {setting.value.name.lower()}", setting.origin, setting.value)
    if setting.value is Verdict.BLOCK:
        return Refused("needs-approval", f"{NEEDS_APPROVAL}, and the default is block ({setting.origin})")
    return Question(NEEDS_APPROVAL)


def utc_now() -> datetime:
    """Return the time for a Context, to the second; the one place that asks the clock."""
    return datetime.now(timezone.utc).replace(microsecond=0)
