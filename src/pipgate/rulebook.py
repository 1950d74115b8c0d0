"""The policy and the approvals that hold for one run, read from all their places."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pipgate import trust
from pipgate.approvals import Approvals
from pipgate.approvals_file import read_text
from pipgate.approvals_places import ApprovalsFile, Settled, approvals_files, of_policy, users_file
from pipgate.decision import Allowed, decide
from pipgate.errors import PolicyError
from pipgate.offered import Again
from pipgate.origin import Layer
from pipgate.ownership import is_strangers
from pipgate.policy import Policy
from pipgate.policy_places import (
    Named,
    PolicyPlace,
    judge,
    look_up,
    policy_files,
    require_users,
    require_whole,
)
from pipgate.trust import ProjectFiles
from pipgate.user_directories import barrier, is_projects, state_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipgate.approvals import Approval
    from pipgate.build_request import BuildRequest
    from pipgate.decision import Context
    from pipgate.policy import PolicyLayer, Setting

    Texts = Callable[[str], tuple[str, os.stat_result] | None]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that holds for a run.

    ``project`` is the real path of the project, ``approvals_path`` where an approval would be written,
    ``files`` what the project says for itself and ``trusted`` whether that may loosen anything. ``passed_by``
    are the approvals of the project that were not used because it is not trusted. ``sources`` are all files
    that were looked for, and whether each counts; ``is_written`` says that there is any file at all.
    ``trusted_by_system_alone`` says that the system's file has floors, so that nobody else's trust counts.
    ``if_trusted`` is the policy that would hold if the project were trusted; ``options`` are those of ours
    that a command has to say again to come to the same rulebook.
    """

    policy: Policy
    approvals: Approvals
    project: str
    approvals_path: str
    files: ProjectFiles
    trusted: bool
    passed_by: tuple[Approval, ...] = ()
    sources: tuple[ApprovalsFile, ...] = ()
    is_written: bool = False
    trusted_by_system_alone: bool = False
    if_trusted: Policy | None = None
    options: tuple[str, ...] = ()

    @property
    def again(self) -> Again:
        """What a command says again to speak of the same."""
        return Again(self.options, wants_reason=self.policy.require_reason.value)

    def allows_if_trusted(self, request: BuildRequest, context: Context) -> bool:
        """Return whether the project's own files would allow a request, if this user trusted them."""
        if self.trusted or self.trusted_by_system_alone or self.if_trusted is None:
            return False
        held = replace(self.approvals, approved=(*self.approvals.approved, *self.passed_by))
        return isinstance(decide(request, self.if_trusted, held, context), Allowed)


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
    project = look_up(cwd)
    root = os.path.realpath(project.root)
    places = policy_files(project, given, environ)
    if mode is not None:
        places.append(_of_option("mode", mode))
    state = state_home(environ)
    memory = None if is_projects(state, root) else state
    pairs = [(place, _at_home(layer, root)) for place in places if (layer := _parsed(place, memory))]
    layers = [layer for _, layer in pairs]
    # Each file is read once: what is hashed is what is used. That the project is out of reach is told.
    closed = barrier(root)
    texts = cache(lambda path: None if closed and os.path.dirname(path) == root else read_text(path))  # noqa: PTH120 -- strings
    if_trusted = _merged(layers, trusted=True)
    files = _project_files(pairs, of_policy(if_trusted, root), root, texts)
    trusted = _is_trusted(files, layers, state)
    policy = if_trusted if trusted else _merged(layers, trusted=False)
    sources = approvals_files(Settled(policy, if_trusted, trusted), layers, root, given, environ)
    told = [(each, _read_approvals(each, texts, memory)) for each in sources]
    users = users_file(environ)
    if os.path.lexists(users):
        require_users(users, root)
    _require_named(given, texts, begins_approvals=begins_approvals)
    counting, passed_by = _counting(told, trusted=trusted)
    return Rulebook(
        policy,
        counting,
        root,
        _approvals_path(policy, files, root, given),
        files,
        trusted,
        passed_by,
        sources,
        is_written=bool(places) or any(texts(each.path) is not None for each in sources),
        trusted_by_system_alone=_is_closed(layers),
        if_trusted=if_trusted,
    )


def _require_named(given: Named, texts: Texts, *, begins_approvals: bool) -> None:
    for layer, path in given.approvals:
        require_whole(layer, path, "PIPGATE_APPROVALS")
        if not begins_approvals and texts(os.path.abspath(path)) is None:  # noqa: PTH100 -- strings
            raise PolicyError(path, "there is no such file")


