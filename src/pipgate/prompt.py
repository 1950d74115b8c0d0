"""Asks a person about one build, on the controlling terminal; anything but a clear yes is a no."""

from __future__ import annotations

import contextlib
import os
import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from pipgate.build_request import (
    Archive,
    BuildRequest,
    Directory,
    Sdist,
    Vcs,
    location,
    subdirectory_of,
)
from pipgate.decision import Allowed, Decision, Refused
from pipgate.errors import PipgateError, assert_never
from pipgate.plain_text import masked, plain, single_spaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.build_entry import BuildEntry
    from pipgate.gate import Subject

_TERMINAL = "/dev/tty"
_QUESTION = "Run it?  [o]nce  [a]pprove and record  [n]o (default)  [v]iew  [?] > "
_QUESTION_OF_OLDER = "Take the older wheel?  [y]es  [n]o (default) > "
_PAGE = 20  # lines; a screen has at least 24
_LONGEST_LINE = 200  # characters, of what is viewed
_LONGEST_VALUE = 1_000  # characters, of a row
_LISTED = 40  # build requirements
_INDENT, _NARROWEST = 16, 24
_HELP = """\
  o  run it in this run alone; nothing is written
  a  run it, and write an approval of exactly this file to {approvals}
  n  do not run it; the command ends with status 43 (also Enter, Ctrl-C, Ctrl-D)
  v  show the files that its build begins with"""


class Terminal(Protocol):
    """A place to write to and to read lines from."""

    def write(self, text: str) -> None:
        """Show text."""

    def read_line(self, question: str) -> str | None:
        """Return a line, or None when there is no more: end of input, or an interrupt."""


