"""What the gate costs where nothing has to be built: pipgate against the same pip in the same environment.

Run it with any Python that has venv and pip: ``python benchmarks/overhead.py [RUNS] [PIP ...]``. It makes an
environment for each pip (the newest by default), serves a wheel from loopback, and prints one table.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pairs import NEWEST, Place, compare, environment, heading

from support.index import RunningIndex
from support.projects import make_wheel


def main() -> None:
    """Print the table for every pip that was asked for."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        files, home = top / "files", top / "home"
        home.mkdir()
        make_wheel(files, "six", "1.17", files={"six.py": "x = 1\n" * 1000})
        with RunningIndex(files) as index:
            heading(runs)
            for pip in sys.argv[2:] or [NEWEST]:
                place = Place(environment(top / pip, pip), home, index.url, runs)
                target = ["--no-cache-dir", "--force-reinstall", "--upgrade", "--target", str(top / "t")]
                compare(f"{pip} install of a wheel", place, ["install", *target, "six"])
                compare(f"{pip} --version", place, ["--version"])
                compare(f"{pip} list", place, ["list"])


if __name__ == "__main__":
    main()
