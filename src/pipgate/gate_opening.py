"""Opens the gate for one run: the rulebook, what was allowed for it, and whether anybody can be asked."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from pipgate.allowances import parse_allowance
from pipgate.decision import Context, utc_now
from pipgate.gate import Gate
from pipgate.offered import of_settings
from pipgate.outcomes import Trusting
from pipgate.outlook import outlook_of
from pipgate.pip_conf import unreadable
from pipgate.plain_text import plain
from pipgate.policy import Mode, Verdict
from pipgate.policy_places import find_project, ignored, named
from pipgate.read_before import note_valid
from pipgate.rulebook import Rulebook, load_rulebook
from pipgate.terminal import say
from pipgate.user_directories import barrier, config_home

_NO = frozenset({"", "0", "false", "no", "off"})

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pipgate.prompt import TerminalPrompter
    from pipgate.settings import Settings


def read_rulebook(
    settings: Settings, cwd: str, environ: Mapping[str, str], *, begins_approvals: bool = False
) -> Rulebook:
    """Return the rulebook under the options of a run; raises PolicyError.

    ``begins_approvals`` says that the approvals file may be about to be written.
    """
    _tell_ignored(cwd, environ)
    given = named(settings.policy, settings.approvals, environ)
    if settings.elsewhere is not None:
        given = given._replace(prefix=settings.elsewhere.prefix)
    book = load_rulebook(given, cwd, environ, mode=settings.gate_mode, begins_approvals=begins_approvals)
    return replace(book, options=of_settings(settings))


def _tell_ignored(cwd: str, environ: Mapping[str, str]) -> None:
    """Say once what may hold a policy and does not count, or cannot be looked at."""
    for path, why in ignored(cwd):
        _say_once(f"note: {plain(path)} {why}.")
    for path, why in unreadable(environ, sys.prefix):
        _say_once(f"note: {plain(path)} cannot be read: {why}; no policy that it may name counts.")
    home = config_home(environ)
    closed = barrier(home)
    if closed is not None and os.path.isdir(closed):  # noqa: PTH112 -- a string
        _say_once(
            f"note: {plain(home)} is passed by: {plain(closed)} belongs to another user and this one may "
            "not search it. To use your own settings: export HOME=..."
        )


@cache
def _say_once(line: str) -> None:
    say(line)


def open_gate(settings: Settings, cwd: str, environ: Mapping[str, str]) -> Gate:
    """Return the gate for one run; raises PolicyError for a policy or approvals that are not valid."""
    book = read_rulebook(settings, cwd, environ)
    _load_what_deciding_needs(book)
    prompter = _prompter(book, environ)
    context = Context(
        now=utc_now(),
        can_ask=prompter is not None,
        allowances=tuple(parse_allowance(text) for text in settings.allow_build),
        project=book.project,
    )
    gate = Gate(book.policy, book.approvals, context, prompter)
    gate.record.wants_reason = book.policy.require_reason.value
    gate.record.trusting = _trusting(book, context, cwd, environ)
    gate.record.only_approvals = book.policy.locked and book.policy.default.value is Verdict.BLOCK
    if book.is_written:
        paths = [each.path for each in book.sources]
        outlook = outlook_of(book.policy, book.approvals)
        note_valid(named(settings.policy, settings.approvals, environ), cwd, environ, paths, outlook)
    return gate


def context_of(book: Rulebook, now: datetime) -> Context:
    """Return the context of a run in which nobody is asked and nothing is allowed for the run alone."""
    return Context(now=now, project=book.project)


def may_ask(mode: Mode, environ: Mapping[str, str]) -> bool:
    """Return whether a question may be asked: in ``auto`` not in CI, in ``interactive`` there too."""
    if mode is Mode.INTERACTIVE:
        return True
    return mode is Mode.AUTO and not in_ci(environ)


def in_ci(environ: Mapping[str, str]) -> bool:
    """Return whether CI says that nobody is there; ``CI=false`` and the like say the contrary."""
    return environ.get("CI", "").strip().lower() not in _NO


def _prompter(book: Rulebook, environ: Mapping[str, str]) -> TerminalPrompter | None:
    if not may_ask(book.policy.mode.value, environ):
        return None
    from pipgate.answers import AnswersFile  # noqa: PLC0415 -- CI does without
    from pipgate.controlling_terminal import open_terminal  # noqa: PLC0415 -- same
    from pipgate.prompt import TerminalPrompter  # noqa: PLC0415 -- same

    terminal = open_terminal()
    if terminal is None:
        return None
    return TerminalPrompter(terminal, AnswersFile(book, environ))


def _trusting(book: Rulebook, context: Context, cwd: str, environ: Mapping[str, str]) -> Trusting | None:
    """Return what the project's own files would change if they counted, or None where no word of that helps.

    In CI nobody has read them, and a proposal brings its own: there those of the branch that it is for count.
    """
    if book.trusted or book.trusted_by_system_alone:
        return None
    is_ci = not may_ask(Mode.AUTO, environ)
    by_approvals = book.files.approvals_path if book.passed_by else None
    counting = ("--approvals", by_approvals) if by_approvals else ("--policy", find_project(cwd))
    file = os.path.relpath(counting[1] or book.project, cwd)
    return Trusting(lambda request: book.allows_if_trusted(request, context), is_ci, counting[0], file)


def _load_what_deciding_needs(book: Rulebook) -> None:
    """Import now what approvals and rules are compared with: pip 26.3 blocks imports when it installs."""
    if book.policy.rules or book.approvals.approved or book.approvals.revoked:
        import packaging.specifiers  # noqa: F401, PLC0415 -- only where it is needed
