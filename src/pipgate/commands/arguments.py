"""Argument parsers for pipgate's own verbs, whose errors are pipgate's."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from pipgate.errors import UsageError
from pipgate.plain_text import plain
from pipgate.rows import encodable, hanging, rows, screen_of
from pipgate.terminal import tell

if TYPE_CHECKING:
    from pipgate.rows import Row


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
    """Print lines to stdout as they are: a command has to work when it is pasted."""
    screen = screen_of(sys.stdout)
    shown = (encodable(plain(line, len(line)), screen) for line in lines)  # whoever forgot it before
    tell("".join(f"{line}\n" for line in shown))


def say_measured(lines: list[str]) -> None:
    """Print lines that hold what others wrote."""
    say_lines(measured(lines))


def measured(lines: list[str]) -> list[str]:
    """Return lines for stdout: where a terminal would wrap one, it goes on indented."""
    screen = screen_of(sys.stdout)
    return [part for line in lines for part in hanging(line, screen)]


def say_rows(title: str, told: list[Row]) -> None:
    """Print a title and rows that hold what others wrote."""
    screen = screen_of(sys.stdout)
    say_lines([*hanging(plain(title), screen), *rows(told, screen)])