@dataclass(slots=True)
class ControllingTerminal:
    """The terminal that the process was started from; not stdin, which may be a file or a build's words."""

    stream_in: TextIO
    stream_out: TextIO

    def write(self, text: str) -> None:
        """Show text; what the encoding does not have is shown as escapes."""
        encoding = self.stream_out.encoding or "ascii"
        self.stream_out.write(text.encode(encoding, "backslashreplace").decode(encoding))
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
    try:
        return ControllingTerminal(
            open(_TERMINAL, encoding="utf-8", errors="replace"),  # noqa: PTH123 -- until the process ends
            open(_TERMINAL, "w", encoding="utf-8"),  # noqa: PTH123 -- same
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
        self.terminal.write(_shown(subject, entry, reason))
        while True:
            answer = self.terminal.read_line(_QUESTION)
            decision = self._answered((answer or "").strip().lower(), subject, entry)
            if decision is not None:
                return decision

    def takes_older(self, newer: BuildRequest, taken: str, reason: str) -> bool:
        """Return whether a clear yes was given to an older wheel."""
        self.terminal.write(_passed_over(newer, taken, reason))
        answer = self.terminal.read_line(_QUESTION_OF_OLDER)
        return (answer or "").strip().lower() in {"y", "yes"}

    def _answered(self, answer: str, subject: Subject, entry: BuildEntry | None) -> Decision | None:
        if answer in {"o", "once"}:
            return Allowed("allowed-once", "somebody at the terminal allowed it once")
        if answer in {"a", "approve"}:
            return self._approve(subject.request)
        if answer in {"v", "view"}:
            self._view(entry)
        elif answer == "?":
            self.terminal.write(_HELP.format(approvals=plain(self.approvals)) + "\n")
        elif answer in {"", "n", "no"}:
            return Refused("denied-at-the-prompt", "somebody at the terminal said no")
        return None

    def _approve(self, request: BuildRequest) -> Decision | None:
        try:
            note = self.record(request)
        except PipgateError as error:
            self.terminal.write(f"It was not recorded: {plain(error.message)}\n")
            return None
        self.terminal.write(f"Recorded in {plain(self.approvals)}; commit that file.\n")
        if note is not None:
            self.terminal.write(f"{note}\n")
        return Allowed("approved", "somebody at the terminal approved it")

    def _view(self, entry: BuildEntry | None) -> None:
        if entry is None or not entry.files:
            self.terminal.write(
                "There is no file to show: the archive cannot be read, or has none of them.\n"
            )
            return
        lines = [
            piece
            for name, text in entry.files
            for line in (f"--- {name}", *text.removesuffix("\n").split("\n"))
            for piece in _pieces(line)
        ]
        lines.append(f"--- {entry.others} files more in the archive, which its build may run as well")
        for start in range(0, len(lines), _PAGE):
            self.terminal.write("".join(f"  {plain(line)}\n" for line in lines[start : start + _PAGE]))
            more = len(lines) - start - _PAGE
            if (
                more > 0
                and (self.terminal.read_line(f"-- {more} lines more: Enter, or q to stop --") or "q").strip()
            ):
                return


def _shown(subject: Subject, entry: BuildEntry | None, reason: str) -> str:
    request = subject.request
    rows: list[tuple[str, str]] = [
        ("required by", " <- ".join(request.required_by) or "your command"),
        *_identity(request, subject.path),
    ]
    if request.offer.uploaded:
        rows.append(("uploaded", request.offer.uploaded))
    if entry is not None:
        rows.append(("backend", entry.backend))
        rows += [("it requires", each) for each in entry.requires[:_LISTED]]
        rows += [("and", f"{len(entry.requires) - _LISTED} more")] if len(entry.requires) > _LISTED else []
        rows += [] if entry.requires else [("it requires", "nothing to build")]
    if subject.metadata:
        rows.append(("metadata", subject.metadata))
    rows.append(("asked because", reason))
    head = f"\n{plain(request.title)} would run its own code as you, with your files and your network.\n"
    return head + _rows(rows)


def _passed_over(newer: BuildRequest, taken: str, reason: str) -> str:
    rows = _rows([("newest", newer.title), ("taken", f"{newer.name} {taken}"), ("asked because", reason)])
    return f"\n{plain(newer.title)} exists only as an sdist, so an older wheel would be taken.\n{rows}"


def _rows(rows: list[tuple[str, str]]) -> str:
    """Return rows of a label and a value; a long value goes on below itself, where no label stands."""
    width = max(_NARROWEST, shutil.get_terminal_size().columns - _INDENT)
    lines = []
    for name, value in rows:
        first, *rest = textwrap.wrap(
            single_spaced(masked(value), _LONGEST_VALUE), width, break_on_hyphens=False
        ) or [""]
        lines += [f"  {name:14}{first}\n", *(f"{'':{_INDENT}}{each}\n" for each in rest)]
    return "".join(lines)


def _pieces(line: str) -> list[str]:
    """Return a line in parts that all can be seen, however long it is."""
    return [line[at : at + _LONGEST_LINE] for at in range(0, len(line) or 1, _LONGEST_LINE)]


def _identity(request: BuildRequest, path: str | None) -> list[tuple[str, str]]:
    match request.source:
        case Sdist(filename, sha256, _, subdirectory) | Archive(filename, sha256, _, subdirectory):
            return [
                ("file", f"{filename}{_size(path)}"),
                ("sha256", str(sha256)),
                *_part(subdirectory),
                ("from", location(request.source)),
            ]
        case Vcs(url, commit, subdirectory):
            return [("repository", url), ("commit", commit or "not fetched yet"), *_part(subdirectory)]
        case Directory(place, _):
            return [("directory", place)]
        case _:
            assert_never(request.source)


def _part(subdirectory: str) -> list[tuple[str, str]]:
    return [("builds", f"{subdirectory}, not its root")] if subdirectory else []


def _size(path: str | None) -> str:
    try:
        return f", {os.path.getsize(path) / 1000:,.0f} kB" if path else ""  # noqa: PTH202 -- a string
    except OSError:
        return ""
