"""Starts pipgate in an interpreter that it is not installed for, by the path of this file.

The first argument are the orders, as JSON: ``roots`` says for each package where it lies, ``fallback_pip``
where a pip lies that serves where the interpreter has none that is known good. The part before the check of
the version must stay valid Python 2: any interpreter can be named.
"""

import os
import sys

if sys.version_info[:2] < (3, 10):  # noqa: UP036 -- the interpreter is not one that pipgate was installed for
    told = "error: gate-not-armed\n\npipgate needs Python 3.10; %s is older.\n" % sys.executable  # noqa: UP031 -- see the docstring
    try:
        sys.stderr.write(told + "note: pip was not run, and no project code has run.\n")
        sys.stderr.flush()
    finally:  # nobody may be there to read it
        os._exit(45)

if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # the directory that the script lies in

import json
from importlib.machinery import PathFinder

ORDERS = json.loads(sys.argv.pop(1))


class EngineFinder:
    """Finds pipgate, and what it needs, where the orders say they lie, and nothing else."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN206 -- old interpreters read this too
        """Return the spec of one of these packages (PEP 451)."""
        if path is not None or fullname not in ORDERS["roots"]:
            return None
        return PathFinder.find_spec(fullname, [ORDERS["roots"][fullname]], target)


sys.meta_path.insert(0, EngineFinder)

from pipgate.cli import run_engine  # noqa: E402 -- found by the finder above

sys.exit(run_engine(ORDERS, sys.argv[1:]))
