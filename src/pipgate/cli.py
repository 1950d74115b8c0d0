"""Arguments in, exit status out; the only place where an error becomes text and a status."""

from __future__ import annotations

from typing import Any

from pipgate.commands import pip, verbs
from pipgate.commands.verbs import VERBS
from pipgate.errors import PipgateError
from pipgate.settings import parse_settings
from pipgate.terminal import show


def run(argv: list[str]) -> int:
    """Run pipgate with the arguments behind its name and return the exit status."""
    try:
        settings = parse_settings(argv)
        verb = settings.pip_args[0] if settings.pip_args and not settings.is_pip else ""
        if verb in VERBS:
            return verbs.run(verb, settings, list(settings.pip_args[1:]))
        return pip.run(settings)
    except PipgateError as error:
        show(error)
        return error.exit_status


def run_child(orders: dict[str, Any], argv: list[str]) -> int:
    """Run as a pip that a gated pip has started, under the orders that stand in its script."""
    try:
        own = parse_settings(orders["own_options"])
        settings = own._replace(pip_args=tuple(argv), is_pip=True)
        if orders["answer"] is None:
            return pip.run(settings, started_by_pip=True)
        return pip.run_for_build_requirements(
            settings, tuple(orders["chain"]), orders["answer"], orders["answered"]
        )
    except PipgateError as error:
        show(error)
        return error.exit_status
