"""The text of the files that make the hook, for a virtual environment and for a base interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.plain_text import shell_line

if TYPE_CHECKING:
    from pipgate.adoption.environment_facts import EnvironmentFacts

MARKER = "Written by pipgate enable, taken away by pipgate disable."
HOOK = "_pipgate_hook"
START = "_pipgate_start"
CUSTOMIZE = "sitecustomize"
_PTH = "_pipgate.pth"
_START_LINE = f"{START}:install\n"
# What pip's modules are found by comes last: it is taken away last, so that half removed, pip stops.
_IN_ENVIRONMENT = (_PTH, f"{HOOK}.py", "_pipgate.start", f"{START}.py")
_IN_BASE = (f"{CUSTOMIZE}.py", f"{HOOK}.py")

# One line, because site.py runs the lines of a .pth file that begin with import, each by itself. It imports
# nothing at the start of Python; a damaged hook stops pip, and Python goes on. What site.py calls sitedir is
# where the hook lies: the module is taken from there, whatever else of its name is on the import path.
_FIND = """\
def find_spec(name, path=None, target=None, here=locals().get("sitedir"), sys=sys):
 if not name.startswith(("pip", "runpy", "{hook}")): return None
 from _frozen_importlib_external import PathFinder
 if name == "{hook}": return PathFinder.find_spec(name, here and [here])
 if name == "runpy":
  if sys.argv[0] != "-m" or "pip" not in sys.orig_argv[len(sys.orig_argv) - len(sys.argv)]: return None
 elif name != "pip" and name != "pip._internal" and not name.startswith("pip._internal."): return None
 try: from {hook} import find
 except Exception as error: raise ImportError({damaged!a}) from error
 return find(name, path, target)
"""
_FINDER = (
    "import sys; exec({find!a}); "
    "sys.meta_path.insert(0, type('PipgateFinder', (), {{'find_spec': staticmethod(find_spec)}}))"
)

_HOOK_TEXT = '''\
# {marker}
"""Gates pip: called by {caller} when pip is looked for, and when the first module in it is imported."""

import os
import sys

ENGINE = {engine!r}
ROOTS = {roots!r}
DAMAGED = {damaged!r}
_finders = []
_passed_by = []


class _EngineFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is not None or name not in ROOTS or name == "pip":
            return None
        from importlib.machinery import PathFinder

        places = [each for each in _own_places() if os.path.realpath(each) in _sites()]
        theirs = name == "packaging" and not _is_pips_own()
        own = PathFinder.find_spec(name, places) if theirs else None
        if own is not None and own.origin is not None and _is_new(own.origin):
            return own
        return PathFinder.find_spec(name, [ROOTS[name]], target)


def _is_pips_own():
    """Whether pip's command line runs: no program there needs the packaging of this environment."""
    program = os.path.abspath(getattr(sys.modules.get("__main__"), "__file__", None) or "")
    directory, name = os.path.split(program)
    if name == "__main__.py":
        return os.path.basename(directory) == "pip"
    stem = name.partition(".")[0]
    return stem[:3] == "pip" and (stem == "pip" or stem[3:].isdigit())


def _is_new(init):
    """Whether the packaging of this environment will do, so that its programs keep theirs."""
    with open(init, encoding="utf-8") as file:
        version = file.read().partition('__version__ = "')[2].split(".", 2)
    return version[0].isdigit() and (int(version[0]) > 23 or version[:1] == ["23"] and version[1][:1] != "0")


def find(name, path=None, target=None):
    if name == "runpy":
        return _leave_directory()
    if name == "pip":
        return _find_pip(target)
    if not _finders:
        _finders.append(_closed)  # and it stays so when anything goes wrong here
        _finders[0] = _arm()
    return _finders[0](name, path, target)


