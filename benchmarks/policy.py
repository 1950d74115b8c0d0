"""What a large policy and many approvals cost a run: with them, and without, in turn.

Run it with any Python that has venv and pip: ``python benchmarks/policy.py [RUNS]``. It makes an environment
with the newest pip, a policy of 500 rules and 2,000 approvals, serves a wheel and an sdist from loopback,
and prints cpu seconds and the difference in milliseconds: for a run that has nothing to decide, and for one
that has. What a first run has parsed is remembered, so the first of each is left out.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from pairs import NEWEST, environment, run

from support.canary import Canary
from support.index import RunningIndex
from support.projects import Project, make_wheel
from support.static_kinds import pep643

RULES, APPROVALS = 500, 2_000


def main() -> None:
    """Make the place and print two rows."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        files, home = top / "files", top / "home"
        home.mkdir()
        make_wheel(files, "six", "1.17")
        static = pep643("six", "1.16", ())
        Project("six", "1.16", Canary(top / "canary"), files=static).sdist(files)
        pip = environment(top / "env", NEWEST) / "pipgate"
        with RunningIndex(files) as index:
            install = [str(pip), "install", "--no-cache-dir", "--target", str(top / "t"), "--upgrade"]
            compare("install of a wheel", [*install, "--force-reinstall", "six"], home, index.url, runs)
            compare("dry run of an sdist", [*install, "--dry-run", "six==1.16"], home, index.url, runs)


def compare(name: str, command: list[str], home: Path, index: str, runs: int) -> None:
    """Run a command without and with the files in turn, and print the medians and the difference."""
    plain, ruled = [], []
    for _ in range(runs + 1):
        plain.append(run(command, home, index).cpu)
        write(home)
        ruled.append(run(command, home, index).cpu)
        (home / ".config" / "pipgate" / "pipgate.toml").unlink()
        (home / ".config" / "pipgate" / "pipgate-approvals.toml").unlink()
    more = statistics.median(after - before for before, after in zip(plain[1:], ruled[1:], strict=True))
    before, after = statistics.median(plain[1:]), statistics.median(ruled[1:])
    print(f"{name:20} without {before:.3f} s, with {after:.3f} s, more {1000 * more:.1f} ms", flush=True)


def write(home: Path) -> None:
    """Write a policy and approvals of that size for the user."""
    directory = home / ".config" / "pipgate"
    directory.mkdir(parents=True, exist_ok=True)
    rules = "".join(
        f'[[rule]]\nname = "project-{n}"\nversion = ">={n}"\nverdict = "allow"\nreason = "SEC-{n}"\n'
        for n in range(RULES)
    )
    (directory / "pipgate.toml").write_text(f"version = 1\n{rules}")
    tail = 'for = ["metadata", "wheel"], by = "kim", on = 2026-11-23T10:00:00Z, reason = "read it" },\n'
    lines = "".join(
        f'  {{ name = "project-{n}", version = "1.{n}", sha256 = "{n:064x}", {tail}' for n in range(APPROVALS)
    )
    text = f"version = 1\napprovals = [\n{lines}]\n\n# Between the blocks.\nrevoked = [\n]\n"
    (directory / "pipgate-approvals.toml").write_text(text)


if __name__ == "__main__":
    main()
