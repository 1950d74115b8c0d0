"""Everything that one test may touch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from support.environments import WHEELHOUSE, Ended, Environment, environment
from support.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index


@dataclass(frozen=True, slots=True)
class World:
    """Everything that one test may touch."""

    env: Environment
    tmp: Path
    index: Index
    canary: Canary

    @property
    def home(self) -> Path:
        return self.tmp / "home"

    def project(self, name: str = "evil", version: str = "1.0", **options: object) -> Project:
        return Project(name, version, self.canary, **options)  # type: ignore[arg-type]  # the options of Project

    def with_tools(self, *tools: str) -> World:
        """Return the same in an environment that also holds ``tools``."""
        return replace(self, env=environment(self.env.pip, *tools)) if tools else self

    def pipgate(self, *args: str, **options: object) -> Ended:
        options.setdefault("home", self.home)
        options.setdefault("index", self.index.url)
        return self.env.pipgate(*args, **options)

    def serve_build_tools(self) -> None:
        """Put setuptools and its like on the index."""
        for wheel in WHEELHOUSE.glob("*.whl"):
            if wheel.name.split("-")[0] in {"setuptools", "wheel", "packaging", "flit_core"}:
                (self.index.root / wheel.name).write_bytes(wheel.read_bytes())

    def serve_pips(self) -> None:
        """Put the pips on the index."""
        for wheel in WHEELHOUSE.glob("pip-*.whl"):
            (self.index.root / wheel.name).write_bytes(wheel.read_bytes())
