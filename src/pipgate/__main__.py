"""The door: makes the import path safe before anything else is imported, then starts the CLI."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pipgate.settings import Elsewhere


def _forget_script_directory() -> None:
    """Take the directory of the script, or the current one under ``-m``, off the import path.

    Python puts it first, where a ``pip/``, ``json.py`` or ``packaging/`` lying there would be imported
    in place of the real one. Under ``-I`` and ``-P`` Python has not put it there.
    """
    safe_path = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    if not safe_path and sys.path:
        del sys.path[0]


def main() -> None:
    """Run as the console script: in the interpreter that the command is for."""
    _forget_script_directory()
    from pipgate.launcher import hand_over  # noqa: PLC0415 -- nothing may be imported from an unsafe path

    _run_here(hand_over(sys.argv, os.environ))


def _run_here(elsewhere: "Elsewhere | None" = None) -> None:
    """Run the command line in this interpreter and exit with its status."""
    from pipgate.cli import run  # noqa: PLC0415 -- same

    sys.exit(run(sys.argv[1:], elsewhere=elsewhere))


if __name__ == "__main__":  # python -m pipgate: that Python, and no other
    _forget_script_directory()
    from pipgate.launcher import hand_over, named_environment

    named = named_environment(sys.argv[1:]) is not None
    _run_here(hand_over(sys.argv, os.environ) if named else None)
