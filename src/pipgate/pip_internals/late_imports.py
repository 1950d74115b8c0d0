"""Nothing that pip has just installed is imported into the pip process that installed it."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from pipgate.pip_internals.run_state import Run

# All that pips before 26.3 import after they have begun to install (pip issues 13079 and 13828); one that
# needs more fails, and a test says so. ``_manylinux`` is asked for whenever tags are computed (PEP 600).
# One of the environment is never found, see environment_imports.py.
_IMPORTED_LATE = ("_manylinux", "pip._internal.self_outdated_check", "pip._internal.utils.entrypoints")


class LateImportError(ModuleNotFoundError):
    """A module is missing, because it was to be imported after pip had begun to install."""


class LateImportBlocker:
    """Refuses every module that is not loaded yet, but for the standard library as it was before.

    An audit hook would see the same imports; a finder also sees reloads and can look at where a module lies.
    """

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(prefix="pipgate-") as marker:
            # The file system's clock, which may lag behind time.time(): what is written later is not earlier.
            self._began = os.stat(marker.name).st_ctime_ns  # noqa: PTH116 -- no import of pathlib here

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of an old module of the standard library; raises LateImportError for all else."""
        if fullname.partition(".")[0] in sys.stdlib_module_names:
            spec = self._spec(fullname, path, target)
            if spec is None or self._is_old(spec):
                return spec
        raise LateImportError(f"pipgate: {fullname} is not imported, pip has begun to install", name=fullname)

    def _spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None

    def _is_old(self, spec: ModuleSpec) -> bool:
        if not spec.has_location:
            return True  # built in or frozen
        for path in (spec.origin, spec.cached):
            with contextlib.suppress(FileNotFoundError):
                if path and os.stat(path).st_ctime_ns >= self._began:  # noqa: PTH116 -- see above
                    return False
        return True


def install_given_reqs(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Close the import system when ``pip install`` begins to write files, until the process ends."""

    @functools.wraps(original)
    def install(*args: Any, **kwargs: Any) -> Any:
        if run.is_library:  # what the program imports then is its own affair
            return original(*args, **kwargs)
        _import_early()
        blocker = LateImportBlocker()
        run.import_blockers.append(blocker)
        sys.meta_path.insert(0, blocker)
        run.installing = True
        return original(*args, **kwargs)

    return install


def note_installing(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Note that files are written from here on; pip 26.3 closes the import system itself (issue 13828)."""

    @functools.wraps(original)
    def install(*args: Any, **kwargs: Any) -> Any:
        run.installing = True
        return original(*args, **kwargs)

    return install


def _import_early() -> None:
    for name in _IMPORTED_LATE:
        # An optional module, or one of a pip at hand that has moved it, is then missing for good.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
