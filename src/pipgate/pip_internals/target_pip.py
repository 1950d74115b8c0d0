"""The pip that is run: the environment's own when it is known good, else the one that pipgate brings."""

from __future__ import annotations

import site
import sys
import sysconfig
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from pipgate.errors import GateNotArmedError
from pipgate.pip_internals.versions import require_known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _OwnPipFinder:
    """Finds pip in some places, whatever the import path holds."""

    def __init__(self, places: list[str]) -> None:
        self._places = places

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of pip itself; what lies in it is found through it.

        Raises ModuleNotFoundError where none is there.
        """
        if fullname != "pip" or path is not None:
            return None
        spec = PathFinder.find_spec(fullname, self._places, target)
        if spec is None:
            raise ModuleNotFoundError("No module named 'pip'", name=fullname)
        return spec


def choose(fallback: str | None) -> None:
    """Have ``import pip`` find a pip that can be gated: the environment's own, where that is known good.

    ``fallback`` is the directory that holds pipgate's own pip. As with ``pip --python``, it works on the
    environment of the interpreter that it runs in. What a package's .pth file has put on the import path is
    not the environment's pip. Under ``-S`` that is another one than its caller may mean: then there is no pip
    but what the caller has put on the import path.
    """
    if fallback is None or sys.flags.no_site:
        return
    own = _OwnPipFinder(_sites())
    sys.meta_path.insert(0, own)
    if _own_is_known():
        return
    for name in [each for each in sys.modules if each == "pip" or each.startswith("pip.")]:
        del sys.modules[name]
    sys.meta_path[sys.meta_path.index(own)] = _OwnPipFinder([fallback])


def _sites() -> list[str]:
    paths = sysconfig.get_paths()
    users = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*site.getsitepackages(), paths["purelib"], paths["platlib"], *users]


def _own_is_known() -> bool:
    try:
        import pip

        require_known(pip.__version__)
    except (ImportError, AttributeError, GateNotArmedError):
        return False
    return True
