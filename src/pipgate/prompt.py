"""Asks a person about one build, on the controlling terminal; anything but a clear yes is a no."""

from __future__ import annotations

import contextlib
import locale
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from pipgate.build_request import BuildRequest, subdirectory_of
from pipgate.decision import Allowed, Decision, Refused
from pipgate.errors import PipgateError
from pipgate.plain_text import plain
from pipgate.rows import Screen, encodable, hanging, pieces, rows, screen_of
from pipgate.subject_rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.build_entry import BuildEntry
    from pipgate.gate import Subject
    from pipgate.outcomes import PassedOver

_TERMINAL = "/dev/tty"
_QUESTION = "Run it?  [o]nce  [a]pprove and record  [n]o (default)  [v]iew  [?] > "
_QUESTION_OF_OLDER = "Take the older {}?  [y]es  [n]o (default) > "
_QUESTION_OF_KEPT = "Keep the older one?  [y]es  [n]o (default) > "
_PAGE = 20  # lines; a screen has at least 24
_BAR = "  | "  # before each line of a file that is viewed
_WIDTH_UNKNOWN = 80
_HELP = (
    "  o  run it in this run alone; nothing is written",
    "  a  run it, and write an approval of exactly this file to {}",
    "  n  do not run it; the command ends with status 43 (also Enter, Ctrl-C, Ctrl-D)",
    "  v  show the files that its build begins with",
)


class Terminal(Protocol):
    """A place to write to and to read lines from."""

    @property
    def screen(self) -> Screen:
        """How wide it is at the moment, and what it can show."""

    def write(self, text: str) -> None:
        """Show text."""

    def read_line(self, question: str) -> str | None:
        """Return a line, or None when there is no more: end of input, or an interrupt."""


@dataclass(slots=True)
class ControllingTerminal:
    """The terminal that the process was started from; not stdin, which may be a file or a build's words."""

    stream_in: TextIO
    stream_out: TextIO

    @property
    def screen(self) -> Screen:
        """How wide it is at the moment, and what it can show."""
        return screen_of(self.stream_out)

    def write(self, text: str) -> None:
        """Show text; what the encoding does not have is shown as escapes."""
        self.stream_out.write(encodable(text, self.screen))
        self.stream_out.flush()

    def read_line(self, question: str) -> str | None:
        """Return a line, or None at the end of input and on Ctrl-C."""
        self.write(question)
        self._drop_what_was_typed_before()
        try:
            line = self.stream_in.readline()
        except (KeyboardInterrupt, OSError):
            self.write("\n")
            return None
        return line or None

    def _drop_what_was_typed_before(self) -> None:
        """Let no key that was pressed before the question be taken for its answer."""
        with contextlib.suppress(ImportError, OSError):
            import termios  # noqa: PLC0415 -- not on every platform

            termios.tcflush(self.stream_in.fileno(), termios.TCIFLUSH)


def open_terminal() -> ControllingTerminal | None:
    """Return the controlling terminal, or None where there is none."""
    encoding = locale.getpreferredencoding(do_setlocale=False)  # UTF-8 holds controls of an 8-bit terminal
    try:
        return ControllingTerminal(
            open(_TERMINAL, encoding=encoding, errors="replace"),  # noqa: PTH123 -- until the process ends
            open(_TERMINAL, "w", encoding=encoding),  # noqa: PTH123 -- same
        )
    except OSError:
        return None


