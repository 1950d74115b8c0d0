"""A file that every hostile project writes to, from each place where its code could run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Canary:
    """Says whether project code ran, and from where."""

    path: Path

    @property
    def songs(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []

    @property
    def silent(self) -> bool:
        return not self.songs

    def sings_from(self, who: str) -> str:
        """Return Python source, one line, that makes the canary sing."""
        return f"open({str(self.path)!r}, 'a').write({who + chr(10)!r})"
