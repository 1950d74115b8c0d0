"""Commands in turn, pip's and pipgate's, as whole processes with their children; the figures as ratios."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.environments import hermetic  # noqa: E402 -- found through the line above

NEWEST = "26.3"
# Runs one command and prints its cpu and wall seconds and its peak; a process of its own has its own peak.
MEASURE = """
import json, resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, done.returncode]))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One finished run: cpu seconds, wall seconds and peak MiB."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands run: the environment, the home, the index, and how often."""

    bin: Path
    home: Path
    index: str
    runs: int


def environment(directory: Path, pip: str) -> Path:
    """Make an environment with one pip and this pipgate, and return its bin directory."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    python = str(directory / "bin" / "python")
    host = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*host, f"pip=={pip}", "packaging", str(ROOT)], check=True)
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
    cpu, wall, peak, status = json.loads(measured.stdout)
    if status:
        message = f"{command} ended with {status}"
        raise SystemExit(message)
    return Figures(cpu, wall, peak)


def heading(runs: int) -> None:
    """Print what the rows mean, and how busy the machine is."""
    load = os.getloadavg()[0]
    print(f"load {load:.1f}, {os.cpu_count()} cores, medians of {runs} pairs: seconds, ratios, MiB")
    print(f"{'':36} {'pip cpu':>8} {'gated':>8} {'ratio':>8} {'wall':>8} {'peak':>8} {'more':>8}")


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
    wall = statistics.median(gated.wall / plain.wall for plain, gated in pairs)
    peak = statistics.median(gated.peak for _, gated in pairs)
    more = statistics.median(gated.peak - plain.peak for plain, gated in pairs)
    print(
        f"{name:36} {plain_cpu:8.3f} {gated_cpu:8.3f} {ratio:8.3f} {wall:8.3f} {peak:8.1f} {more:+8.2f}",
        flush=True,
    )
