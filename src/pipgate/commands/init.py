"""``pipgate init SHELL``: the shell functions that stand in front of pip, for ``eval``."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from pipgate import launcher
from pipgate.adoption.shell_functions import SHELLS, functions
from pipgate.commands.arguments import VerbParser, say_json

if TYPE_CHECKING:
    from pipgate.settings import Settings

_PACKAGE = os.path.dirname(os.path.abspath(launcher.__file__))  # noqa: PTH100, PTH120 -- strings


def init(_: Settings, words: list[str]) -> int:
    """Print the functions; nothing is written, and nothing runs at the prompt."""
    parser = VerbParser("init", "print shell functions that stand in front of pip")
    parser.add_argument("shell", choices=SHELLS)
    given = parser.parse_args(words)
    orders = {**json.loads(launcher.orders(_PACKAGE)), "is_pip": True}
    text = functions(
        given.shell,
        tool=os.path.abspath(sys.argv[0]),  # noqa: PTH100 -- a link that was called stays one
        engine=os.path.join(_PACKAGE, "engine.py"),  # noqa: PTH118 -- strings
        orders=json.dumps(orders),
    )
    if given.json:
        say_json({"shell": given.shell, "text": text})
    else:
        sys.stdout.write(text)
    return 0