def _parsed(place: PolicyPlace, state: str | None) -> PolicyLayer | None:
    from pipgate.parsed_policies import read_policy  # noqa: PLC0415 -- without a policy nobody pays for it

    layer = read_policy(place, state)
    if layer is None and place.layer is not Layer.PROJECT:
        raise PolicyError(place.path, f"there is no table [{'.'.join(place.table)}] in it")
    return layer


def _merged(layers: list[PolicyLayer], *, trusted: bool) -> Policy:
    if not layers:
        return Policy()
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
    from pipgate.policy_layers import DIRECTORIES  # noqa: PLC0415 -- where something is written

    settings, locked = _beside(layer.settings), _beside(layer.locked)
    for key in DIRECTORIES:
        settings, locked = _real(settings, key, root), _real(locked, key, root)
    return replace(layer, settings=settings, locked=locked)


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
    layers: list[tuple[PolicyPlace, PolicyLayer]], counting: tuple[str, Layer], root: str, texts: Texts
) -> ProjectFiles:
    """Return what the project says; ``counting`` is the approvals file that counts if it is trusted."""
    own = next((place for place, _ in layers if place.layer is Layer.PROJECT), None)
    text = "" if own is None else own.text
    if own is not None and own.table:
        from pipgate.policy_file import table_text  # noqa: PLC0415 -- same

        text = table_text(own.text, own.path, own.table)
    path, layer = counting
    if layer is not Layer.PROJECT:
        return ProjectFiles(root, text, "")
    return ProjectFiles(root, text, _text(ApprovalsFile(path, layer, False, ""), texts) or "", path)  # noqa: FBT003 -- a field


def _is_trusted(files: ProjectFiles, layers: list[PolicyLayer], state: str) -> bool:
    """Return whether the project's own files may loosen: for the system, else for the user.

    Where the system sets floors, it alone says which projects it trusts. A project's file that the caller
    names counts as the caller's, and what lies beside it does not.
    """
    by_system = [
        os.path.realpath(each.value)
        for layer in layers
        if layer.layer is Layer.SYSTEM
        for each in layer.trust_projects
    ]
    if any(files.root == path or files.root.startswith(path.rstrip("/") + "/") for path in by_system):
        return True
    return not _is_closed(layers) and (files.says_nothing or trust.is_trusted(files, state))


def _is_closed(layers: list[PolicyLayer]) -> bool:
    return any(layer.locked for layer in layers if layer.layer is Layer.SYSTEM)


def _approvals_path(policy: Policy, files: ProjectFiles, root: str, given: Named) -> str:
    """Return the file that ``approve`` writes: the one that was named, else the one of the policy.

    Of a project that is not trusted it is the one that would count if it were.
    """
    if given.approvals:
        return os.path.abspath(given.approvals[-1][1])  # noqa: PTH100 -- strings
    path, layer = of_policy(policy, root)
    return files.approvals_path or path if layer is Layer.PROJECT else path


def _counting(
    told: list[tuple[ApprovalsFile, Approvals]], *, trusted: bool
) -> tuple[Approvals, tuple[Approval, ...]]:
    """Return what counts of all approvals files, and what a project that is not trusted has approved.

    Revocations always count.
    """
    approved = [each for file, held in told if file.counts for each in held.approved]
    untrusted = [held for file, held in told if file.layer is Layer.PROJECT and not file.counts]
    passed_by = [] if trusted else [each for held in untrusted for each in held.approved]
    revoked = [each for _, held in told for each in held.revoked]
    return Approvals(tuple(approved), tuple(revoked)), tuple(passed_by)


def _read_approvals(file: ApprovalsFile, texts: Texts, state: str | None) -> Approvals:
    text = _text(file, texts)
    if text is None:  # the usual case, which loads nothing more
        return Approvals()
    from pipgate.parsed_approvals import read_strictest  # noqa: PLC0415 -- see above

    return read_strictest(text, file.path, file.layer, state)


def _text(file: ApprovalsFile, texts: Texts) -> str | None:
    """Return the text, None where there is none, or where it is nobody's of the project (``ignored``)."""
    told = texts(file.path)
    if told is None:
        return None
    judge(file.layer, file.path, told[1])
    return None if file.layer is Layer.PROJECT and is_strangers(file.path) else told[0]
