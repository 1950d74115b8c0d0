"""What reading instead of building saves: downloads and dry runs of real sdists, against the same pip.

Run it with any Python that has venv and pip: ``python benchmarks/static.py [RUNS] [STORE]``. The files come
from the index that pip is set up for, are kept in the folder STORE, and are served from loopback with 20 ms
of latency; plain pip builds metadata, pipgate reads it. Prints one table.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pairs import NEWEST, Place, compare, environment, heading
from replay import Replay

LATENCY = 0.02
ALONE = ("docopt", "wikipedia", "odfpy", "langdetect")
ROOTS = ("docopt", "antlr4-python3-runtime==4.9.3", "sgmllib3k", "odfpy", "wikipedia", "langdetect", "iopath")
LARGE = "apache-airflow==2.10.5"


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        home = top / "home"
        home.mkdir()
        store = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else top / "store"  # noqa: PLR2004 -- the third word
        store.mkdir(parents=True, exist_ok=True)
        replay = Replay(store, LATENCY)
        replay.start()
        try:
            rows(Place(environment(top / "env", NEWEST), home, replay.url, runs), str(top / "d"))
        finally:
            replay.stop()


def rows(place: Place, directory: str) -> None:
    """Print the rows of the table."""
    heading(place.runs)
    download = ["download", "--no-cache-dir", "-d", directory]
    for project in ALONE:
        compare(f"download --no-deps {project}", place, [*download, "--no-deps", project])
    compare(f"download of {len(ROOTS)} with dependencies", place, [*download, *ROOTS])
    dry = ["install", "--dry-run", "--ignore-installed", "--no-cache-dir"]
    compare(f"dry run of {LARGE}", place, [*dry, LARGE])


if __name__ == "__main__":
    main()
