"""The directories of one user, by the XDG rules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def config_home(environ: Mapping[str, str], program: str = "pipgate") -> str:
    """Return the user's directory for the configuration of a program."""
    return _home(environ.get("XDG_CONFIG_HOME", ""), program, ".config")


def state_home(environ: Mapping[str, str]) -> str:
    """Return the user's directory for what pipgate remembers."""
    return _home(environ.get("XDG_STATE_HOME", ""), "pipgate", ".local", "state")


def data_home(environ: Mapping[str, str]) -> str:
    """Return the user's directory for what is neither configuration nor remembered."""
    return _home(environ.get("XDG_DATA_HOME", ""), "pipgate", ".local", "share")


def _home(given: str, program: str, *usual: str) -> str:
    # A relative path does not count: it would be another one in every project.
    base = given if os.path.isabs(given) else os.path.join(os.path.expanduser("~"), *usual)  # noqa: PTH111, PTH117, PTH118 -- strings
    return os.path.join(base, program)  # noqa: PTH118 -- same
