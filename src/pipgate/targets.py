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
_LONGEST_SHIM = 1 << 16  # bytes
_CACHES_OF_UVX = ("archive-v", "environments-v")  # where uvx makes an environment for one call
_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")  # what activating an environment sets


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
    if os.path.isfile(place) and os.path.basename(place).startswith("pip"):  # noqa: PTH113, PTH119 -- same
        return Target(_python_of_pip(os.path.abspath(place)), "--env", is_active=True)  # noqa: PTH100 -- same
    python = _interpreter_of(place) or place
    if not os.access(python, os.X_OK):
        raise NoTargetError(f"--env names {place}, which is no environment and no Python that can be run")
    return Target(os.path.abspath(python), "--env", is_active=True)  # noqa: PTH100 -- same


def typed(name: str, environ: "Mapping[str, str]") -> Target:
    """Return the target of a pip that was typed by this name: what the shell would have run.

    That is the first of the name on PATH, whatever else is active. Where there is none, ``pip`` and ``pip3``
    are served in what is active, or by the first ``python3``. Raises NoTargetError.
    """
    pip = _first(environ.get("PATH", os.defpath), name, own=True)
    if pip is None:
        if name not in {"pip", "pip3"}:
            raise NoTargetError(f"there is no {name} on PATH")
        return choose("", environ)
    target = Target(_python_of_pip(pip), "", is_active=True)
    variable = next((each for each in _ACTIVE if environ.get(each)), None)
    # Which environment a shim leads to can only be told by running it.
    if variable and not _is_shim(pip) and _environment(target.python) != os.path.realpath(environ[variable]):
        target.is_active = False
        target.why = f"{name} is {pip} on PATH, and {variable} names another environment"
    return target


def choose(script: str, environ: "Mapping[str, str]") -> Target:
    """Return the target of a call of ``script``, our console script; raises NoTargetError.

    In this order: the virtual environment whose own directory holds the script, where that was meant;
    VIRTUAL_ENV, CONDA_PREFIX, the interpreter of the first ``pip`` on PATH, the first ``python3`` there.
    """
    own = _own(script, environ)
    if own is not None:
        return own
    for variable in _ACTIVE:
        directory = environ.get(variable)
        if directory:
            return Target(_python_of(directory, variable), variable, is_active=True)
    return _on_path(environ.get("PATH", os.defpath))


def _own(script: str, environ: "Mapping[str, str]") -> "Target | None":
    """Return the environment that the script lies in, where its caller may mean it; raises NoTargetError.

    So it is where it is active, where its pip is the first on PATH, and where the script was called by a path
    that PATH does not lead to. An alias may have done that: where another is active, nobody can tell.
    """
    if sys.prefix == sys.base_prefix or is_tool() or not _holds(script):
        return None
    why = "the environment that this pipgate lies in"
    if is_active_here(environ):
        return Target(sys.executable, why, is_active=True)
    path = environ.get("PATH", os.defpath)
    found, pip = _first(path, os.path.basename(script)), _first(path, "pip")  # noqa: PTH119 -- nothing is imported here
    by_path = found is None or not _holds(found)
    if not by_path and (pip is None or not _holds(pip)):
        return None
    active = environ.get("VIRTUAL_ENV")
    if active:
        raise NoTargetError(
            f"pipgate lies in {sys.prefix}, and VIRTUAL_ENV names {active}: say which with --env DIR"
        )
    return Target(sys.executable, why, is_active=by_path and not environ.get("CONDA_PREFIX"))


def is_active_here(environ: "Mapping[str, str]") -> bool:
    """Return whether the environment of this interpreter is the active one."""
    active = next((environ[each] for each in _ACTIVE if environ.get(each)), None)
    return active is not None and os.path.realpath(active) == os.path.realpath(sys.prefix)


def place_of(target: Target) -> str:
    """Return the shortest word that names a target behind ``--env``."""
    directory = os.path.dirname(os.path.dirname(target.python))  # noqa: PTH120 -- nothing is imported here
    is_one = os.path.isfile(os.path.join(directory, "pyvenv.cfg"))  # noqa: PTH113, PTH118 -- same
    return directory if is_one else target.python


