"""What pip says, with what would act on a terminal shown as escapes: indexes and metadata word it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pipgate.plain_text import harmless

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from pipgate.pip_internals.run_state import Run

# What a build says that was allowed to run, and in what colours: it has the terminal anyway.
_OF_BUILDS = "pip.subprocessor"
_OF_MANY_LINES = frozenset({_OF_BUILDS, "pip._internal.utils.misc"})  # the latter writes what was asked for
_SHOWS_A_BUILD = "InstallationSubprocessError"


def formatted(original: Callable[..., str], _run: Run) -> Callable[..., str]:
    """Return pip's formatter whose text does nothing to a terminal; pip's own colours come behind it.

    Nor does what stands in a sentence of pip's, such as the name of a file, begin a line of its own.
    """

    @functools.wraps(original)
    def replacement(self: Any, record: logging.LogRecord) -> str:
        _keep_on_lines(record)
        text = original(self, record)
        return text if record.name == _OF_BUILDS else harmless(text)

    return replacement


def emitted(original: Callable[..., None], _run: Run) -> Callable[..., None]:
    """Clean the parts of an error that pip lays out itself (``DiagnosticPipError``), past its formatter."""

    @functools.wraps(original)
    def replacement(self: Any, record: logging.LogRecord) -> None:
        for shown in record.args if isinstance(record.args, tuple) else ():
            if isinstance(shown, Exception):
                _clean(shown)
        original(self, record)

    return replacement


def _keep_on_lines(record: logging.LogRecord) -> None:
    if record.name in _OF_MANY_LINES or record.msg == "%s" or not isinstance(record.args, tuple):
        return
    record.args = tuple(
        each.replace("\r", "\\r").replace("\n", "\\n") if isinstance(each, str) else each
        for each in record.args
    )


def _clean(error: Any) -> None:
    parts = ["message", "note_stmt", "hint_stmt"]
    if type(error).__name__ != _SHOWS_A_BUILD:
        parts.append("context")
    for name in parts:
        part: Any = getattr(error, name, None)
        if isinstance(part, str):
            setattr(error, name, harmless(part))
            continue
        text = getattr(part, "plain", None)  # of rich's Text
        if isinstance(text, str) and harmless(text) != text:
            part.plain = harmless(text)
