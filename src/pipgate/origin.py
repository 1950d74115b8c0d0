"""Where a value of the policy came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Layer(Enum):
    """The layers of the policy, the farthest first; a nearer one may always tighten."""

    BUILTIN = "builtin"
    SYSTEM = "system"
    USER = "user"
    PIP_CONF = "pip.conf"  # of an environment, or named by PIP_CONFIG_FILE
    PROJECT = "project"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Origin:
    """A layer, and the file and line in it; a builtin value and an option have no file."""

    layer: Layer
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = self.file or self.layer.value
        return f"{place}:{self.line}" if self.line is not None else place


BUILTIN = Origin(Layer.BUILTIN)
