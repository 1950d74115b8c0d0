"""Everything that knows pip's internals, which "can change at any time"; ``run_pip`` is the way in."""

from pipgate.pip_internals.run import run_pip

__all__ = ["run_pip"]
