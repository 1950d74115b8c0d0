"""What a person reads on stderr: pip's diagnostic form, in plain characters where the encoding needs it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pipgate.errors import EXIT_BLOCKED, EXIT_NOT_ARMED, EXIT_POLICY, OutputNotWrittenError
from pipgate.plain_text import masked, plain
from pipgate.rows import hanging, screen_of

if TYPE_CHECKING:
    from pipgate.errors import PipgateError

_OURS = frozenset({EXIT_BLOCKED, EXIT_POLICY, EXIT_NOT_ARMED})
_CROSS = "\N{MULTIPLICATION SIGN}"


def say(line: str) -> None:
    """Write one line to stderr."""
    _write(_plain(line) + "\n")


def tell(text: str) -> None:
    """Write to stdout; raises OutputNotWrittenError, and BrokenPipeError where the reader has gone."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        tell(text.encode("ascii", "backslashreplace").decode("ascii"))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        _silence("stdout")
        raise OutputNotWrittenError(f"the output cannot be written: {error}") from error


def show(error: PipgateError) -> None:
    """Write an error to stderr: reference, message, context, note and hints."""
    screen = screen_of(sys.stderr)
    cross, arrow = (_CROSS, "╰─>") if _can_encode(_CROSS + "╰─>") else ("x", "+->")
    lines = [
        f"{_styled('error', '1;31')}: {error.reference}",
        "",
        *hanging(f"{cross} {_plain(error.message)}", screen),
    ]
    indent = " " * (len(arrow) + 1)
    for number, line in enumerate(error.context):
        first, *rest = hanging(f"{indent}{_plain(line)}", screen)
        lines += [f"{arrow}{first[len(arrow) :]}" if number == 0 else first, *rest]
    lines.append("")
    if error.note:
        first, *rest = hanging(f"note: {_plain(error.note)}", screen)
        lines += [f"{_styled('note', '1;35')}{first[len('note') :]}", *rest]
    lines += [f"{_styled('hint', '1;36')}: {_plain(hint)}" for hint in error.hints]
    _write("\n".join(lines).rstrip("\n") + "\n")


def _plain(line: str) -> str:
    """Return a line in which no secret and nothing hostile is left, should somebody have forgotten it."""
    shown = masked(line)
    return plain(shown, len(shown))


def _write(text: str) -> None:
    if sys.stderr is None:  # closed by the caller: there is nobody to tell, and the status still says it
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except UnicodeEncodeError:
        _write(text.encode("ascii", "backslashreplace").decode("ascii"))
    except (OSError, ValueError):  # a broken pipe, a full disk, a closed file: nobody can be told
        _silence("stderr")


def held(status: int) -> int:
    """Return a status of ours, once nothing that is still to be written can replace it.

    Python ends with 120 where it cannot write what is left (``sys.exit``), so that what cannot is dropped.
    """
    if status in _OURS:
        _flush("stdout")
        _flush("stderr")
    return status


def _flush(name: str) -> None:
    stream = getattr(sys, name)
    try:
        if stream is not None:  # closed by the caller
            stream.flush()
    except (OSError, ValueError):
        _silence(name)


def _silence(name: str) -> None:
    """Write no more to one of the standard streams, for the rest of the process."""
    setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 -- same


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
