"""One environment per pip version, made once from a folder of wheels, and commands run in it by themselves."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = Path(os.environ.get("PIPGATE_TEST_WORK", ROOT / ".nox" / "work"))
WHEELHOUSE = WORK / "wheelhouse"

ALL_PIPS = (
    *("23.1.2", "23.2.1", "23.3.2", "24.0", "24.1.2", "24.2", "24.3.1", "25.0.1", "25.1.1", "25.2", "25.3"),
    *("26.0.1", "26.1.2", "26.2", "26.2.1", "26.3"),
)
ENDS = (ALL_PIPS[0], ALL_PIPS[-1])
SOME_PIPS = (ENDS[0], "24.3.1", "25.3", ENDS[1])
# On which pips the tests run; ``thin`` is the default session, where all but the newest see a part of the tests.
_CHOSEN = os.environ.get("PIPGATE_TEST_PIPS", "ends")
THIN = _CHOSEN == "thin"
PIPS = {"all": ALL_PIPS, "some": SOME_PIPS, "ends": ENDS, "thin": ENDS}[_CHOSEN]
TABLE_PIPS = SOME_PIPS if THIN else PIPS
# How pip is reached: by a pipgate in the environment, by a central one, or through the hook in it or in the
# interpreter that it was made with.
DIRECT, CENTRAL, HOOK, BASE = "direct", "central", "hook", "base"
THROUGH = os.environ.get("PIPGATE_TEST_THROUGH", DIRECT)


_VERBS = frozenset(
    {"approve", "approvals", "deny", "disable", "enable", "explain", "pending", "policy", "prune"}
    | {"revoke", "team", "trust", "undeny", "venv"}
)


def release_of(pip: str) -> tuple[int, ...]:
    """Return the release numbers of a pip version."""
    return tuple(int(part) for part in pip.split("."))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that holds one pip and nothing else but, where ``through`` is direct, pipgate."""

    root: Path
    pip: str
    through: str = THROUGH

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        return next(self.root.glob("lib/python3*/site-packages"))

    @property
    def release(self) -> tuple[int, ...]:
        return release_of(self.pip)

    def copy(self, directory: Path) -> Environment:
        """Return a copy that a test may install into."""
        shutil.copytree(self.root, directory, symlinks=True)
        copied = Environment(directory, self.pip, self.through)
        if self.through == HOOK:
            enable(copied)
        return copied

    def pipgate(self, *args: str, **options: object) -> Ended:
        """Run pipgate, by the way that is tried; only a central one has verbs of its own, and takes ``--env``."""
        if self.through == DIRECT:
            return self.run(str(self.root / "bin" / "pipgate"), *args, **options)
        if self.through == HOOK and not _VERBS.intersection(args[:1]) and "--env" not in args:
            return self.run(str(self.root / "bin" / "pip"), *args, **options)
        active = {"VIRTUAL_ENV": str(self.root), **options.pop("env", {})}  # type: ignore[call-overload]  # a dict
        return tool().run(str(tool().root / "bin" / "pipgate"), *args, env=active, **options)

    def plain_pip(self, *args: str, **options: object) -> Ended:
        """Run pip as it is."""
        return self.run("-m", "pip", *args, **options)

    def run(
        self,
        *args: str,
        home: Path,
        index: str | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        timeout: float = 180,
    ) -> Ended:
        """Run this environment's Python with nothing of the caller's surroundings."""
        done = subprocess.run(
            [str(self.python), *args],
            env={**hermetic(home, index), **(env or {})},
            cwd=cwd or home,
            input=stdin or "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


def hermetic(home: Path, index: str | None) -> dict[str, str]:
    """Return an environment with a home of its own and no settings of pip but the index."""
    variables = {
        "CI": "true",  # nobody is asked, even where the tests run on a terminal
        "HOME": str(home),
        "PATH": f"/usr/local/bin:/usr/bin:/bin:{_bin()}",
        "LANG": "C.UTF-8",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_PROGRESS_BAR": "off",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_DIRS": str(home / "etc"),
    }
    (home / "tmp").mkdir(exist_ok=True)
    if index is None:
        variables["PIP_NO_INDEX"] = "1"
    else:
        variables["PIP_INDEX_URL"] = index
    return variables


def _bin() -> Path:
    """Return a directory with a word for the central pipgate, as ``pipx`` and ``uv tool`` put one on PATH."""
    directory = WORK / f"{_tool_root().name}-on-path"
    script = directory / "pipgate"
    if not script.exists():
        directory.mkdir(parents=True, exist_ok=True)
        draft = directory / f"draft-{os.getpid()}"
        draft.write_text(f'#!/bin/sh\nexec "{_tool_root() / "bin" / "pipgate"}" "$@"\n')
        draft.chmod(0o755)
        draft.replace(script)
    return directory


def _tool_root() -> Path:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"  # what is enabled names it by its path
    return WORK / f"python{version}-tool"


def tool() -> Environment:
    """Return the environment of a central pipgate, as pipx and uv make one."""
    env = environment(ALL_PIPS[-1], through=DIRECT, name=_tool_root().name)
    (env.root / "uv-receipt.toml").touch()
    return env


def enable(env: Environment) -> None:
    """Put the hook into an environment."""
    command = [str(tool().root / "bin" / "pipgate"), "enable", str(env.root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def environment(pip: str, *tools: str, through: str = THROUGH, name: str = "") -> Environment:
    """Return the environment for one pip version, making it when it is missing or pipgate has changed.

    ``tools`` are requirements to install beside pip.
    """
    stem = f"python{sys.version_info[0]}.{sys.version_info[1]}-pip{pip}"
    name = name or "-".join([stem, *([through] if through != DIRECT else []), *tools])
    root = WORK / name.replace("=", "")
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = root / "pipgate.stamp"
        if not stamp.exists() or stamp.read_text() != _fingerprint():
            python = str(base_interpreter()) if through == BASE else sys.executable
            _make(root, python, pip, (*tools, *(("packaging", "pipgate") if through == DIRECT else ())))
            if through == HOOK:
                enable(Environment(root, pip, through))
            stamp.write_text(_fingerprint())
    return Environment(root, pip, through)


def base_interpreter() -> Path:
    """Return an interpreter of our own, whose library is links, with the hook in it."""
    root = WORK / f"python{sys.version_info[0]}.{sys.version_info[1]}-base"
    library = Path(sysconfig.get_path("stdlib"))
    python = root / "bin" / library.name
    with (root.parent / f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = root / "pipgate.stamp"
        if not stamp.exists() or stamp.read_text() != _fingerprint():
            shutil.rmtree(root, ignore_errors=True)
            link_interpreter(root)
            pipgate = str(tool().root / "bin" / "pipgate")
            subprocess.run([pipgate, "enable", "--base", str(python)], check=True, stdout=subprocess.DEVNULL)
            stamp.write_text(_fingerprint())
    return python


def link_interpreter(root: Path) -> None:
    """Make an interpreter in ``root`` that is this one, but for what somebody has put beside its library."""
    library = Path(sysconfig.get_path("stdlib"))
    copied = root / library.relative_to(sys.base_prefix)
    (copied / "site-packages").mkdir(parents=True)
    (root / "bin").mkdir()
    shutil.copy(os.path.realpath(sys.executable), root / "bin" / library.name)
    others = {"site-packages", "dist-packages", "sitecustomize.py", "__pycache__"}
    for place in library.iterdir():
        if place.name not in others:
            (copied / place.name).symlink_to(place)


def _make(root: Path, python: str, pip: str, tools: tuple[str, ...]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run([python, "-m", "venv", "--without-pip", str(root)], check=True)
    host = [sys.executable, "-m", "pip", "--python", str(root / "bin" / "python"), "install", "-q"]
    offline = ["--no-index", "--find-links", str(WHEELHOUSE), "--disable-pip-version-check"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    subprocess.run([*host, *offline, f"pip=={pip}", *tools], check=True, env=clean)


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for wheel in sorted(WHEELHOUSE.glob("pipgate-*.whl")):
        digest.update(wheel.read_bytes())
    return digest.hexdigest()
