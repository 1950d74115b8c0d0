"""Arguments in, exit status out; the only place where an error becomes text and a status."""

from __future__ import annotations

from typing import Any

from pipgate.commands import pip
from pipgate.errors import PipgateError
from pipgate.settings import Settings, parse_settings
from pipgate.terminal import show


def run(argv: list[str]) -> int:
    """Run pipgate with the arguments behind its name and return the exit status."""
    try:
        return pip.run(parse_settings(argv))
    except PipgateError as error:
        show(error)
        return error.exit_status


def run_child(orders: dict[str, Any], argv: list[str]) -> int:
    """Run as a pip that a gated pip has started, under the orders that stand in its script."""
    try:
        own = parse_settings(orders["own_options"])
        settings = Settings(tuple(argv), own.allow_build, own.gate_report, own.own_options)
        if orders["answer"] is None:
            return pip.run(settings, started_by_pip=True)
        return pip.run_for_build_requirements(settings, tuple(orders["chain"]), orders["answer"])
    except PipgateError as error:
        show(error)
        return error.exit_status
