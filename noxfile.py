"""What is run before a change is accepted: ``nox`` runs lint, types, import rules and the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nox

nox.options.sessions = ["lint", "typing", "imports", "tests"]
nox.options.default_venv_backend = "venv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
PIPS = (
    *("23.1.2", "23.2.1", "23.3.2", "24.0", "24.1.2", "24.2", "24.3.1", "25.0.1", "25.1.1", "25.2", "25.3"),
    *("26.0.1", "26.1.2", "26.2", "26.2.1", "26.3"),
)
TEST_TOOLS = ("pytest==9.*", "pytest-xdist==3.*", "hypothesis==6.*", "packaging>=23.1")
# The old ones are for the ways that only pip before 25.3 has: setup.py egg_info and develop without PEP 517.
BUILD_TOOLS = ("packaging", "setuptools", "wheel", "flit-core", "setuptools==69.5.1", "wheel==0.43.0")
OF_PIPGATE = ("tomli>=2,<2.2",)  # for Python 3.10
WORK = Path(".nox") / "work"
PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
# pyenv's own pythonX.Y on PATH run only where that version has been chosen; the real ones always run.
os.environ["PATH"] = os.pathsep.join([*map(str, sorted(PYENV.glob("3.1*/bin"))), os.environ["PATH"]])


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("ruff==0.17.*")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types against the newest supported pip, which ships its own."""
    session.install("mypy==2.*", "nox", f"pip=={PIPS[-1]}", "packaging")
    session.run("mypy", f"--python-executable={_python_of(session)}")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that imports go one way and that only pip_internals knows pip."""
    session.install("import-linter==2.*", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests on the newest pip, and a part of them on the oldest and on two between."""
    _test(session, "thin")


@nox.session
def between(session: nox.Session) -> None:
    """Run all tests on the oldest, the newest and two pips between, each of them whole."""
    _test(session, "some")


@nox.session
def again(session: nox.Session) -> None:
    """Run each test that has a home of its own twice in it: the second time must say the same."""
    _test(session, "ends", "tests/functional", "tests/routes", PIPGATE_TEST_AGAIN="1")


@nox.session(python=False)
def routes(session: nox.Session) -> None:
    """Run the routes and the contracts on every pip and every Python that is here."""
    _on_every_python(session, "matrix")


@nox.session(python=list(PYTHONS))
def matrix(session: nox.Session) -> None:
    """Run the routes and the contracts on every pip, on one Python."""
    _test(session, "all", "tests/routes", "tests/pip_contract")


@nox.session(python=False)
def ways(session: nox.Session) -> None:
    """Run the ways to pip, through each way to stand in front of it, on every Python that is here."""
    _on_every_python(session, "entries")


@nox.session(python=list(PYTHONS))
def entries(session: nox.Session) -> None:
    """Run the ways to pip on one Python."""
    _test(session, "some", "tests/functional/test_entry_points.py", PIPGATE_TEST_EVERY="1")


@nox.session
def modes(session: nox.Session) -> None:
    """Run the routes through a central pipgate and through the hook, on the oldest and the newest pip."""
    for mode in ("central", "hook"):
        _test(
            session,
            "ends",
            "tests/routes/test_routes.py",
            "tests/routes/test_static.py",
            PIPGATE_TEST_THROUGH=mode,
        )


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel."""
    session.install("build")
    session.run("python", "-m", "build", "--outdir", "dist")


def _on_every_python(session: nox.Session, matrix: str) -> None:
    for version in PYTHONS:
        if _interpreter(version) is None:
            session.log(f"Python {version} is not here: its part of the matrix is not run")
        else:
            session.notify(f"{matrix}-{version}")


def _test(session: nox.Session, pips: str, *paths: str, **variables: str) -> None:
    session.install(*TEST_TOOLS, "--upgrade", "pip>=25")
    work = WORK.resolve()
    house = work / "wheelhouse"
    _fill(session, house)
    environment = {"PIPGATE_TEST_WORK": str(work), "PIPGATE_TEST_PIPS": pips, **variables}
    arguments = session.posargs or list(paths)
    session.run("pytest", "-n", str(os.cpu_count() or 2), *arguments, env=environment)


def _fill(session: nox.Session, house: Path) -> None:
    """Fetch the pips and build tools that the tests need, and build pipgate itself."""
    house.mkdir(parents=True, exist_ok=True)
    download = ("python", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(house))
    for pip in PIPS:
        if not (house / f"pip-{pip}-py3-none-any.whl").exists():
            session.run(*download, f"pip=={pip}")
    for tool in (*BUILD_TOOLS, *OF_PIPGATE):
        session.run(*download, tool)
    for old in house.glob("pipgate-*.whl"):
        old.unlink()
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(house), ".")


def _python_of(session: nox.Session) -> str:
    return str(Path(session.bin) / "python")


def _interpreter(version: str) -> str | None:
    """Return a Python of that version which runs."""
    found = shutil.which(f"python{version}")
    runs = found and subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode == 0
    return found if runs else None
