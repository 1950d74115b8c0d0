"""What pip.conf names as Python: it starts the engine in the interpreter that pip was called with."""

# pip (22.3 and newer) starts it as ``pipgate-python RUNNER ARGUMENTS...`` where its settings name another
# Python (pip PR 11320), with _PIP_RUNNING_IN_SUBPROCESS in the environment.
import os
import sys

from pipgate.caller import UnknownCallerError, calling
from pipgate.launcher import EXIT_NO_TARGET, PACKAGE, orders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MODE = "pip.conf"
_RUNNER = "__pip-runner__.py"


def main() -> None:
    """Become the engine in the calling interpreter; exits where that cannot be told."""
    runner = sys.argv[1] if len(sys.argv) > 1 else ""
    root = _root_of_pip(runner)
    if root is None:
        _stop("pipgate-python is what pip.conf names, and pip alone calls it")
    try:
        caller = calling()
    except UnknownCallerError as error:
        _stop(f"it cannot be told which interpreter pip was called with: {error}")
    told = orders(PACKAGE, pip=root, through=MODE)
    command = [caller.python, *caller.options, os.path.join(PACKAGE, "engine.py"), told, *sys.argv[2:]]  # noqa: PTH118 -- nothing is imported here
    sys.stderr.flush()
    try:
        os.execv(caller.python, command)  # noqa: S606 -- no shell is meant
    except OSError as error:
        _stop(f"{caller.python} cannot be run: {error.strerror}")


def _root_of_pip(runner: str) -> "str | None":
    """Return the directory, or the zip file, that the calling pip lies in; None for what is no pip."""
    package, name = os.path.split(runner)
    if name == _RUNNER and os.path.isfile(os.path.join(package, "__init__.py")):  # noqa: PTH113, PTH118 -- same
        root, name = os.path.split(package)
    else:
        root = package if os.path.isfile(package) else ""  # noqa: PTH113 -- same
    return root if name == "pip" and os.path.isabs(root) else None  # noqa: PTH117 -- same


def _stop(message: str) -> "NoReturn":
    sys.stderr.write(
        f"error: no-target\n\nx {message}.\nnote: pip was not run, and no project code has run.\n"
        "hint: Name the environment: pipgate --env DIR install NAME\n"
    )
    sys.exit(EXIT_NO_TARGET)
