"""What a person reads on stderr: pip's diagnostic form, in plain characters where the encoding needs it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipgate.errors import PipgateError

_CROSS = "\N{MULTIPLICATION SIGN}"


def say(line: str) -> None:
    """Write one line to stderr."""
    _write(line + "\n")


def show(error: PipgateError) -> None:
    """Write an error to stderr: reference, message, context, note and hints."""
    cross, arrow = (_CROSS, "╰─>") if _can_encode(_CROSS + "╰─>") else ("x", "+->")
    lines = [f"{_styled('error', '1;31')}: {error.reference}", "", f"{cross} {error.message}"]
    indent = " " * (len(arrow) + 1)
    lines += [f"{arrow if number == 0 else indent[:-1]} {line}" for number, line in enumerate(error.context)]
    lines.append("")
    if error.note:
        lines.append(f"{_styled('note', '1;35')}: {error.note}")
    lines += [f"{_styled('hint', '1;36')}: {hint}" for hint in error.hints]
    _write("\n".join(lines).rstrip("\n") + "\n")


def _write(text: str) -> None:
    if sys.stderr is None:  # closed by the caller: there is nobody to tell, and the status still says it
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except UnicodeEncodeError:
        sys.stderr.write(text.encode("ascii", "backslashreplace").decode("ascii"))
    except BrokenPipeError:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- for the rest of the process


def _can_encode(text: str) -> bool:
    try:
        text.encode(sys.stderr.encoding or "ascii")
    except (AttributeError, LookupError, UnicodeEncodeError):
        return False
    return True


def _styled(word: str, code: str) -> str:
    return f"\x1b[{code}m{word}\x1b[0m" if _wants_colour() else word


def _wants_colour() -> bool:
    """Return whether colour is wanted: NO_COLOR and TERM=dumb say no, FORCE_COLOR yes, else a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
