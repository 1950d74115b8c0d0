"""Starts a gated pip as a child: a copy of this file, with its orders filled in, is what pip runs.

The part before the check of the version must stay valid Python 2: any interpreter can be named.
"""

import sys

if sys.version_info[:2] < (3, 10):  # noqa: UP036 -- the interpreter is not one that pipgate was installed for
    sys.stderr.write("error: gate-not-armed\n\npipgate needs Python 3.10; %s is older.\n" % sys.executable)  # noqa: UP031 -- see the docstring
    sys.stderr.write("note: pip was not run, and no project code has run.\n")
    sys.exit(45)

import json
from importlib.machinery import PathFinder

ORDERS = json.loads("ORDERS")


class EngineFinder:
    """Finds pip, packaging and pipgate where the parent has them, and nothing else."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN206 -- old interpreters read this too
        """Return the spec of one of the three packages (PEP 451)."""
        if path is not None or fullname not in ORDERS["roots"]:
            return None
        return PathFinder.find_spec(fullname, [ORDERS["roots"][fullname]], target)


del sys.path[0]  # the private directory that this script lies in
sys.meta_path.insert(0, EngineFinder)

from pipgate.cli import run_child  # noqa: E402 -- found by the finder above

sys.exit(run_child(ORDERS, sys.argv[1:]))
