"""Everything that knows pip's internals, which "can change at any time"; ``run_pip`` is the way in."""

from pipgate.pip_internals.run import PipCall, PipEnded, run_pip

__all__ = ["PipCall", "PipEnded", "run_pip"]
