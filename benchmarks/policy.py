"""What a large policy and many approvals cost a run: with them, and without, in turn.

Run it with any Python that has venv and pip: ``python benchmarks/policy.py [RUNS]``. It makes an environment
with the newest pip, a policy of 500 rules and 2,000 approvals, serves a wheel and an sdist from loopback,
and prints cpu seconds and the difference in milliseconds.
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

RULES, APPROVALS = 500, 2_000


def main() -> None:
    """Print both medians and the difference, for a wheel beside an sdist and for one alone."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        files, home = top / "files", top / "home"
        home.mkdir()
        make_wheel(files, "six", "1.17")
        Project("six", "1.16", Canary(top / "canary")).sdist(files)
        pip = environment(top / "env", NEWEST) / "pipgate"
        with RunningIndex(files) as index:
            command = [
                str(pip),
                "install",
                "--no-cache-dir",
                "--force-reinstall",
                "--upgrade",
                "--target",
                str(top / "t"),
                "six",
            ]
            plain, ruled = [], []
            for _ in range(runs + 1):
                plain.append(run(command, home, index.url).cpu)
                write(home)
                ruled.append(run(command, home, index.url).cpu)
                (home / ".config" / "pipgate" / "pipgate.toml").unlink()
                (home / ".config" / "pipgate" / "pipgate-approvals.toml").unlink()
    more = statistics.median(after - before for before, after in zip(plain[1:], ruled[1:], strict=True))
    before, after = statistics.median(plain[1:]), statistics.median(ruled[1:])
    print(f"without {before:.3f} s, with {after:.3f} s, more {1000 * more:.1f} ms")


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
