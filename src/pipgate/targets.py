"""Which interpreter pip is run in: the one of the environment that the caller means, never the tool's own."""

# This is read before anything else is: it imports nothing but what every Python has loaded.
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_BIN = "Scripts" if os.name == "nt" else "bin"
_PYTHON = "python.exe" if os.name == "nt" else "python"
_LONGEST_SHEBANG = 512  # bytes


class NoTargetError(Exception):
    """No environment can be found, or the one that was named is none."""


class Target:
    """An interpreter, and in a few words why it was chosen; ``is_active`` says that the caller expects it."""

    __slots__ = ("is_active", "python", "why")

    def __init__(self, python: str, why: str, *, is_active: bool) -> None:
        self.python = python
        self.why = why
        self.is_active = is_active

    @property
    def is_this_one(self) -> bool:
        """Whether it is the interpreter of this process."""
        return _environment(self.python) == os.path.realpath(sys.prefix)


def of(place: str) -> Target:
    """Return the target that was named: an environment, an interpreter, or a pip; raises NoTargetError."""
    if os.path.isdir(place):  # noqa: PTH112 -- nothing is imported here
        return Target(_python_of(os.path.abspath(place), "--env"), "--env", is_active=True)  # noqa: PTH100 -- same
    python = _interpreter_of(place) or _beside(place)
    if not os.access(python, os.X_OK):
        raise NoTargetError(f"--env names {place}, which is no environment and no Python that can be run")
    return Target(os.path.abspath(python), "--env", is_active=True)  # noqa: PTH100 -- same


def _beside(place: str) -> str:
    """Return the Python that lies beside a pip which does not say its own, as among the shims of pyenv."""
    directory, name = os.path.split(place)
    return os.path.join(directory, f"python{name[3:]}") if name.startswith("pip") else place  # noqa: PTH118 -- same


def choose(script: str, environ: "Mapping[str, str]") -> Target:
    """Return the target of a call of ``script``, our console script; raises NoTargetError.

    In this order: the virtual environment whose own directory holds the script, VIRTUAL_ENV, CONDA_PREFIX,
    the interpreter of the first ``pip`` on PATH, the first ``python3`` there.
    """
    if sys.prefix != sys.base_prefix and not is_tool() and _holds(script):
        active = environ.get("VIRTUAL_ENV")
        expected = active is None or os.path.realpath(active) == os.path.realpath(sys.prefix)
        return Target(sys.executable, "the environment that this pipgate lies in", is_active=expected)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        directory = environ.get(variable)
        if directory:
            return Target(_python_of(directory, variable), variable, is_active=True)
    return _on_path(environ.get("PATH", os.defpath))


def word_for_this(environ: "Mapping[str, str]", *, typed: bool) -> str | None:
    """Return what ``--env`` has to say for this interpreter, or None where ``pipgate`` finds it by itself.

    ``typed`` says that the caller's shell has this environment.
    """
    try:
        if typed and choose("", environ).is_this_one:
            return None
    except NoTargetError:
        pass
    return sys.executable if sys.prefix == sys.base_prefix else sys.prefix


def _on_path(path: str) -> Target:
    pip = _first(path, "pip")
    python = None if pip is None else _interpreter_of(pip)
    if python is not None:
        return Target(python, f"its pip is the first on PATH, {pip}", is_active=False)
    python = _first(path, "python3")
    if python is not None:
        return Target(python, "the first python3 on PATH", is_active=False)
    raise NoTargetError("there is no active environment, and no pip or python3 on PATH")


def _python_of(directory: str, variable: str) -> str:
    python = os.path.join(directory, _BIN, _PYTHON)  # noqa: PTH118 -- nothing is imported here
    if os.name == "nt" and variable == "CONDA_PREFIX":  # pragma: no cover -- Windows
        python = os.path.join(directory, _PYTHON)  # noqa: PTH118 -- same
    if not os.access(python, os.X_OK):
        raise NoTargetError(f"{variable} names {directory}, which has no Python that can be run")
    return python


def _first(path: str, name: str) -> str | None:
    """Return the first program of that name on PATH that does not belong to the tool itself."""
    own = os.path.realpath(os.path.join(sys.prefix, _BIN))  # noqa: PTH118 -- same
    for directory in path.split(os.pathsep):
        place = os.path.join(directory, name)  # noqa: PTH118 -- same
        is_own = is_tool() and os.path.realpath(directory) == own
        if directory and not is_own and os.path.isfile(place) and os.access(place, os.X_OK):  # noqa: PTH113 -- same
            return place
    return None


def _interpreter_of(script: str) -> str | None:
    """Return the interpreter in the first lines of a console script, long paths as pip writes them."""
    try:
        with open(script, "rb") as file:  # noqa: PTH123 -- same
            lines = file.read(_LONGEST_SHEBANG).decode("utf-8", "surrogateescape").split("\n")
    except OSError:
        return None
    python = lines[0].removeprefix("#!").strip() if lines[0].startswith("#!") else ""
    if python == "/bin/sh" and len(lines) > 1 and lines[1].startswith("'''exec' "):
        python = lines[1].removeprefix("'''exec' ").partition(' "$0"')[0].strip('"')
    python = python.split(" -")[0]  # options of Python may follow
    return python if "python" in os.path.basename(python) and os.access(python, os.X_OK) else None  # noqa: PTH119 -- same


def is_tool() -> bool:
    """Return whether this environment was made to hold a tool: nobody means to install into it."""
    return any(
        os.path.exists(os.path.join(sys.prefix, name))  # noqa: PTH110, PTH118 -- same
        for name in ("uv-receipt.toml", "pipx_metadata.json")
    )


def _holds(script: str) -> bool:
    """Return whether the script was called where it lies in this environment, not through a link."""
    directory = os.path.realpath(os.path.dirname(os.path.abspath(script)))  # noqa: PTH100, PTH120 -- same
    return directory == os.path.realpath(os.path.join(sys.prefix, _BIN))  # noqa: PTH118 -- same


def _environment(python: str) -> str:
    """Return the environment of an interpreter as its path has it, which is what makes it one."""
    return os.path.realpath(os.path.dirname(os.path.dirname(python)))  # noqa: PTH120 -- same
