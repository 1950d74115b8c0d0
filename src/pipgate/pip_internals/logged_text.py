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
_SHOWS_A_BUILD = "InstallationSubprocessError"


def formatted(original: Callable[..., str], _run: Run) -> Callable[..., str]:
    """Return pip's formatter whose text does nothing to a terminal; pip's own colours come behind it."""

    @functools.wraps(original)
    def replacement(self: Any, record: logging.LogRecord) -> str:
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
