"""The interpreter that a calling pip runs in, told from its process and never guessed."""

# Read before anything else: it imports what every Python has loaded.
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 1 << 26  # bytes of a command line or an environment
_ALONE = frozenset("bBdEIOPqRsSuv")  # Python's own options that change what pip sees, and have no value
_VALUED = "WX"
_ENDS = "cm"
_INIT = 1  # takes over whose parent has died


class UnknownCallerError(Exception):
    """It cannot be told which interpreter has called."""


class Caller:
    """An interpreter by the path that it was started with, and Python's own options behind that."""

    __slots__ = ("options", "python")

    def __init__(self, python: str, options: "list[str]") -> None:
        self.python = python
        self.options = options


def calling(parent: int, words: "list[str]") -> Caller:
    """Return the interpreter of ``parent``, which has called with these words; raises UnknownCallerError.

    The path matters, not the file behind its links: it decides which environment Python works in. It is what
    Python itself makes of the first word of its command line, and has to lead to what really runs there. The
    process has to be a parent still, and where it is pip by its own words, these end with ours.
    """
    if not sys.platform.startswith("linux"):
        raise UnknownCallerError("only Linux says which interpreter has called; use: pipgate enable")
    place = f"/proc/{parent}"
    try:
        told, environ = _strings(f"{place}/cmdline"), _strings(f"{place}/environ")
        running, directory = os.readlink(f"{place}/exe"), os.readlink(f"{place}/cwd")  # noqa: PTH115 -- nothing is imported here
    except OSError as error:
        raise UnknownCallerError(f"the process that has called cannot be looked at: {error}") from error
    if not told or os.getppid() != parent:
        raise UnknownCallerError("the process that has called is gone")
    if not _name(running).startswith("python"):
        raise UnknownCallerError(f"{running} has called, which is no Python by its name")
    options, program = _split(told[1:])
    is_pip = _is_pip(program)
    if told[len(told) - len(words) :] != words if is_pip else parent == _INIT:
        raise UnknownCallerError(f"{running} may have taken over what another pip has called")
    python = _as_python_does(told[0], environ, directory, program if not is_pip else None)
    if os.path.realpath(python) != running:
        raise UnknownCallerError(f"{told[0]} called, and that is {python}, but {running} is what runs there")
    return Caller(python, options)


def _as_python_does(name: str, environ: "list[str]", directory: str, program: "str | None") -> str:
    """Return ``sys.executable`` of a Python that was started under that name; raises UnknownCallerError.

    ``program`` is what it runs where that is not pip, and may have gone to another directory since.
    """
    if os.path.isabs(name):  # noqa: PTH117 -- nothing is imported here
        return name
    places = [name]
    if os.sep not in name:
        path = next((each[5:] for each in environ if each.startswith("PATH=")), os.defpath)
        places = [os.path.join(each, name) for each in path.split(os.pathsep)]  # noqa: PTH118 -- same
    for place in places:
        if program is not None and not os.path.isabs(place):  # noqa: PTH117 -- same
            raise UnknownCallerError(
                f"{place} was started by a path that depends on the directory, for {program}"
            )
        found = os.path.join(directory, place)  # noqa: PTH118 -- same
        if os.path.isfile(found) and os.access(found, os.X_OK):  # noqa: PTH113 -- same
            return found
    raise UnknownCallerError(f"{name} called, and there is none on its PATH")


def _split(words: "list[str]") -> "tuple[list[str], str]":
    """Return Python's own options and what it runs: a script, or ``-m`` and a module."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--check-hash-based-pycs":
            kept += [word, next(rest, "")]
        elif word in {"-", "--"} or not word.startswith("-"):
            return kept, word
        else:
            options, end = _letters(word, rest)
            kept += options
            if end:
                return kept, end
    return kept, ""


def _letters(word: str, rest: "Iterator[str]") -> "tuple[list[str], str]":
    """Return the options in one word, and ``-m MODULE`` or ``-c`` where it holds that."""
    letters = word[1:]
    for index, letter in enumerate(letters):
        before = "".join(each for each in letters[:index] if each in _ALONE)
        kept = [f"-{before}"] if before else []
        if letter in _ENDS:
            value = letters[index + 1 :] or next(rest, "")
            return kept, f"-m {value}" if letter == "m" else "-c"
        if letter in _VALUED:
            return [*kept, f"-{letter}", letters[index + 1 :] or next(rest, "")], ""
    before = "".join(each for each in letters if each in _ALONE)
    return ([f"-{before}"] if before else []), ""


def _is_pip(program: str) -> bool:
    """Return whether that is pip: the module, a script of pip's name, or a pip in a zip file."""
    if program.startswith("-m "):
        return program == "-m pip"
    name = _name(program).removesuffix(".pyz")
    return name == "__pip-runner__.py" or (name.startswith("pip") and not name[3:].strip("0123456789."))


def _name(path: str) -> str:
    return path.rpartition(os.sep)[2]


def _strings(place: str) -> "list[str]":
    with open(place, "rb") as file:  # noqa: PTH123 -- nothing is imported here
        data = file.read(_LONGEST)
    if len(data) == _LONGEST:
        raise UnknownCallerError(f"{place} is too long")
    return os.fsdecode(data).split("\0")[:-1]
