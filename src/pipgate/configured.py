"""Starts the engine where a pip was called, for the program that pip.conf names as Python."""

# pip (22.3 and newer) starts that program as ``pipgate-python RUNNER ARGUMENTS...`` where its settings name
# another Python (pip PR 11320). It starts this file with the pip's process and the same words.
import os
import sys

# Under -I a pipgate in the user's own site-packages would not be found.
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 -- nothing is imported here

from pipgate.caller import UnknownCallerError, calling
from pipgate.launcher import EXIT_NO_TARGET, PACKAGE, flush, orders, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MODE = "pip.conf"
_RUNNER = "__pip-runner__.py"


def main(parent: int, words: "list[str]") -> None:
    """Become the engine in the calling interpreter; exits where that cannot be told."""
    runner = words[0] if words else ""
    root = _root_of_pip(runner)
    if root is None:
        _stop("pipgate-python is what pip.conf names, and pip alone calls it")
    try:
        caller = calling(parent, words[1:])
    except UnknownCallerError as error:
        _stop(f"it cannot be told which interpreter pip was called with: {error}")
    # A program may bring a copy of pip under another name (pipenv does): then pipgate's own does its work.
    told = orders(PACKAGE, pip=None if _is_package(root) else root, through=MODE)
    arguments = [_still_open(word, parent) for word in words[1:]]
    command = [caller.python, *caller.options, os.path.join(PACKAGE, "engine.py"), told, *arguments]  # noqa: PTH118 -- nothing is imported here
    flush()
    try:
        os.execv(caller.python, command)  # noqa: S606 -- no shell is meant
    except OSError as error:
        _stop(f"{caller.python} cannot be run: {error.strerror}")


def _still_open(word: str, parent: int) -> str:
    """Return a word that names a descriptor, such as ``-r <(command)``, by the process that has it open."""
    before, named, number = word.rpartition("/dev/fd/")
    begins = before in {"", "-r", "-c"} or (before.startswith("--") and before.endswith("="))
    return f"{before}/proc/{parent}/fd/{number}" if named and begins and number.isdigit() else word


def _root_of_pip(runner: str) -> "str | None":
    """Return the directory, or the zip file, that the calling pip lies in; None for what is no pip."""
    package, name = os.path.split(runner)
    if name == _RUNNER and _is_package(package):
        root, name = os.path.split(package)
    else:
        root = package if os.path.isfile(package) else ""  # noqa: PTH113 -- same
    return root if name == "pip" and os.path.isabs(root) else None  # noqa: PTH117 -- same


def _is_package(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, "__init__.py"))  # noqa: PTH113, PTH118 -- same


def _stop(message: str) -> "NoReturn":
    say(
        f"error: no-target\n\nx {message}.\nnote: pip was not run, and no project code has run.\n"
        "hint: Name the environment: pipgate --env DIR install NAME\n"
    )
    sys.exit(EXIT_NO_TARGET)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
