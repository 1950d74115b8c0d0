"""Our refusals as errors that every pip turns into exit status 1 and a line, never a traceback."""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipgate.errors import PipgateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipgate.gate import BuildRefusedError

# pip prints its errors with the logger of this module; the report that follows says more.
_PIP_ERROR_LOGGER = "pip._internal.cli.base_command"
_REFUSED = "pipgate refused a build"


_speak: list[Callable[[BuildRefusedError | PipgateError], str]] = []


def speak_with(speak: Callable[[BuildRefusedError | PipgateError], str] | None) -> None:
    """Have ``speak`` tell the user of a refusal, or of an error of ours, and return it in a line.

    That is so where no report follows, because another program uses pip as a library.
    """
    _speak[:] = [] if speak is None else [speak]


@contextmanager
def presented() -> Iterator[None]:
    """Turn a refusal into an InstallationError, the class that passes every layer of pip unchanged.

    So is an error of ours, which ends the run in its own words when pip is through.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, PipgateError) and not is_refusal(error):
            raise
        raise installation_error(_speak[0](error) if _speak else _REFUSED) from error  # type: ignore[arg-type]  # it is one of the two


def is_refusal(error: BaseException | None) -> bool:
    """Return whether it is a BuildRefusedError."""
    gate = sys.modules.get("pipgate.gate")  # what refuses has loaded it
    return gate is not None and isinstance(error, gate.BuildRefusedError)


def installation_error(text: str) -> Exception:
    """Return an InstallationError of the running pip."""
    from pip._internal.exceptions import InstallationError

    return InstallationError(text)


def bad_command(text: str) -> Exception:
    """Return the error of the running pip for a command that is not there; its questions go on without."""
    from pip._internal.exceptions import BadCommand

    return BadCommand(text)


def process_refused(text: str) -> BaseException:
    """Return the error for a refused process.

    It is an OSError as well, so that pip's User-Agent probes (``lsb_release``, ``uname``, ``rustc``) carry
    on without an answer. pip's module is looked up and never imported: this is raised from an audit hook.
    """
    exceptions = sys.modules.get("pip._internal.exceptions")
    base = getattr(exceptions, "InstallationError", None)
    bases = (PermissionError,) if base is None else (base, PermissionError)
    refused: BaseException = type("ProcessRefusedError", bases, {})(text)
    return refused


def hush_pip_about_refusals() -> None:
    """Keep pip from printing the line for a refusal that our own report explains."""
    importlib.import_module("pip._internal")  # first: it says which class pip's loggers have
    logging.getLogger(_PIP_ERROR_LOGGER).addFilter(lambda record: record.getMessage() != _REFUSED)
