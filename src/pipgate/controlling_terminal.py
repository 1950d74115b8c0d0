"""The terminal that the process was started from: what is shown there, and the lines that a person types."""

from __future__ import annotations

import contextlib
import locale
import os
from dataclasses import dataclass
from typing import Protocol, TextIO

from pipgate.rows import Screen, encodable, screen_of

_TERMINAL = "/dev/tty"
_PAGE = 20  # lines; a screen has at least 24
# What was shown before, a build's words as well, may have left it in any state. In this order: an unfinished
# string ends; the whole screen scrolls, and the cursor stays; the usual screen; the cursor is seen, lines
# wrap, nothing is inserted; no colours, no concealment; letters are letters (ECMA-48, and xterm's modes).
_USUAL_STATE = "\x1b\\\x1b7\x1b[r\x1b8\x1b[?1047l\x1b[?25h\x1b[?7h\x1b[4l\x1b[0m\x1b(B\x0f"


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
        """Show text, whatever was shown before; what the encoding does not have is shown as escapes."""
        knows_escapes = os.environ.get("TERM", "dumb") != "dumb"
        self.stream_out.write((_USUAL_STATE if knows_escapes else "") + encodable(text, self.screen))
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


def page(terminal: Terminal, lines: list[str]) -> None:
    """Show lines that fit, a page at a time; who reads decides how many."""
    for start in range(0, len(lines), _PAGE):
        terminal.write("".join(f"{line}\n" for line in lines[start : start + _PAGE]))
        more = len(lines) - start - _PAGE
        if more > 0 and (terminal.read_line(f"-- {more} lines more: Enter, or q to stop --") or "q").strip():
            return
