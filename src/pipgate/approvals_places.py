"""Which approvals files there are for a run, whose each is, and whether its approvals count."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pipgate.origin import Layer
from pipgate.policy_places import APPROVALS
from pipgate.user_directories import barrier, config_home

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipgate.policy import Policy, PolicyLayer
    from pipgate.policy_places import Named


class ApprovalsFile(NamedTuple):
    """A file to look for, whose it is, and whether its approvals count. Its revocations always do."""

    path: str
    layer: Layer
    counts: bool
    why: str


class Settled(NamedTuple):
    """The policy that holds, the one that would hold in a trusted project, and whether it is trusted."""

    policy: Policy
    if_trusted: Policy
    trusted: bool


def of_policy(policy: Policy, root: str) -> tuple[str, Layer]:
    """Return the file that a merged policy names and whose it is: the project's, if its path is relative.

    Policies of the system and of users name whole paths by now. A policy that the caller names speaks of the
    project's file where it gives a relative path: it counts as far as the project is trusted.
    """
    setting = policy.approvals
    path = os.path.join(root, setting.value)  # noqa: PTH118 -- strings
    return path, setting.origin.layer if os.path.isabs(setting.value) else Layer.PROJECT  # noqa: PTH117 -- same


def users_file(environ: Mapping[str, str]) -> str:
    """Return the user's own approvals file, there or not."""
    return os.path.join(config_home(environ), APPROVALS)  # noqa: PTH118 -- strings


def approvals_files(
    settled: Settled,
    layers: Iterable[PolicyLayer],
    root: str,
    given: Named,
    environ: Mapping[str, str],
) -> tuple[ApprovalsFile, ...]:
    """Return every approvals file to look for, the policy's own first, each once whatever it is called.

    A file that is known under two names counts if it counts under one of them. Where the system locks the
    file, no other counts.
    """
    locked = any("approvals" in layer.locked for layer in layers)
    found: dict[str, ApprovalsFile] = {}
    for file in _named(settled, layers, root, given, environ):
        key = os.path.realpath(file.path)
        known = found.get(key)
        if locked and found and known is None:
            found[key] = file._replace(counts=False, why="the system's policy names the only one that counts")
        elif locked and not found:
            found[key] = file._replace(layer=Layer.SYSTEM, counts=True, why="the system's policy names it")
        elif known is None:
            found[key] = file
        elif file.counts and not known.counts:
            found[key] = file._replace(path=known.path)  # it is read once, under one name
    return tuple(found.values())


def _named(
    settled: Settled,
    layers: Iterable[PolicyLayer],
    root: str,
    given: Named,
    environ: Mapping[str, str],
) -> Iterator[ApprovalsFile]:
    path, layer = of_policy(settled.policy, root)
    yield ApprovalsFile(path, layer, *_counts(layer, trusted=settled.trusted))
    path, layer = of_policy(settled.if_trusted, root)
    if layer is Layer.PROJECT:
        yield ApprovalsFile(path, layer, *_counts(layer, trusted=settled.trusted))
    if barrier(config_home(environ)) is None:
        yield ApprovalsFile(users_file(environ), Layer.USER, True, "the user's own")  # noqa: FBT003 -- a field
    for layer, path in given.approvals:
        yield ApprovalsFile(os.path.abspath(path), layer, True, "the caller names it")  # noqa: FBT003, PTH100 -- same
    for each in layers:
        for setting in (each.settings.get("approvals"), each.locked.get("approvals")):
            if setting is not None:
                path = os.path.join(root, setting.value)  # noqa: PTH118 -- strings
                yield ApprovalsFile(path, each.layer, False, "another policy is nearer")  # noqa: FBT003 -- a field


def _counts(layer: Layer, *, trusted: bool) -> tuple[bool, str]:
    if layer is Layer.PROJECT:
        return trusted, "the project is trusted" if trusted else "the project is not trusted"
    if layer is Layer.PIP_CONF:
        return False, "the pip.conf of an environment allows nothing"
    return True, f"the policy names it ({layer.value})"
