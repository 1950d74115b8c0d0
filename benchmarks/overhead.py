"""What the gate costs: pipgate against the same pip in the same environment, in turn, as ratios.

Run it with any Python that has venv and pip: ``python benchmarks/overhead.py [RUNS] [PIP ...]``. It makes an
environment for each pip (the newest by default), serves a wheel from loopback, and prints medians of the
whole processes, children included: cpu seconds, and the peak memory of the largest process in MiB.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.environments import hermetic  # noqa: E402 -- found through the line above
from support.index import RunningIndex  # noqa: E402 -- same
from support.projects import make_wheel  # noqa: E402 -- same

NEWEST = "26.3"
# Runs one command and prints its cpu seconds and peak memory; a process of its own has a peak of its own.
MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, done.returncode]))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One finished run: cpu seconds and peak MiB."""

    cpu: float
    peak: float


def environment(directory: Path, pip: str) -> Path:
    """Make an environment with one pip and this pipgate, and return its bin directory."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    python = str(directory / "bin" / "python")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    subprocess.run([*install, f"pip=={pip}", "packaging", str(ROOT)], check=True)
    subprocess.run([python, "-m", "compileall", "-q", str(directory / "lib")], check=False)
    return directory / "bin"


def run(command: list[str], home: Path, index: str) -> Figures:
    """Run one command hermetically and return its figures."""
    variables = {**hermetic(home, index), "PYTHONDONTWRITEBYTECODE": ""}
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env=variables,
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    cpu, peak, status = json.loads(measured.stdout)
    if status:
        message = f"{command} ended with {status}"
        raise SystemExit(message)
    return Figures(cpu, peak)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands run: the environment, the home, the index, and how often."""

    bin: Path
    home: Path
    index: str
    runs: int


def compare(name: str, place: Place, args: list[str]) -> None:
    """Run pip and pipgate in turn and print one row."""
    pairs = []
    for turn in range(place.runs + 1):
        plain = run([str(place.bin / "pip"), *args], place.home, place.index)
        gated = run([str(place.bin / "pipgate"), *args], place.home, place.index)
        if turn:  # the first pair warms the caches
            pairs.append((plain, gated))
    plain_cpu = statistics.median(plain.cpu for plain, _ in pairs)
    gated_cpu = statistics.median(gated.cpu for _, gated in pairs)
    ratio = statistics.median(gated.cpu / plain.cpu for plain, gated in pairs)
    more = statistics.median(gated.peak - plain.peak for plain, gated in pairs)
    print(f"{name:28} {plain_cpu:8.3f} {gated_cpu:8.3f} {ratio:8.3f} {more:+8.2f}")


def main() -> None:
    """Print the table for every pip that was asked for."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        files, home = top / "files", top / "home"
        home.mkdir()
        make_wheel(files, "six", "1.17", files={"six.py": "x = 1\n" * 1000})
        with RunningIndex(files) as index:
            print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {runs} pairs")
            print(f"{'':28} {'pip cpu':>8} {'gated':>8} {'ratio':>8} {'MiB':>8}")
            for pip in sys.argv[2:] or [NEWEST]:
                place = Place(environment(top / pip, pip), home, index.url, runs)
                target = [
                    "install",
                    "--no-cache-dir",
                    "--force-reinstall",
                    "--target",
                    str(top / "t"),
                    "--upgrade",
                ]
                compare(f"{pip} install of a wheel", place, [*target, "six"])
                compare(f"{pip} --version", place, ["--version"])
                compare(f"{pip} list", place, ["list"])


if __name__ == "__main__":
    main()
