"""The interpreter that a calling pip runs in, told from its process and never guessed."""

# Read before anything else: it imports what every Python has loaded.
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 1 << 20  # bytes of a command line or an environment
_ALONE = frozenset("bBdEIOPqRsSuv")  # Python's own options that change what pip sees, and have no value
_VALUED = "WX"
_ENDS = "cm"


class UnknownCallerError(Exception):
    """It cannot be told which interpreter has called."""


class Caller:
    """An interpreter by the path that it was started with, and Python's own options behind that."""

    __slots__ = ("options", "python")

    def __init__(self, python: str, options: "list[str]") -> None:
        self.python = python
        self.options = options


def calling() -> Caller:
    """Return the interpreter of the process that has started this one; raises UnknownCallerError.

    The path matters, not the file behind its links: it decides which environment Python works in. It is what
    Python itself makes of the first word of its command line, and has to lead to what really runs there.
    """
    if not sys.platform.startswith("linux"):
        raise UnknownCallerError(
            "only Linux says which interpreter has called; elsewhere use: pipgate enable"
        )
    place = f"/proc/{os.getppid()}"
    try:
        words, environ = _strings(f"{place}/cmdline"), _strings(f"{place}/environ")
        running, directory = os.readlink(f"{place}/exe"), os.readlink(f"{place}/cwd")  # noqa: PTH115 -- nothing is imported here
    except OSError as error:
        raise UnknownCallerError(f"the process that has called cannot be looked at: {error}") from error
    if not words:
        raise UnknownCallerError("the process that has called is gone")
    options, program = _split(words[1:])
    python = _as_python_does(words[0], environ, directory, program)
    if os.path.realpath(python) != running:
        raise UnknownCallerError(f"{words[0]} called, and that is {python}, but {running} is what runs there")
    return Caller(python, options)


def _as_python_does(name: str, environ: "list[str]", directory: str, program: str) -> str:
    """Return ``sys.executable`` of a Python that was started under that name; raises UnknownCallerError."""
    if os.path.isabs(name):  # noqa: PTH117 -- nothing is imported here
        return name
    if not _is_pip(program):  # it may have gone to another directory since it was started
        raise UnknownCallerError(
            f"{name} called by no path that holds everywhere, to run {program or 'nothing'}"
        )
    if os.sep in name:
        return os.path.join(directory, name)  # noqa: PTH118 -- same
    path = next((each[5:] for each in environ if each.startswith("PATH=")), os.defpath)
    for each in path.split(os.pathsep):
        place = os.path.join(directory, each, name)  # noqa: PTH118 -- same
        if os.path.isfile(place) and os.access(place, os.X_OK):  # noqa: PTH113 -- same
            return place
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
    return program.removeprefix("-m ").partition(".")[0] == "pip" or _name(program).startswith("pip")


def _name(path: str) -> str:
    return path.rpartition(os.sep)[2]


def _strings(place: str) -> "list[str]":
    with open(place, "rb") as file:  # noqa: PTH123 -- nothing is imported here
        return os.fsdecode(file.read(_LONGEST)).split("\0")[:-1]
