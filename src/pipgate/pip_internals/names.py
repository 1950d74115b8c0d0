"""What a requirement is called, and whether its sources lie unpacked: all that takes no reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pip._vendor.packaging.utils import canonicalize_name

from pipgate.archive_names import is_name, stem, version_in_filename
from pipgate.plain_text import masked

if TYPE_CHECKING:
    from pip._internal.models.link import Link
    from pip._internal.req.req_install import InstallRequirement

_CLAIM = "_pipgate_claim"


class AskedName(NamedTuple):
    """The name that somebody asked for, before anything of it was read; None where only a place was."""

    name: str | None


def name_and_version(
    req: InstallRequirement, asked: AskedName | None = None
) -> tuple[str | None, str | None]:
    """Return what the requirement and the name of its file say, else None; reads nothing."""
    assert req.link is not None
    filename = None if is_tree(req, req.link) else req.link.filename
    name = req.name if asked is None else asked.name
    if not name and filename:
        before, _, version = stem(filename).rpartition("-")
        name = before if version[:1].isdigit() and is_name(before) else None
    canonical = str(canonicalize_name(name)) if name else None
    return canonical, version_in_filename(canonical, filename) if filename else None


def note_claim(req: InstallRequirement, name: str | None) -> None:
    """Note the name that the files of a requirement say, where that is not the one it was asked for by."""
    if name is not None and canonicalize_name(name) != canonicalize_name(req.name or ""):
        vars(req)[_CLAIM] = name


def claim_of(req: InstallRequirement) -> str | None:
    """Return the name that the files of a requirement say, if it is another."""
    claim = vars(req).get(_CLAIM)
    return claim if isinstance(claim, str) else None


def is_tree(req: InstallRequirement, link: Link) -> bool:
    """Return whether the sources lie unpacked in a directory: a checkout, or a tree on this machine."""
    return link.is_vcs or link.is_existing_dir() or req.editable


def settings_of_file(req: InstallRequirement) -> str | None:
    """Return what a requirements file tells the build of a requirement, and where it stands.

    ``--config-settings`` alone reaches a build from there: pip reads ``--global-option`` in a file and has
    passed it to no build since 23.1.
    """
    settings, where = req.config_settings, req.comes_from
    while where is not None and not isinstance(where, str):
        where = where.comes_from  # a copy without extras; what is required by another has no settings
    if not settings or where is None:
        return None  # without a file they are from the command line
    lists = {key: [said] if isinstance(said, str) else said for key, said in settings.items()}
    words = " ".join(f"--config-settings={key}={each}" for key, said in lists.items() for each in said)
    return masked(f"{where}: {words}")
