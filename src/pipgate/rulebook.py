"""The policy and the approvals that hold for one run, read from all their places."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pipgate import trust
from pipgate.approvals import Approvals
from pipgate.approvals_file import text_of
from pipgate.errors import PolicyError
from pipgate.origin import Layer
from pipgate.policy import Policy
from pipgate.policy_places import (
    APPROVALS,
    Named,
    PolicyPlace,
    find_project,
    find_root,
    policy_files,
)
from pipgate.trust import ProjectFiles
from pipgate.user_directories import config_home, state_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipgate.approvals import Approval
    from pipgate.policy import PolicyLayer, Setting


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that holds for a run.

    ``project`` is the real path of the project, ``approvals_path`` where an approval would be written,
    ``files`` what the project says for itself and ``trusted`` whether that may loosen anything. ``passed_by``
    are the approvals of the project that were not used because it is not trusted. ``approvals_files`` are all
    that were looked for, ``is_written`` says that there is any file at all. ``trusted_by_system_alone`` says
    that the system's file has floors, so that nobody else's trust counts.
    """

    policy: Policy
    approvals: Approvals
    project: str
    approvals_path: str
    files: ProjectFiles
    trusted: bool
    passed_by: tuple[Approval, ...] = ()
    approvals_files: tuple[str, ...] = ()
    is_written: bool = False
    trusted_by_system_alone: bool = False


def load_rulebook(
    given: Named,
    cwd: str,
    environ: Mapping[str, str],
    *,
    mode: str | None = None,
    begins_approvals: bool = False,
) -> Rulebook:
    """Read every policy and approvals file there is; raises PolicyError for any that is not valid.

    ``mode`` is what ``--gate-mode`` said. An approvals file that the caller names has to be there, unless
    ``begins_approvals`` says that it may be about to be written.
    """
    project_file, root = find_project(cwd), os.path.realpath(find_root(cwd))
    places = policy_files(project_file, given, environ)
    if mode is not None:
        places.append(_of_option("mode", mode))
    state = state_home(environ)
    layers = [(place, _at_home(layer, root)) for place in places if (layer := _parsed(place, state))]
    texts = cache(text_of)  # each file is read once: what is hashed is what is used
    files = _project_files(layers, root, texts)
    trusted = _is_trusted(files, layers, state)
    policy = _merged([layer for _, layer in layers], trusted=trusted) if layers else Policy()
    sources = _approvals_files(policy, root, given, environ)
    locked = any("approvals" in layer.locked for _, layer in layers)
    told = {path: _read_approvals(path, layer, texts(path), state) for path, layer in sources.items()}
    if not begins_approvals:
        _require_named(given, texts)
    counting, passed_by = _counting(told, sources, trusted=trusted, locked=locked)
    return Rulebook(
        policy,
        counting,
        root,
        _approvals_path(policy, root, given),
        files,
        trusted,
        passed_by,
        tuple(sources),
        is_written=bool(places) or any(texts(path) is not None for path in sources),
        trusted_by_system_alone=_is_closed(layers),
    )


def _require_named(given: Named, texts: Callable[[str], str | None]) -> None:
    for _, path in given.approvals:
        if texts(os.path.abspath(path)) is None:  # noqa: PTH100 -- strings
            raise PolicyError(path, "there is no such file")


def _parsed(place: PolicyPlace, state: str) -> PolicyLayer | None:
    from pipgate.parsed_policies import read_policy  # noqa: PLC0415 -- without a policy nobody pays for it

    layer = read_policy(place, state)
    if layer is None and place.layer is not Layer.PROJECT:
        raise PolicyError(place.path, f"there is no table [{'.'.join(place.table)}] in it")
    return layer


def _merged(layers: list[PolicyLayer], *, trusted: bool) -> Policy:
    from pipgate.policy_layers import merge  # noqa: PLC0415 -- same

    return merge(layers, may_loosen=lambda layer: _may_loosen(layer.layer, trusted=trusted))


def _may_loosen(layer: Layer, *, trusted: bool) -> bool:
    return trusted if layer is Layer.PROJECT else layer is not Layer.PIP_CONF


def _of_option(key: str, value: str) -> PolicyPlace:
    """Return an option of the command line as the nearest layer."""
    return PolicyPlace(Layer.COMMAND_LINE, f"--gate-{key}", f'version = 1\n{key} = "{value}"\n')


def _at_home(layer: PolicyLayer, root: str) -> PolicyLayer:
    """Return a layer whose directories are real paths; relative ones are the project's.

    An approvals file lies beside the policy of the system or a user that names it. A policy that the caller
    names speaks of the project's, as its own policy does.
    """
    key = "first-party.paths"
    settings, locked = _beside(layer.settings), _beside(layer.locked)
    return replace(layer, settings=_real(settings, key, root), locked=_real(locked, key, root))


