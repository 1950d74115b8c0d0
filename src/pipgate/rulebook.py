"""The policy and the approvals that hold for one run, read from all their places."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipgate import trust
from pipgate.approvals import Approvals
from pipgate.origin import Layer
from pipgate.policy import Policy
from pipgate.policy_places import (
    APPROVALS,
    Named,
    PolicyPlace,
    config_home,
    find_project,
    find_root,
    policy_files,
    state_home,
)
from pipgate.trust import ProjectFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipgate.approvals import Approval, Revocation
    from pipgate.policy import PolicyLayer

_LARGEST = 8 << 20  # characters


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that holds for a run.

    ``project`` is the real path of the project, ``approvals_path`` where an approval would be written,
    ``files`` what the project says for itself and ``trusted`` whether that may loosen anything. ``passed_by``
    counts the approvals of the project that were not used because it is not trusted. ``approvals_files`` are
    all that were looked for, ``is_written`` says that there is any file at all.
    """

    policy: Policy
    approvals: Approvals
    project: str
    approvals_path: str
    files: ProjectFiles
    trusted: bool
    passed_by: int = 0
    approvals_files: tuple[str, ...] = ()
    is_written: bool = False


def load_rulebook(given: Named, cwd: str, environ: Mapping[str, str], *, mode: str | None = None) -> Rulebook:
    """Read every policy and approvals file there is; raises PolicyError for any that is not valid.

    ``mode`` is what ``--gate-mode`` said.
    """
    project_file, root = find_project(cwd), os.path.realpath(find_root(cwd))
    places = policy_files(project_file, given, environ)
    if mode is not None:
        places.append(_of_option("mode", mode))
    state = state_home(environ)
    layers = [(place, layer) for place in places if (layer := _parsed(place, state)) is not None]
    files = _project_files(layers, root)
    trusted = _is_trusted(files, project_file, layers, given, environ)
    policy = _merged([layer for _, layer in layers], trusted=trusted) if layers else Policy()
    path = _approvals_path(policy, root, given)
    locked = any("approvals" in layer.locked for _, layer in layers)
    sources = _approvals_files(policy, root, given, environ)
    approvals, passed_by = _read_all(sources, environ, trusted=trusted, locked=locked)
    is_written = bool(places) or any(map(os.path.lexists, sources))
    return Rulebook(policy, approvals, root, path, files, trusted, passed_by, tuple(sources), is_written)


def _parsed(place: PolicyPlace, state: str) -> PolicyLayer | None:
    from pipgate.parsed_policies import read_policy  # noqa: PLC0415 -- without a policy nobody pays for it

    return read_policy(place, state)


def _merged(layers: list[PolicyLayer], *, trusted: bool) -> Policy:
    from pipgate.policy_layers import merge  # noqa: PLC0415 -- same

    return merge(layers, may_loosen=lambda layer: layer.layer is not Layer.PROJECT or trusted)


def _of_option(key: str, value: str) -> PolicyPlace:
    """Return an option of the command line as the nearest layer."""
    return PolicyPlace(Layer.COMMAND_LINE, f"--gate-{key}", f'version = 1\n{key} = "{value}"\n')


def _project_files(layers: list[tuple[PolicyPlace, PolicyLayer]], root: str) -> ProjectFiles:
    own = next((pair for pair in layers if pair[0].layer is Layer.PROJECT), None)
    text, approvals = "", APPROVALS
    if own is not None:
        place, layer = own
        from pipgate.policy_file import table_text  # noqa: PLC0415 -- same

        text = table_text(place.text, place.path, place.table) if place.table else place.text
        setting = layer.settings.get("approvals")
        approvals = str(setting.value) if setting is not None else approvals
    path = os.path.join(root, approvals)  # noqa: PTH118 -- strings
    return ProjectFiles(root, text, _text_of(path), path)


def _text_of(path: str) -> str:
    """Return an approvals file for comparison; read_approvals says what is wrong with it, if anything is."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 -- strings
            return ""
        with open(path, encoding="utf-8", errors="replace", newline="") as file:  # noqa: PTH123 -- strings
            return file.read(_LARGEST)
    except OSError:
        return ""


def _is_trusted(
    files: ProjectFiles,
    project_file: str | None,
    layers: list[tuple[PolicyPlace, PolicyLayer]],
    given: Named,
    environ: Mapping[str, str],
) -> bool:
    """Return whether the project's own files may loosen: for the system, else for the caller or the user.

    Where the system sets floors, it alone says which projects it trusts.
    """
    system = [layer for _, layer in layers if layer.layer is Layer.SYSTEM]
    by_system = [os.path.realpath(each.value) for layer in system for each in layer.trust_projects]
    if any(files.root == path or files.root.startswith(path.rstrip("/") + "/") for path in by_system):
        return True
    if any(layer.locked for layer in system):
        return False
    named = {os.path.realpath(path) for _, path in given.policies}
    if project_file is not None and os.path.realpath(project_file) in named:
        return True
    return files.says_nothing or trust.is_trusted(files, state_home(environ))


def _approvals_path(policy: Policy, root: str, given: Named) -> str:
    """Return the file that ``approve`` writes: the one that was named, else the one of the policy."""
    if given.approvals:
        return os.path.abspath(given.approvals[-1][1])  # noqa: PTH100 -- strings
    origin = policy.approvals.origin
    near = os.path.dirname(origin.file) if origin.file and origin.layer is not Layer.PROJECT else root  # noqa: PTH120 -- strings
    return os.path.join(near, policy.approvals.value)  # noqa: PTH118 -- strings


def _approvals_files(policy: Policy, root: str, given: Named, environ: Mapping[str, str]) -> dict[str, Layer]:
    """Return the approvals files to look for, the policy's own first, and whose they are."""
    files = {_approvals_path(policy, root, Named()): _owner(policy.approvals.origin.layer)}
    files[os.path.join(config_home(environ), APPROVALS)] = Layer.USER  # noqa: PTH118 -- strings
    return files | {os.path.abspath(path): layer for layer, path in given.approvals}  # noqa: PTH100 -- strings


def _read_all(
    sources: Mapping[str, Layer], environ: Mapping[str, str], *, trusted: bool, locked: bool
) -> tuple[Approvals, int]:
    """Return what all approvals files say, and how many approvals of an untrusted project were passed by.

    Revocations always count. A locked approvals file, the first, is the only one whose approvals do.
    """
    of_policy = next(iter(sources))
    approved: list[Approval] = []
    revoked: list[Revocation] = []
    passed_by = 0
    for path, layer in sources.items():
        told = _read_approvals(path, layer, environ)
        revoked += told.revoked
        if path == of_policy if locked else layer is not Layer.PROJECT or trusted:
            approved += told.approved
        else:
            passed_by += len(told.approved)
    return Approvals(tuple(approved), tuple(revoked)), passed_by


def _read_approvals(path: str, layer: Layer, environ: Mapping[str, str]) -> Approvals:
    if not os.path.lexists(path):  # the usual case, which loads nothing more
        return Approvals()
    from pipgate.parsed_approvals import read_strictest  # noqa: PLC0415 -- see above

    return read_strictest(path, layer, state_home(environ))


def _owner(layer: Layer) -> Layer:
    """Return whose the approvals file is: without a word from anybody it is the project's."""
    return Layer.PROJECT if layer is Layer.BUILTIN else layer
