"""Arguments in, exit status out; the only place where an error becomes text and a status."""

from __future__ import annotations

import os
import sys
from typing import Any

from pipgate.commands import pip, verbs
from pipgate.commands.verbs import VERBS
from pipgate.errors import PipgateError
from pipgate.settings import PIPGATE, Elsewhere, parse_settings
from pipgate.terminal import held, show


def run(
    argv: list[str], *, is_pip: bool = False, through: str = PIPGATE, elsewhere: Elsewhere | None = None
) -> int:
    """Run pipgate with the arguments behind its name and return the exit status.

    ``is_pip`` says that they stood behind pip's own name: only our options, before them, are not pip's.
    ``through`` says by which way they came here, ``elsewhere`` that a verb speaks of another environment.
    """
    try:
        settings = parse_settings(argv, is_pip=is_pip)._replace(through=through, elsewhere=elsewhere)
        verb = settings.pip_args[0] if settings.pip_args and not settings.is_pip else ""
        if verb in VERBS:
            return held(verbs.run(verb, settings, list(settings.pip_args[1:])))
        return held(pip.run(settings))
    except PipgateError as error:
        show(error)
        return held(error.exit_status)


def run_engine(orders: dict[str, Any], argv: list[str]) -> int:
    """Run in an interpreter that pipgate is not installed for, as ``engine.py`` was ordered to.

    A pip that a gated pip has started has orders of its own; without them it is a person's command line.
    """
    if "answer" in orders:
        return _run_child(orders, argv)
    if orders.get("tool") == sys.prefix:  # what was typed is the Python of the tool itself
        from pipgate.launcher import require_meant  # noqa: PLC0415 -- for a shell function alone

        require_meant(os.environ)
    from pipgate.pip_internals.target_pip import choose  # noqa: PLC0415 -- for another interpreter alone

    choose(orders["fallback_pip"])
    return run(argv, is_pip=orders.get("is_pip", False), through=orders.get("through", PIPGATE))


def _run_child(orders: dict[str, Any], argv: list[str]) -> int:
    try:
        own = parse_settings(orders["own_options"])
        settings = own._replace(pip_args=tuple(argv), is_pip=True)
        if orders["answer"] is None:
            return held(pip.run(settings, started_by_pip=True))
        return pip.run_for_build_requirements(
            settings, tuple(orders["chain"]), orders["answer"], orders["answered"]
        )
    except PipgateError as error:
        show(error)
        return held(error.exit_status)