def prefix_of(target: Target) -> str:
    """Return ``sys.prefix`` of a target, as its path has it: nothing is run."""
    return _environment(target.python)


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
    if pip is not None:
        return Target(_python_of_pip(pip), f"its pip is the first on PATH, {pip}", is_active=False)
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


def is_on_path(name: str, path: str) -> bool:
    """Return whether a shell finds a program of that name."""
    return _first(path, name, own=True) is not None


def _first(path: str, name: str, *, own: bool = False) -> str | None:
    """Return the first program of that name on PATH; those of a tool's environment only for ``own``."""
    tool = os.path.realpath(os.path.join(sys.prefix, _BIN)) if is_tool() and not own else None  # noqa: PTH118 -- same
    for directory in path.split(os.pathsep):
        place = os.path.join(directory, name)  # noqa: PTH118 -- same
        is_own = tool is not None and os.path.realpath(directory) == tool
        if directory and not is_own and os.path.isfile(place) and os.access(place, os.X_OK):  # noqa: PTH113 -- same
            return place
    return None


def _python_of_pip(pip: str) -> str:
    """Return the Python that a pip runs in; raises NoTargetError where it does not say, and never guesses."""
    python = _interpreter_of(pip) or _beside(pip)
    if python is None:
        raise NoTargetError(
            f"{pip} does not say which Python it runs in; to name one: python -m pip, or pipgate --env PYTHON"
        )
    return python


def _interpreter_of(script: str) -> str | None:
    """Return the interpreter in the first lines of a console script, long paths as pip writes them."""
    lines = _begin(script, _LONGEST_SHEBANG).decode("utf-8", "surrogateescape").split("\n")
    python = lines[0].removeprefix("#!").strip() if lines[0].startswith("#!") else ""
    if python == "/bin/sh" and len(lines) > 1 and lines[1].startswith("'''exec' "):
        python = lines[1].removeprefix("'''exec' ").partition(' "$0"')[0].strip('"')
        if python.startswith("$(dirname -- "):  # as uv writes it where an environment may be moved
            name = lines[1].partition(")\"/'")[2].partition("'")[0]
            python = os.path.join(os.path.dirname(os.path.realpath(script)), name)  # noqa: PTH118, PTH120 -- same
    python = python.split(" -")[0]  # options of Python may follow
    if python.startswith("/usr/bin/env "):
        python = _first(os.environ.get("PATH", os.defpath), python.removeprefix("/usr/bin/env ")) or ""
    return python if "python" in os.path.basename(python) and os.access(python, os.X_OK) else None  # noqa: PTH119 -- same


def _beside(pip: str) -> str | None:
    """Return the Python beside a pip that does not say its own, where both are shims of one kind."""
    for place in (pip, os.path.realpath(pip)):
        python = _named_like(place)
        if os.access(python, os.X_OK) and (os.name == "nt" or _is_shim(place)):
            return python
    return None


def _named_like(pip: str) -> str:
    directory, name = os.path.split(pip)
    return os.path.join(directory, f"python{name[3:]}")  # noqa: PTH118 -- same


def _is_shim(pip: str) -> bool:
    """Return whether that pip and the Python beside it are one program, or differ by their names alone.

    So they are where pyenv, asdf or mise choose the version when they are called.
    """
    if _interpreter_of(pip) is not None:
        return False
    python = _named_like(pip)
    if os.path.realpath(pip) == os.path.realpath(python):
        return True
    one, other = (_begin(each, _LONGEST_SHIM) for each in (pip, python))
    names = os.fsencode(os.path.basename(pip)), os.fsencode(os.path.basename(python))  # noqa: PTH119 -- same
    return one.startswith(b"#!") and one.replace(*names) == other.replace(*names)


def _begin(path: str, longest: int) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 -- same
            return file.read(longest)
    except OSError:
        return b""


def is_tool() -> bool:
    """Return whether this environment was made to hold a tool: nobody means to install into it."""
    cache = os.path.basename(os.path.dirname(sys.prefix))  # noqa: PTH119, PTH120 -- same
    return cache.startswith(_CACHES_OF_UVX) or any(
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
