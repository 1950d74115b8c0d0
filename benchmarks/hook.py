"""What standing in front of pip costs: each start of Python with the hook, a central run, one by pip.conf.

Run it with any Python that has venv and pip: ``python benchmarks/hook.py [RUNS]``. Commands are run in turn,
with and without, and the medians of cpu time and of the differences are printed, in milliseconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pairs import NEWEST, environment, run

from support.environments import link_interpreter


def main() -> None:
    """Make a central tool, a plain and an enabled environment, and print the rows."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        home = top / "home"
        home.mkdir()
        tool = environment(top / "tool", NEWEST)
        (top / "tool" / "uv-receipt.toml").touch()
        for each in ("plain", "hooked"):
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(top / each)], check=True)
            host = [
                sys.executable,
                "-m",
                "pip",
                "--python",
                str(top / each / "bin" / "python"),
                "install",
                "-q",
            ]
            subprocess.run([*host, "--disable-pip-version-check", f"pip=={NEWEST}"], check=True)
        subprocess.run(
            [str(tool / "pipgate"), "enable", str(top / "hooked")], check=True, capture_output=True
        )
        plain, hooked = (str(top / each / "bin" / "python") for each in ("plain", "hooked"))
        compare("python -c pass, with the hook", [plain, "-c", "pass"], [hooked, "-c", "pass"], home, runs)
        pip = [plain, "-m", "pip", "--version"]
        compare("pip --version, with the hook", pip, [hooked, "-m", "pip", "--version"], home, runs // 4)
        central = [str(tool / "pipgate"), "--env", plain, "--version"]
        compare("pip --version, central tool", pip, central, home, runs // 4)
        conf = top / "pip.conf"
        install = [str(tool / "pipgate"), "team", "install", "--file", str(conf)]
        variables = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(top / "data")}
        subprocess.run(install, env=variables, check=True, capture_output=True)
        by_conf = ["env", f"PIP_CONFIG_FILE={conf}"]
        for words in (["--version"], ["list"]):
            without = ["env", "X=", plain, "-m", "pip", *words]
            compare(
                f"pip {words[0]}, pip.conf", without, [*by_conf, plain, "-m", "pip", *words], home, runs // 4
            )
        ungated, gated = (base(top / each) for each in ("base", "gated-base"))
        subprocess.run([str(tool / "pipgate"), "enable", "--base", gated], check=True, capture_output=True)
        compare("python -c pass, base", [ungated, "-c", "pass"], [gated, "-c", "pass"], home, runs)


def base(directory: Path) -> str:
    """Make an interpreter of its own and return its path."""
    link_interpreter(directory)
    return str(next((directory / "bin").iterdir()))


def compare(name: str, without: list[str], with_it: list[str], home: Path, runs: int) -> None:
    """Run two commands in turn and print their medians and the median difference."""
    before, after = [], []
    for _ in range(runs + 1):
        before.append(run(without, home, "http://127.0.0.1:9/simple").cpu)
        after.append(run(with_it, home, "http://127.0.0.1:9/simple").cpu)
    more = statistics.median(second - first for first, second in zip(before[1:], after[1:], strict=True))
    print(
        f"{name:32} {1000 * statistics.median(before[1:]):7.1f} {1000 * statistics.median(after[1:]):7.1f} "
        f"more {1000 * more:5.2f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