def _leave_directory():
    """``python -m pip`` imports nothing from the directory that it is called in; pip leaves it later."""
    word = sys.orig_argv[len(sys.orig_argv) - len(sys.argv)]
    module = word.partition("m")[2] if word.startswith("-") else word
    twice = sys.path[1:2] == sys.path[:1]  # PYTHONPATH names it too, and pip takes off the first of them
    if module.partition(".")[0] == "pip" and sys.path[:1] == [_directory()] and not twice:
        _passed_by.extend(_found_in(sys.path[:1]))
        del sys.path[0]


def _directory():
    try:
        return os.getcwd()
    except OSError:
        return ""


def _find_pip(target):
    """Find pip in this environment, and not where a program lies or is called, or on PYTHONPATH."""
    if sys.argv[0] == "-m":  # runpy may have been loaded when Python started: then nobody looked for it
        _leave_directory()
    from _frozen_importlib_external import PathFinder

    places = _own_places()
    own = PathFinder.find_spec("pip", places, target)
    if own is None:
        own = _find_checkout(target)
    others = _passed_by + _found_in([each for each in sys.path if each not in places])
    del _passed_by[:]
    others = [each for each in others if own is None or not _is_in(each, own)]
    if others and own is None:
        text = f"pipgate: this environment has no pip; {{others[0]!a}} is not taken for it. {{DAMAGED}}"
        if sys.argv[0] != "-m":
            raise ImportError(text, name="pip")
        sys.stderr.write(text + "\\n")
        raise SystemExit(45)
    if others:
        from shlex import quote

        run = f"{{quote(sys.executable)}} {{quote(ascii(others[0])[1:-1])}}"
        sys.stderr.write(f"pipgate: this is the pip of the environment; to run the other one: {{run}}\\n")
    return own


def _find_checkout(target):
    from _frozen_importlib_external import PathFinder

    trees = list(_own_checkouts(_sites()))
    places = [os.path.realpath(each) for each in sys.path]
    inside = [each for each in places if any((each + os.sep).startswith(tree + os.sep) for tree in trees)]
    return PathFinder.find_spec("pip", inside, target)


def _is_in(place, spec):
    return spec.origin is not None and os.path.realpath(spec.origin).startswith(os.path.realpath(place))


def _found_in(places):
    """Where a pip lies that is passed by; a directory of that name alone is none."""
    from _frozen_importlib_external import PathFinder

    spec = PathFinder.find_spec("pip", places)
    if spec is None or spec.origin is None:
        return []
    return [os.path.dirname(spec.origin) if spec.submodule_search_locations else spec.origin]


def _sites():
    import site

    sites = (os.path.dirname(__file__), site.getusersitepackages(), *site.getsitepackages())
    return set(map(os.path.realpath, sites))


def _own_checkouts(sites):
    """Where pip was installed from, editable: only pip itself can have brought a list of that name."""
    from json import loads
    from urllib.request import url2pathname

    for site in sites:
        for name in os.listdir(site) if os.path.isdir(site) else ():
            told = os.path.join(site, name, "direct_url.json")
            if name.startswith("pip-") and name.endswith(".dist-info") and os.path.isfile(told):
                with open(told, encoding="utf-8") as file:
                    yield os.path.realpath(url2pathname(loads(file.read())["url"].partition("://")[2]))


def _own_places():
    """What of the import path is this environment's, or was put there by the program that runs.

    A program puts files of pip there, as ensurepip does; the directory of one that is pip itself is no other.
    What the .pth file of a package adds, behind the standard library, is not the environment's. pip's own
    build environment is: it lies beside the directory that pip puts on PYTHONPATH.
    """
    sites = _sites()
    told = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    given = set(map(os.path.abspath, told.split(os.pathsep))) if told else ()
    program = os.path.abspath(getattr(sys.modules.get("__main__"), "__file__", None) or "")
    own_main = os.path.join("", "pip", "__main__.py")
    named = program[: -len(own_main) - 1] if program.endswith(os.sep + own_main) else None
    library = os.path.dirname(os.__file__)
    beside = [os.path.dirname(each) for each in given if os.path.basename(each) == "site"]
    isolated = tuple(os.path.join(each, kind, "") for each in beside for kind in ("overlay", "normal"))
    begun, places = False, []
    for each in sys.path:
        begun = begun or each == library
        is_site = os.path.realpath(each) in sites or each.startswith(isolated)
        if is_site or each == named or (each not in given and not begun and os.path.isfile(each)):
            places.append(each)
    return places


