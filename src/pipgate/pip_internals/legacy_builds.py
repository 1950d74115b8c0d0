"""setup.py without PEP 517, before pip 25.3: its ``setup_requires`` would start a pip that is not gated."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.pip_internals.run_state import Run

_LAST = (25, 3)
# pip says that it cannot find this interpreter; setuptools shows what pip says.
_NO_PYTHON = "/pipgate/stops/setup_requires/here/use/--use-pep517"


@contextmanager
def setup_requires_stopped(req: InstallRequirement, run: Run) -> Iterator[None]:
    """Make a pip that setuptools starts for ``setup_requires`` stop, while the block lasts.

    Under PEP 517 pip installs these requirements itself, where each is decided. setuptools starts
    ``python -m pip``, which reads ``PIP_PYTHON`` (pip 22.3) and goes no further when it leads nowhere.
    """
    if run.release >= _LAST or not _is_legacy(req):
        yield
        return
    changed = {"PIP_PYTHON": _NO_PYTHON, "_PIP_RUNNING_IN_SUBPROCESS": None}
    before = {name: os.environ.get(name) for name in changed}
    _set(changed)
    try:
        yield
    finally:
        _set(before)


def _is_legacy(req: InstallRequirement) -> bool:
    req.load_pyproject_toml()  # parses the file, runs nothing
    return not getattr(req, "use_pep517", True)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