def _beside(settings: Mapping[str, Setting[Any]]) -> Mapping[str, Setting[Any]]:
    setting = settings.get("approvals")
    of_the_project = {Layer.PROJECT, Layer.ENVIRONMENT, Layer.COMMAND_LINE}
    if setting is None or setting.origin.layer in of_the_project or setting.origin.file is None:
        return settings
    directory = os.path.dirname(os.path.abspath(setting.origin.file))  # noqa: PTH100, PTH120 -- strings
    path = os.path.join(directory, setting.value)  # noqa: PTH118 -- same
    return {**settings, "approvals": replace(setting, value=path)}


def _real(settings: Mapping[str, Setting[Any]], key: str, root: str) -> Mapping[str, Setting[Any]]:
    if key not in settings:
        return settings
    setting = settings[key]
    paths = [each if each == "*" else os.path.realpath(os.path.join(root, each)) for each in setting.value]  # noqa: PTH118 -- strings
    return {**settings, key: replace(setting, value=tuple(paths))}


def _project_files(
    layers: list[tuple[PolicyPlace, PolicyLayer]], root: str, texts: Callable[[str], str | None]
) -> ProjectFiles:
    own = next((pair for pair in layers if pair[0].layer is Layer.PROJECT), None)
    text, approvals = "", APPROVALS
    if own is not None:
        place, layer = own
        from pipgate.policy_file import table_text  # noqa: PLC0415 -- same

        text = table_text(place.text, place.path, place.table) if place.table else place.text
        setting = layer.settings.get("approvals")
        approvals = str(setting.value) if setting is not None else approvals
    path = os.path.join(root, approvals)  # noqa: PTH118 -- strings
    return ProjectFiles(root, text, texts(path) or "", path)


def _is_trusted(files: ProjectFiles, layers: list[tuple[PolicyPlace, PolicyLayer]], state: str) -> bool:
    """Return whether the project's own files may loosen: for the system, else for the user.

    Where the system sets floors, it alone says which projects it trusts. A project's file that the caller
    names counts as the caller's, and what lies beside it does not.
    """
    by_system = [
        os.path.realpath(each.value)
        for _, layer in layers
        if layer.layer is Layer.SYSTEM
        for each in layer.trust_projects
    ]
    if any(files.root == path or files.root.startswith(path.rstrip("/") + "/") for path in by_system):
        return True
    return not _is_closed(layers) and (files.says_nothing or trust.is_trusted(files, state))


def _is_closed(layers: list[tuple[PolicyPlace, PolicyLayer]]) -> bool:
    return any(layer.locked for _, layer in layers if layer.layer is Layer.SYSTEM)


def _approvals_path(policy: Policy, root: str, given: Named) -> str:
    """Return the file that ``approve`` writes: the one that was named, else the one of the policy."""
    if given.approvals:
        return os.path.abspath(given.approvals[-1][1])  # noqa: PTH100 -- strings
    return os.path.join(root, policy.approvals.value)  # noqa: PTH118 -- strings


def _approvals_files(policy: Policy, root: str, given: Named, environ: Mapping[str, str]) -> dict[str, Layer]:
    """Return the approvals files to look for, the policy's own first, and whose they are."""
    files = {_approvals_path(policy, root, Named()): _owner(policy.approvals)}
    files[os.path.join(config_home(environ), APPROVALS)] = Layer.USER  # noqa: PTH118 -- strings
    return files | {os.path.abspath(path): layer for layer, path in given.approvals}  # noqa: PTH100 -- strings


def _counting(
    told: Mapping[str, Approvals], sources: Mapping[str, Layer], *, trusted: bool, locked: bool
) -> tuple[Approvals, tuple[Approval, ...]]:
    """Return what counts of all approvals files, and the approvals of an untrusted project.

    Revocations always count. A locked approvals file, the first, is the only one whose approvals do. What the
    pip.conf of an environment names allows nothing.
    """
    of_policy = next(iter(sources))
    counts = {
        path: path == of_policy if locked else _may_loosen(layer, trusted=trusted)
        for path, layer in sources.items()
    }
    approved = [each for path, held in told.items() if counts[path] for each in held.approved]
    passed_by = [each for path, held in told.items() if not counts[path] for each in held.approved]
    revoked = [each for held in told.values() for each in held.revoked]
    return Approvals(tuple(approved), tuple(revoked)), tuple(passed_by)


def _read_approvals(path: str, layer: Layer, text: str | None, state: str) -> Approvals:
    if text is None:  # the usual case, which loads nothing more
        return Approvals()
    from pipgate.parsed_approvals import read_strictest  # noqa: PLC0415 -- see above

    return read_strictest(text, path, layer, state)


def _owner(approvals: Setting[str]) -> Layer:
    """Return whose the approvals file is: the project's, unless one is named by its whole path."""
    return approvals.origin.layer if os.path.isabs(approvals.value) else Layer.PROJECT  # noqa: PTH117 -- strings
