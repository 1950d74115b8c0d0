"""Argument parsers for pipgate's own verbs, whose errors are pipgate's."""

from __future__ import annotations

import argparse
import json
from typing import Any, NoReturn

from pipgate.errors import UsageError
from pipgate.terminal import tell


class VerbParser(argparse.ArgumentParser):
    """A parser for one verb: no abbreviations, and a usage error as pipgate has them."""

    def __init__(self, verb: str, description: str) -> None:
        super().__init__(prog=f"pipgate {verb}", description=description, allow_abbrev=False)
        self.add_argument("--json", action="store_true", help="print JSON on stdout")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of leaving the process."""
        raise UsageError(f"{self.prog}: {message}")


def say_json(value: dict[str, Any]) -> None:
    """Print one JSON value of schema ``pipgate/1`` to stdout."""
    tell(json.dumps({"schema": "pipgate/1", **value}, indent=2, default=str) + "\n")


def say_lines(lines: list[str]) -> None:
    """Print lines to stdout."""
    tell("".join(f"{line}\n" for line in lines))
