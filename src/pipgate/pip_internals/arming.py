"""Lock 1's fitting: puts the choke points in as pip's modules are imported, or refuses that pip."""

from __future__ import annotations

import importlib
import sys
from importlib.util import LazyLoader
from typing import TYPE_CHECKING, Any

from pipgate.errors import GateNotArmedError
from pipgate.pip_internals.choke_points import TABLE, ChokePoint
from pipgate.pip_internals.versions import not_armed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from pipgate.pip_internals.run_state import Run

# What pip imports in every run and uses under --debug alone, at 6 % of what a download costs.
_LOADED_ON_USE = frozenset({"pip._vendor.rich.traceback"})


class ChokePointFinder:
    """Finds the modules that hold choke points, and fits those as soon as the module has been executed.

    Names that other modules take from them with ``from ... import`` are therefore the fitted ones, and a
    command that never needs such a module never pays for it. ``after`` has more to do for some modules.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._points: dict[str, list[ChokePoint]] = {}
        self.after: dict[str, Callable[[ModuleType], None]] = {}
        for point in TABLE:
            if point.applies_to(run.release):
                self._points.setdefault(point.module, []).append(point)

    @property
    def modules(self) -> list[str]:
        """The modules that hold choke points of this pip."""
        return list(self._points)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's own spec with a loader that fits the choke points (PEP 451)."""
        fitting = fullname in self._points or fullname in self.after
        if not fitting and fullname not in _LOADED_ON_USE:
            return None
        for finder in sys.meta_path:
            if finder is not self:
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    loader: Any = spec.loader
                    spec.loader = _FittingLoader(loader, self) if fitting else LazyLoader(loader)  # type: ignore[assignment]  # PEP 451 asks for no more
                    return spec
        return None

    def fit(self, module: ModuleType) -> None:
        """Replace every choke point in ``module``; raises GateNotArmedError when one is not as expected.

        The error is kept as well: pip reports what is raised from an import in its own way.
        """
        try:
            self._fit(module)
        except GateNotArmedError as error:
            self.run.broken = error
            raise

    def _fit(self, module: ModuleType) -> None:
        if module.__name__ in self.after:
            self.after[module.__name__](module)
        for point in self._points.get(module.__name__, []):
            owner, name, original = _locate(module, point)
            replacement = point.wrap(_function(original), self.run)
            replacement.__pipgate__ = True
            setattr(
                owner, name, classmethod(replacement) if isinstance(original, classmethod) else replacement
            )


class _FittingLoader:
    """A module's loader, followed by the fitting; everything else is the loader's own."""

    def __init__(self, loader: Any, finder: ChokePointFinder) -> None:
        self._loader = loader
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's loader."""
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module and fit its choke points."""
        self._loader.exec_module(module)
        self._finder.fit(module)


# The finder of this process; there is one pip in it, and one gate.
_armed: list[ChokePointFinder] = []


def arm(run: Run) -> ChokePointFinder:
    """Make every later import of pip a gated one; raises GateNotArmedError when pip was imported before.

    In a process that a hook has armed it is the finder of the hook, whose run ``run`` has to be.
    """
    if _armed and _armed[0].run is run:
        return _armed[0]
    early = sorted(name for name in sys.modules if name.startswith("pip._internal."))
    if early or _armed:
        raise not_armed("pip was already imported when the gate was to be armed", *early[:3])
    finder = ChokePointFinder(run)
    sys.meta_path.insert(0, finder)
    _armed.append(finder)
    return finder


def is_armed() -> bool:
    """Return whether the pip of this process is gated."""
    return bool(_armed)


def all_modules() -> frozenset[str]:
    """Return every module that holds a choke point in some pip."""
    return frozenset(point.module for point in TABLE)


def let_go(run: Run) -> None:
    """Let a program that has called pip's command line import again, when that has ended."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in run.import_blockers]
    run.import_blockers.clear()


def fit_all(finder: ChokePointFinder) -> None:
    """Import and fit every module with a choke point now, before pip does anything."""
    for module in finder.modules:
        _import(module)


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as missing:
        where = f"a choke point of pipgate lies in {module}"
        raise not_armed(f"this pip has no module {missing.name}", where) from missing


def _locate(module: ModuleType, point: ChokePoint) -> tuple[Any, str, Any]:
    owner: Any = module
    *path, name = point.name.split(".")
    for part in path:
        owner = getattr(owner, part, None)
    original = vars(owner).get(name) if owner is not None else None
    function = _function(original)
    code = getattr(function, "__code__", None)
    if code is None:
        raise not_armed("a function that pipgate stands in front of is gone from this pip", point.title)
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    missing = [parameter for parameter in point.parameters if parameter not in parameters]
    if missing or parameters[: len(point.leading)] != point.leading:
        raise not_armed(
            "a function that pipgate stands in front of has changed in this pip",
            f"{point.title} takes ({', '.join(parameters)})",
            f"expected: ({', '.join(point.parameters)}, ...)",
        )
    return owner, name, original


def _function(value: Any) -> Any:
    return value.__func__ if isinstance(value, classmethod | staticmethod) else value
