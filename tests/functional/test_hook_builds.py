"""An enabled environment whose pip builds in isolation, and builds that start a pip themselves."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from support.environments import ALL_PIPS, WHEELHOUSE
from support.projects import Project

if TYPE_CHECKING:
    from support.adopted import Adopted

PIPS_HERE = (ALL_PIPS[0], "26.1.2", "26.2", "26.2.1", ALL_PIPS[-1])

_STARTS_PIP = """
import subprocess
for words in ({words}):
    done = subprocess.run([sys.executable, "-m", "pip", *words, "-q"], capture_output=True, text=True)
    with open({told!r}, "a") as file:
        file.write("%s %d\\n%s" % (words[0], done.returncode, done.stderr))
"""


def _told(at: Adopted) -> list[str]:
    """Return how each pip that the build has started has ended."""
    lines = (at.tmp / "told.txt").read_text().splitlines()
    return [line for line in lines if line.startswith(("download ", "install "))]


def _builder(at: Adopted, *, build_requires: tuple[str, ...]) -> None:
    """Write an sdist whose backend asks a pip for a wheel, and then for the build of another sdist."""
    target = str(at.tmp / "inner")
    words = (["download", "--no-deps", "-d", target, "good"], ["install", "--no-deps", "-t", target, "evil"])
    begin = Project("builder", "1.0", at.canary).contents()["backend.py"]
    code = _STARTS_PIP.format(words=", ".join(map(repr, words)), told=str(at.tmp / "told.txt"))
    build = "def build_wheel("
    assert begin.count(build) == 1
    ran = "\n".join(f"    {line}" for line in code.strip().splitlines())
    backend = begin.replace(build, f"def run_pips():\n{ran}\n\n{build}")
    backend = re.sub(r'(\n    sing\("build_wheel".*\n)', r"\1    run_pips()\n", backend)
    assert backend.count("run_pips()") == 2
    Project("builder", "1.0", at.canary, build_requires=build_requires, files={"backend.py": backend}).sdist(
        at.index.root
    )


def _allow(at: Adopted, *names: str) -> None:
    config = at.home / ".config" / "pipgate"
    config.mkdir(parents=True, exist_ok=True)
    rules = "".join(f'[[rule]]\nname = "{name}"\nverdict = "allow"\n' for name in names)
    (config / "pipgate.toml").write_text(f"version = 1\n{rules}")


def test_what_has_build_requirements_is_built_once_it_is_allowed(hooked: Adopted) -> None:
    Project("needs", "1.0", hooked.canary, build_requires=("good",)).sdist(hooked.index.root)
    blocked = hooked.run(*hooked.pip, "install", "needs")
    assert blocked.returncode == 43, blocked.stderr
    assert hooked.canary.silent
    _allow(hooked, "needs")
    done = hooked.run(*hooked.pip, "install", "needs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "needs 1.0 build_wheel" in hooked.canary.songs


def test_a_pip_that_a_build_starts_decides_too(hooked: Adopted) -> None:
    shutil.copy(next(WHEELHOUSE.glob(f"pip-{hooked.env.pip}-*.whl")), hooked.index.root)
    _builder(hooked, build_requires=("pip",))
    _allow(hooked, "builder")
    done = hooked.run(*hooked.pip, "install", "builder")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _told(hooked) == ["download 0", "install 43"], (hooked.tmp / "told.txt").read_text()
    assert not [song for song in hooked.canary.songs if song.startswith("evil")]
    _allow(hooked, "builder", "evil")
    again = hooked.run(*hooked.pip, "install", "--no-cache-dir", "--force-reinstall", "builder")
    assert again.returncode == 0, again.stdout + again.stderr
    assert _told(hooked)[2:] == ["download 0", "install 0"], (hooked.tmp / "told.txt").read_text()
    assert "evil 1.0 build_wheel" in hooked.canary.songs


def test_a_pip_that_a_build_without_isolation_starts_decides_too(hooked: Adopted) -> None:
    _builder(hooked, build_requires=())
    _allow(hooked, "builder")
    done = hooked.run(*hooked.pip, "install", "--no-build-isolation", "builder")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _told(hooked) == ["download 0", "install 43"], (hooked.tmp / "told.txt").read_text()
    assert not [song for song in hooked.canary.songs if song.startswith("evil")]
