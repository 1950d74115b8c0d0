"""``pipgate init SHELL``: the shell functions that stand in front of pip, for ``eval``."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from pipgate import launcher
from pipgate.adoption.shell_functions import SHELLS, functions
from pipgate.commands.arguments import VerbParser, say_json
from pipgate.errors import UsageError
from pipgate.terminal import tell

if TYPE_CHECKING:
    from pipgate.settings import Settings

_COMMAND = "pipgate"
_THROUGH = "a shell function"
_PACKAGE = os.path.dirname(os.path.abspath(launcher.__file__))  # noqa: PTH100, PTH120 -- strings


def init(_: Settings, words: list[str]) -> int:
    """Print the functions; nothing is written, and nothing runs at the prompt."""
    parser = VerbParser("init", "print shell functions that stand in front of pip")
    parser.add_argument("shell", choices=SHELLS)
    given = parser.parse_args(words)
    orders = {**json.loads(launcher.orders(_PACKAGE, through=_THROUGH)), "tool": sys.prefix}
    text = functions(
        given.shell,
        tool=_command(sys.argv[0]),
        engine=os.path.join(_PACKAGE, "engine.py"),  # noqa: PTH118 -- strings
        orders=json.dumps(orders),
    )
    if given.json:
        say_json({"shell": given.shell, "text": text})
    else:
        tell(text)
    return 0


def _command(called: str) -> str:
    """Return the console script by its path; raises UsageError where this Python has none.

    A link that was called stays one. ``python -m pipgate`` was called by no script: it is looked up.
    """
    script = os.path.abspath(called)  # noqa: PTH100 -- a link stays one
    if os.path.basename(script).partition(".")[0] == _COMMAND and os.access(script, os.X_OK):  # noqa: PTH119 -- a string
        return script
    from importlib import metadata  # noqa: PLC0415 -- for this way of calling alone

    try:
        files = metadata.files(_COMMAND) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        place = os.path.normpath(file.locate())
        if file.stem == _COMMAND and file.parent.name != _COMMAND and os.access(place, os.X_OK):
            return place
    raise UsageError(f"there is no command pipgate for {sys.executable}, which the functions could call")
