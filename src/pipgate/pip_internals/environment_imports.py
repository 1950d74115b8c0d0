"""Nothing that lies in the environment is imported into a gated pip, but for what the user has asked for."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, FrameType, ModuleType

    from pipgate.pip_internals.run_state import Run

# They are found by rules of their own; everything else that pip needs it brings along.
# The hook of an enabled environment asks for its own module when a central pipgate runs pip there.
_OURS = frozenset({"pip", "pipgate", "packaging", "tomli", "_pipgate_hook"})
_PACKAGES = frozenset({"site-packages", "dist-packages"})
# Where pip imports what the user has chosen, and what that imports: module, function.
_KEYRING = tuple(
    ("pip._internal.network.auth", f"KeyRingPythonProvider.{name}")
    for name in ("get_auth_info", "save_auth_info")
)
_TRUSTSTORE = ("pip._internal.cli.req_command", "_create_truststore_ssl_context")  # until pip 23.3 brought it
_PROVIDER = ("pip._internal.network.auth", "get_keyring_provider")


class EnvironmentImports:
    """Refuses the modules of the environment; what Python has loaded when it started may load its own parts.

    pip, and what it vendors, asks for many modules that it does without: any wheel can bring one of them.
    """

    def __init__(self, args: Sequence[str] = ()) -> None:
        self._library = os.path.dirname(os.__file__)  # noqa: PTH120 -- no import of pathlib here
        self._speaks_socks = _speaks_socks(args)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the standard library; raises ModuleNotFoundError for the others.

        None for pip, pipgate and what that needs: they are left to the finders behind this one.
        """
        top = fullname.partition(".")[0]
        if top in _OURS or (path is not None and self._loads_its_parts(top)):
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                break
        else:
            return None
        if self._is_standard(spec) or (top == "socks" and self._speaks_socks) or _is_asked_for():
            return spec
        if _only_asks():
            return spec
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)

    def _loads_its_parts(self, top: str) -> bool:
        """Return whether Python loaded this package at its start; a namespace is anybody's, and is none."""
        spec = getattr(sys.modules.get(top), "__spec__", None)
        return spec is not None and bool(spec.origin) and not self._is_standard(spec)

    def _is_standard(self, spec: ModuleSpec) -> bool:
        if spec.origin in {"built-in", "frozen"}:
            return True
        folder = os.path.dirname(spec.origin or "")  # noqa: PTH120 -- see above
        rest = folder[len(self._library) :]
        if folder.startswith(self._library) and rest[:1] in {"", os.sep}:
            return rest.strip(os.sep).partition(os.sep)[0] not in _PACKAGES
        return _lies_beside(folder)


def _lies_beside(folder: str) -> bool:
    """Return whether that holds the extension modules of a base interpreter, or its library as a zip."""
    parts = set(folder.replace(os.sep, "/").split("/"))
    beside = {f"python{sys.version_info[0]}{sys.version_info[1]}.zip", "lib-dynload", "DLLs"}
    return (
        any(folder.startswith(base + os.sep) for base in (sys.base_prefix, sys.base_exec_prefix))
        and not beside.isdisjoint(parts)
        and _PACKAGES.isdisjoint(parts)
    )


def _speaks_socks(args: Sequence[str]) -> bool:
    """Return whether the command line or a variable names a SOCKS proxy, for which pip needs PySocks."""
    said = [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    words = [word.partition("=")[2] or word for word in args]
    return any(each.lower().startswith("socks") and "://" in each for each in (*said, *words))


def _only_asks() -> bool:
    """Return whether a module is looked for and not imported, as pip before 25.3 looks for setuptools."""
    frame = sys._getframe(2)
    return any(each is not None and each.f_code is find_spec.__code__ for each in (frame, frame.f_back))


def _is_asked_for() -> bool:
    """Return whether the user's own settings have pip import it.

    The provider ``auto`` imports a keyring that happens to be there; that is not enough. What a configuration
    file says that others can bring has been left out before.
    """
    always = {_code(*place) for place in (*_KEYRING, _TRUSTSTORE)} - {None}
    provider = _code(*_PROVIDER)
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code in always or (frame.f_code is provider and frame.f_locals["provider"] == "import"):
            return True
        frame = frame.f_back
    return False


def _code(module: str, function: str) -> CodeType | None:
    found: object = sys.modules.get(module)
    for name in function.split("."):
        found = getattr(found, name, None)
    code: CodeType | None = getattr(getattr(found, "__wrapped__", found), "__code__", None)
    return code


def close(run: Run, args: Sequence[str] = ()) -> None:
    """Refuse the environment's modules from here on, until the run lets go of the import system."""
    finder = EnvironmentImports(args)
    run.import_blockers.append(finder)
    sys.meta_path.insert(0, finder)
