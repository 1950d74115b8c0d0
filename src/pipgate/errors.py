"""Every error a person can see, as data; nothing of ours is imported here."""

from __future__ import annotations

from typing import NoReturn

EXIT_USAGE = 2
EXIT_BLOCKED = 43
EXIT_POLICY = 44
EXIT_NOT_ARMED = 45


def assert_never(value: NoReturn) -> NoReturn:
    """Fail on a case that the types say cannot exist (``typing.assert_never`` for Python 3.10)."""
    msg = f"unexpected value: {value!r}"
    raise AssertionError(msg)


class PipgateError(Exception):
    """Something that ends the run before or instead of pip, in pip's own diagnostic form.

    ``reference`` names the entry in ``docs/errors.md``; ``message`` says what happened; ``context`` adds
    lines of detail; ``note`` says what it means; each of ``hints`` ends in a command that works when pasted.
    """

    reference = "pipgate-error"
    exit_status = EXIT_USAGE

    def __init__(
        self,
        message: str,
        *,
        context: tuple[str, ...] = (),
        note: str | None = None,
        hints: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.context = context
        self.note = note
        self.hints = hints


class UsageError(PipgateError):
    """An option of pipgate's own is wrong or stands in the wrong place."""

    reference = "usage"


class ReportNotWrittenError(PipgateError):
    """The file of ``--gate-report`` cannot be written."""

    reference = "report-not-written"


class OutputNotWrittenError(PipgateError):
    """What a verb has to say cannot be written to stdout."""

    reference = "output-not-written"


class ApprovalRefusedError(PipgateError):
    """An approval is not recorded: it would not count, or it would outdate what somebody took back."""

    reference = "approval-refused"
    exit_status = EXIT_BLOCKED


class GateNotArmedError(PipgateError):
    """The pip at hand cannot be gated, so it is not run."""

    reference = "gate-not-armed"
    exit_status = EXIT_NOT_ARMED


class DisplacesGateError(PipgateError):
    """A wheel would have replaced what the gate rests on.

    ``refused`` has a row for each member: the wheel, the member, and what it would have replaced.
    """

    reference = "displaces-gate"
    exit_status = EXIT_BLOCKED

    def __init__(
        self, refused: tuple[tuple[str, str, str], ...], *, context: tuple[str, ...], note: str, hint: str
    ) -> None:
        super().__init__(
            "A wheel would replace what the gate rests on, so nothing was installed.",
            context=context,
            note=note,
            hints=(hint,),
        )
        self.refused = refused


class RefusedSettingError(PipgateError):
    """A pip.conf that others can bring names what only the user may name, so pip was not run."""

    reference = "setting-refused"
    exit_status = EXIT_NOT_ARMED


class PolicyError(PipgateError):
    """The policy, or an approvals file, is not valid, so pip was not run."""

    reference = "policy-invalid"
    exit_status = EXIT_POLICY

    def __init__(self, place: str, message: str, *, hints: tuple[str, ...] = ()) -> None:
        super().__init__(
            f"{place}: {message}",
            note="pip was not run, and no project code has run.",
            hints=hints,
        )
        self.place = place


class FileNotWrittenError(PipgateError):
    """A file of pipgate's could not be written; the old one is as it was."""

    reference = "file-not-written"
    exit_status = EXIT_POLICY


class LeadsOutError(FileNotWrittenError):
    """A file of the project is a link out of it; ``real`` is where that leads."""

    def __init__(self, message: str, real: str) -> None:
        super().__init__(message)
        self.real = real