def _closed(*_):
    raise ImportError("pipgate: the gate could not be armed in this process. " + DAMAGED)


def _is_pips_program():
    """Whether this is ``python -m pip`` or a command pip: then a line is enough."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    name = os.path.basename(sys.argv[0]).partition(".")[0].rstrip("0123456789")
    return name == "pip" or getattr(spec, "name", None) == "pip.__main__"


def _arm():
    armed = sys.modules.get("pipgate.pip_internals.arming")
    if armed is not None and armed.is_armed():
        return lambda *_: None  # this process was started by pipgate itself
    if not os.path.isfile(ENGINE):
        text = "pipgate: its engine is gone, " + ENGINE + ". " + DAMAGED
        if not _is_pips_program():
            raise ImportError(text)
        sys.stderr.write(text + "\\n")
        raise SystemExit(45)
    sys.meta_path.insert(0, _EngineFinder)
    from pipgate.commands import hooked

    return hooked.arm(ENGINE, ROOTS)
'''

_START_TEXT = '''\
# {marker}
"""What Python 3.15 and later call when they start (PEP 829): the same as _pipgate.pth."""


def install():
    exec({line!a}, {{"sitedir": __file__.rpartition("/")[0]}})
'''

_CUSTOMIZE_TEXT = '''\
# {marker}
"""Gates pip in every environment of this interpreter (pipgate enable --base)."""

exec({line!a}, {{"sitedir": __file__.rpartition("/")[0]}})


def _go_on():
    """Import the sitecustomize that this one has been found in the place of."""
    import os
    import sys
    from importlib.machinery import PathFinder

    from _frozen_importlib import module_from_spec

    here = os.path.realpath(os.path.dirname(__file__))
    spec = PathFinder.find_spec(__name__, [each for each in sys.path if os.path.realpath(each) != here])
    if spec is not None and spec.loader is not None:
        sys.modules[__name__] = module = module_from_spec(spec)
        spec.loader.exec_module(module)


_go_on()
'''


def paths(facts: EnvironmentFacts) -> list[Path]:
    """Return where the files of the hook lie, there or not: among packages, or in the standard library."""
    if facts.is_base:
        return [Path(facts.stdlib, name) for name in _IN_BASE]
    return [Path(facts.purelib, name) for name in _IN_ENVIRONMENT]


def texts(facts: EnvironmentFacts, engine: str, roots: dict[str, str]) -> dict[Path, str]:
    """Return each file and its text, in the order in which they are written."""
    places = paths(facts)
    words = ["pipgate", "enable", *facts.words]
    remove = shell_line(["rm", *map(str, places)])
    damaged = f"pip is not run. To repair it: {shell_line(words)}; to remove it: {remove}"
    broken = f"pipgate: the hook of this environment is damaged. {damaged}"
    # In ASCII: until Python 3.13 a .pth file is read in the encoding of the locale.
    line = _FINDER.format(find=_FIND.format(hook=HOOK, damaged=broken))
    hook = _HOOK_TEXT.format(
        marker=MARKER, engine=engine, roots=roots, damaged=damaged, caller=places[0].name
    )
    if facts.is_base:
        return {places[1]: hook, places[0]: _CUSTOMIZE_TEXT.format(marker=MARKER, line=line)}
    written = (
        f"# {MARKER}\n{line}\n",
        hook,
        _START_LINE,
        _START_TEXT.format(marker=MARKER, line=line),
    )
    return dict(reversed(list(zip(places, written, strict=True))))


def is_ours(text: str) -> bool:
    """Return whether a file of that text was written by us."""
    return MARKER in text.partition("\n")[0] or text in {_START_LINE, ""}
