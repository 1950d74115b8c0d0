"""The door: makes the import path safe before anything else is imported, then starts the CLI."""

import sys


def _forget_script_directory() -> None:
    """Take the directory of the script, or the current one under ``-m``, off the import path.

    Python puts it first, where a ``pip/``, ``json.py`` or ``packaging/`` lying there would be imported
    in place of the real one. Under ``-I`` and ``-P`` Python has not put it there.
    """
    safe_path = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    if not safe_path and sys.path:
        del sys.path[0]


def main() -> None:
    """Run the command line of this process and exit with its status."""
    _forget_script_directory()
    from pipgate.cli import run  # noqa: PLC0415 -- nothing may be imported from an unsafe path

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
