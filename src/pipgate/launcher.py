"""Hands the command over to the interpreter that it is for, which starts ``engine.py`` by its path."""

# Read before anything else, and gone before pip runs: it imports what every Python has loaded.
import os
import sys

from pipgate.targets import (
    NoTargetError,
    Target,
    choose,
    is_active_here,
    is_tool,
    of,
    place_of,
    prefix_of,
    typed,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipgate.settings import Elsewhere

# What is done for an environment, and not in it.
_OF_THE_TOOL = ("init", "enable", "disable", "venv", "doctor", "team", "purge")
# What reads and writes our own files: it works where the environment does not, and speaks of its policy.
_OF_FILES = ("approvals", "deny", "explain", "pending", "policy", "prune", "revoke", "trust", "undeny")
_APPROVE = "approve"  # goes on in the environment once it knows that it needs a pip
_ENV = "--env"
TYPED = "--typed"  # from a shell function, with the name that was typed
_HAVE_A_VALUE = ("--allow-build", "--gate-report", "--policy", "--approvals", "--gate-mode", _ENV)
EXIT_NO_TARGET = 45
PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 -- nothing is imported here


def hand_over(argv: list[str], environ: "Mapping[str, str]") -> "Elsewhere | None":
    """Become the target's interpreter, or return where this one is it; exits where there is none.

    What was typed as pip goes where the shell would have gone. ``argv`` holds the words for pipgate then.
    A verb that needs no pip, or not yet, stays here; what is returned says of which environment it speaks.
    """
    name = argv[2] if argv[1:2] == [TYPED] else None
    if name is not None:
        del argv[1:3]
    verb = _first_word(argv[1:])
    if verb in _OF_THE_TOOL:
        return None
    named = named_environment(argv[1:])
    if verb in _OF_FILES or verb == _APPROVE:
        return _elsewhere(argv, name, named, environ)
    _go_over(argv, name, named, environ)
    return None


def _elsewhere(
    argv: list[str], name: str | None, named: str | None, environ: "Mapping[str, str]"
) -> "Elsewhere | None":
    from pipgate.settings import Elsewhere  # noqa: PLC0415 -- for these verbs alone

    def go_over(place: str | None) -> None:
        if named is None and place is not None:
            _go_over([argv[0], _ENV, place, *argv[1:]], None, place, environ)
        else:
            _go_over(argv, name, named, environ)

    try:
        return Elsewhere(prefix_of(_target(argv[0], name, named, environ)), go_over)
    except NoTargetError as error:
        if named is not None:
            say(_no_target(str(error)))
            sys.exit(EXIT_NO_TARGET)
        return Elsewhere(sys.prefix, go_over)


def _target(script: str, name: str | None, named: str | None, environ: "Mapping[str, str]") -> Target:
    if named is not None:
        return of(named)
    return choose(script, environ) if name is None else typed(name, environ)


def _go_over(argv: list[str], name: str | None, named: str | None, environ: "Mapping[str, str]") -> None:
    try:
        target = _target(argv[0], name, named, environ)
    except NoTargetError as error:
        say(_no_target(str(error)))
        sys.exit(EXIT_NO_TARGET)
    if target.is_this_one and (is_tool() or (name is not None and named is None)):
        require_meant(environ)
    if not target.is_active and not any(word.startswith("--python") for word in argv[1:]):
        say(f"pipgate: pip of {target.python}; {target.why}\n")
    if name is not None and named is None and not _is_found_again(target, argv[0], environ):
        argv[1:1] = [_ENV, place_of(target)]
    if not target.is_this_one:
        _become(target, argv[1:])


def require_meant(environ: "Mapping[str, str]") -> None:
    """Exit where this environment holds the tool itself, and nobody can mean it, or nobody has said so."""
    if is_tool():
        say(_no_target("pip of the environment that holds the tool itself is never run"))
        sys.exit(EXIT_NO_TARGET)
    if sys.prefix != sys.base_prefix and not is_active_here(environ):
        why = f"what was typed is of {sys.prefix}, which holds pipgate itself and is not active"
        hint = f"hint: Where that is meant: export VIRTUAL_ENV='{sys.prefix}'\n"
        say(f"{_no_target(why)}{hint}")
        sys.exit(EXIT_NO_TARGET)


def _is_found_again(target: Target, script: str, environ: "Mapping[str, str]") -> bool:
    """Return whether ``pipgate`` alone leads to that target, so that a command to paste need not name it."""
    try:
        return place_of(choose(script, environ)) == place_of(target)
    except NoTargetError:
        return False


def named_environment(words: list[str]) -> str | None:
    """Return what ``--env`` says, among our own options."""
    named = None
    rest = list(words)
    while rest and rest[0].partition("=")[0] in _HAVE_A_VALUE:
        option, equals, value = rest.pop(0).partition("=")
        if not equals:
            value = rest.pop(0) if rest else ""
        named = value if option == _ENV else named
    return named


def _become(target: Target, words: list[str]) -> None:
    """Replace this process; what pip needs of ours is named in the orders, and found by that alone."""
    command = [target.python, os.path.join(PACKAGE, "engine.py"), orders(PACKAGE), *words]  # noqa: PTH118 -- same
    flush()
    try:
        os.execv(target.python, command)  # noqa: S606 -- no shell is meant
    except OSError as error:
        say(_no_target(f"{target.python} cannot be run: {error.strerror}"))
        sys.exit(EXIT_NO_TARGET)


def say(text: str) -> None:
    """Write to stderr; where nobody can be told, the status still says it."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(text)
        except (OSError, ValueError):
            sys.stderr = None
    flush()


def flush() -> None:
    """Write what is left; what cannot be written is dropped, or Python would end with a status of its own."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except (OSError, ValueError):
        sys.stderr = None
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = None


def _no_target(message: str) -> str:
    return (
        f"error: no-target\n\nx {message}.\nnote: pip was not run, and no project code has run.\n"
        "hint: To make an environment and use it: python3 -m venv .venv && . .venv/bin/activate\n"
    )


def orders(package: str, *, pip: str | None = None, through: str | None = None) -> str:
    """Return the orders for the engine as JSON: where pipgate and what it needs lie on this import path.

    ``pip`` is where a pip lies that has called, and ``through`` the way that it came.
    """
    roots = {"pipgate": os.path.dirname(package)}  # noqa: PTH120 -- same
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # Where pipgate itself was installed, then the rest of the import path but for what the caller added.
    ordered = [roots["pipgate"], *(each for each in sys.path if os.path.isabs(each) and each not in given)]  # noqa: PTH117 -- same
    for name in ("packaging", "tomli", "pip"):
        for directory in ordered:
            if os.path.isfile(os.path.join(directory, name, "__init__.py")):  # noqa: PTH113, PTH118 -- same
                roots[name] = directory
                break
    fallback = roots.pop("pip", None)
    vendored = os.path.join(fallback or "", "pip", "_vendor")  # noqa: PTH118 -- same
    if "tomli" not in roots and os.path.isdir(os.path.join(vendored, "tomli")):  # noqa: PTH112, PTH118 -- same
        roots["tomli"] = vendored  # for an interpreter before 3.11
    if pip is not None:
        roots["pip"] = pip
    places = ", ".join(_pair(*each) for each in roots.items())
    more = "" if through is None else f', {_pair("through", through)}, "is_pip": true'
    return f'{{"roots": {{{places}}}, {_pair("fallback_pip", fallback)}{more}}}'


def _pair(key: str, value: str | None) -> str:
    """Return a key and a value as JSON has them; importing ``json`` would take longer than all else here."""
    if value is None:
        return f'"{key}": null'
    shown = (f"\\u{ord(each):04x}" if each < " " or each in '"\\' else each for each in value)
    return f'"{key}": "{"".join(shown)}"'


def _first_word(words: list[str]) -> str:
    """Return the first word behind our own options."""
    rest = list(words)
    while rest and rest[0].partition("=")[0] in _HAVE_A_VALUE:
        rest = rest[1:] if "=" in rest[0] else rest[2:]
    return rest[0] if rest else ""