@dataclass(slots=True)
class TerminalPrompter:
    """Asks on a terminal. ``record`` writes to ``approvals``, and says why that will not count, if so."""

    terminal: Terminal
    record: Callable[[BuildRequest], str | None]
    approvals: str

    def ask(self, subject: Subject, reason: str) -> Decision:
        """Return the answer for one build; repeats the question for what is no answer."""
        from pipgate.build_entry import read_build_entry  # noqa: PLC0415 -- where there is a question

        is_file = subject.path is not None and os.path.isfile(subject.path)  # noqa: PTH113 -- a string
        directory = subdirectory_of(subject.request.source)
        entry = read_build_entry(subject.path, subdirectory=directory) if subject.path and is_file else None
        self._show(_question(subject, entry, reason, self.terminal.screen))
        while True:
            answer = self.terminal.read_line(_QUESTION)
            decision = self._answered((answer or "").strip().lower(), subject, entry)
            if decision is not None:
                return decision

    def takes_older(self, newer: BuildRequest, instead: PassedOver, reason: str) -> bool:
        """Return whether a clear yes was given to an older release."""
        self._show(_passed_over(newer, instead, reason, self.terminal.screen))
        question = _QUESTION_OF_KEPT if instead.taken_as == "installed" else _QUESTION_OF_OLDER
        answer = self.terminal.read_line(question.format(instead.taken_as))
        return (answer or "").strip().lower() in {"y", "yes"}

    def _show(self, lines: list[str]) -> None:
        self.terminal.write("".join(f"{line}\n" for line in lines))

    def _say(self, line: str) -> None:
        self._show(hanging(line, self.terminal.screen))

    def _answered(self, answer: str, subject: Subject, entry: BuildEntry | None) -> Decision | None:
        if answer in {"o", "once"}:
            return Allowed("allowed-once", "somebody at the terminal allowed it once")
        if answer in {"a", "approve"}:
            return self._approve(subject.request)
        if answer in {"v", "view"}:
            self._view(entry)
        elif answer == "?":
            self._show(
                [
                    line
                    for text in _HELP
                    for line in hanging(text.format(plain(self.approvals)), self.terminal.screen)
                ]
            )
        elif answer in {"", "n", "no"}:
            return Refused("denied-at-the-prompt", "somebody at the terminal said no")
        return None

    def _approve(self, request: BuildRequest) -> Decision | None:
        try:
            note = self.record(request)
        except PipgateError as error:
            self._say(f"It was not recorded: {plain(error.message)}")
            return None
        self._say(f"Recorded in {plain(self.approvals)}; commit that file.")
        if note is not None:
            self._say(note)
        return Allowed("approved-at-the-prompt", "somebody at the terminal approved it")

    def _view(self, entry: BuildEntry | None) -> None:
        if entry is None or not entry.files:
            self._say("There is no file to show: the archive cannot be read, or has none of them.")
            return
        lines = _viewed(entry, self.terminal.screen)
        for start in range(0, len(lines), _PAGE):
            self._show(lines[start : start + _PAGE])
            more = len(lines) - start - _PAGE
            if (
                more > 0
                and (self.terminal.read_line(f"-- {more} lines more: Enter, or q to stop --") or "q").strip()
            ):
                return


def _question(subject: Subject, entry: BuildEntry | None, reason: str, screen: Screen) -> list[str]:
    told = rows_of(subject.request, subject.path, entry)
    told += [("metadata", subject.metadata)] if subject.metadata else []
    head = f"{plain(subject.request.title)} would run its own code as you, with your files and your network."
    return ["", *hanging(head, screen), *rows([*told, ("asked because", reason)], screen)]


def _passed_over(newer: BuildRequest, instead: PassedOver, reason: str, screen: Screen) -> list[str]:
    taken = "kept" if instead.taken_as == "installed" else "taken"
    told = [("newest", newer.title), (taken, f"{newer.name} {instead.taken}")]
    told += [("installed", f"{newer.name} {instead.replaces}")] if instead.replaces else []
    told.append(("asked because", reason))
    head = f"{plain(newer.title)} exists only as an sdist, so an older release would be {taken}."
    return ["", *hanging(head, screen), *rows(told, screen)]


def _viewed(entry: BuildEntry, screen: Screen) -> list[str]:
    """Return the files in lines that all stand behind a bar, however long they are: none passes for ours."""
    width = (screen.columns or _WIDTH_UNKNOWN) - len(_BAR)
    lines = []
    for name, text in entry.files:
        lines += hanging(f"--- {plain(name)}", screen)
        for line in text.removesuffix("\n").split("\n"):
            lines += [f"{_BAR}{each}" for each in pieces(encodable(plain(line, len(line)), screen), width)]
    more = f"--- {entry.others} files more in the archive, which its build may run as well"
    return [*lines, *hanging(more, screen)]
