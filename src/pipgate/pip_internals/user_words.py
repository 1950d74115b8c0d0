"""What the user said: the command, and the sources that were named."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from pipgate.archive_names import normalised
from pipgate.pip_internals.gate_sources import own_places
from pipgate.pip_internals.names import settings_of_file
from pipgate.pip_internals.other_places import Target
from pipgate.pip_internals.run_state import Command, Destination
from pipgate.public_urls import public_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.pip_internals.run_state import Run

_FETCHED_FILE = re.compile(r"(?:https?|ftp):", re.IGNORECASE)  # as pip: it asks for no slashes
_OF_PROJECT = re.compile(r"[^()]* \(((?:.*/)?(?:pyproject\.toml|setup\.cfg|setup\.py))\)", re.DOTALL)
_CONSTRAINT = ("--constraint", "-c")
_LINE_OF_FILE = re.compile(r"-[rc] (.*) \(line \d+\)", re.DOTALL)


def get_requirements(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``RequirementCommand.get_requirements``: the command is known, and what the user named."""

    @functools.wraps(original)
    def read_requirements(self: Any, *args: Any, **kwargs: Any) -> Any:
        options = kwargs.get("options", args[1] if len(args) > 1 else None)
        run.command = _command(self.name, options)
        if run.plan_only:  # of what would be built, by a dry run
            run.command = run.command._replace(builds=True)
        run.tell_gate_the_command()
        finder = kwargs.get("finder", args[2] if len(args) > 2 else None)  # noqa: PLR2004 -- behind args and options
        run.own_places = None if finder is None else own_places(finder, run)
        reqs = original(self, *args, **kwargs)
        _note_settings(reqs, run)
        if not run.is_child:
            _note_named(reqs, getattr(options, "requirements", ()), run)
            _note_constrained(reqs, getattr(options, "constraints", ()), run)
        return reqs

    return read_requirements


def get_file_content(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``get_file_content``: what a fetched requirements file names, the user has not named."""

    @functools.wraps(original)
    def read_file(url: str, *args: Any, **kwargs: Any) -> Any:
        run.fetched_requirements = run.fetched_requirements or _is_fetched(url)
        return original(url, *args, **kwargs)

    return read_file


def from_parsed_requirement(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``install_req_from_parsed_requirement``: what a program has read from a requirements file.

    A program that uses pip as a library calls it itself, as pip-tools does. In a command of pip it is known
    which files the user named.
    """

    @functools.wraps(original)
    def read_requirement(*args: Any, **kwargs: Any) -> Any:
        req = original(*args, **kwargs)
        if run.is_library and not run.chain_of_build():
            _note_named([req], run.own_files, run)
        return req

    return read_requirement


def parse_file(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Watch ``RequirementsFileParser.parse``: the files that a program was given are the user's own."""

    @functools.wraps(original)
    def parse(self: Any, filename: str, *args: Any, **kwargs: Any) -> Any:
        if run.is_library:
            run.own_files.add(filename)
        return original(self, filename, *args, **kwargs)

    return parse


def note_own_project(root_reqs: Iterable[InstallRequirement], run: Run) -> None:
    """Remember a project that a program which uses pip as a library has read and that requires itself.

    pip-tools says ``NAME (PATH/pyproject.toml)`` of what stands there; no metadata can say that.
    """
    for req in root_reqs if run.is_library else ():
        file = _OF_PROJECT.fullmatch(req.comes_from) if isinstance(req.comes_from, str) else None
        if file is None or req.link is None or req.link.scheme != "file":
            continue
        if os.path.realpath(req.link.file_path) == os.path.realpath(os.path.dirname(file.group(1))):  # noqa: PTH120 -- a string
            _note_named([req], (), run)


def _command(name: str, options: Any) -> Command:
    """Return the command; what is not known to run nothing counts as one that builds."""
    return Command(
        name,
        builds=not (name in {"download", "lock"} or getattr(options, "dry_run", False)),
        follows=not getattr(options, "ignore_dependencies", False),
        reports=getattr(options, "json_report_file", None) is not None,
        destination=_destination(options) if name == "install" else None,
    )


def _destination(options: Any) -> Destination:
    return Destination(
        target=_target(options),
        prefix=options.prefix_path,
        root=options.root_path,
        user=bool(options.use_user_site),
        alone=bool(options.ignore_installed),
    )


def _target(options: Any) -> Target | None:
    directory = options.target_dir
    return Target(os.path.abspath(directory), bool(options.upgrade)) if directory else None  # noqa: PTH100 -- as pip does


def _note_named(reqs: Iterable[InstallRequirement], own_files: Iterable[str], run: Run) -> None:
    """Remember the trees, archives and checkouts among the user's own requirements.

    Constraints do not count, nor does what stands in a requirements file that was fetched over the network.
    Once one was fetched, only ``own_files``, which the user named, count: the others may be named by it.
    """
    own = set(own_files)
    for req in reqs:
        if req.constraint or req.link is None or not _is_own(req.comes_from, own, run):
            continue
        run.named.add(public_url(req.link.url))
        if req.link.scheme == "file":
            tree = os.path.join(req.link.file_path, req.link.subdirectory_fragment or "")  # noqa: PTH118 -- a string
            with contextlib.suppress(ValueError):  # a NUL, or what this system cannot encode: it is no place
                run.named.add(os.path.realpath(tree))


def _note_settings(reqs: Iterable[InstallRequirement], run: Run) -> None:
    """Remember for which projects a requirements file says how they are built: the cache does not know."""
    for req in reqs:
        settings = settings_of_file(req)
        if settings is not None and req.name:
            run.settings[normalised(req.name)] = settings


def _note_constrained(reqs: Iterable[InstallRequirement], files: Iterable[str], run: Run) -> None:
    """Remember which URL is which project by the caller's own constraints, as ``pip freeze`` writes them.

    That are files of this machine that the command line or PIP_CONSTRAINT names, and no pip.conf, which
    others can have written; nor what these files name in turn.
    """
    said = {*os.environ.get("PIP_CONSTRAINT", "").split()}
    words = sys.argv[1:]
    said.update(after for word, after in itertools.pairwise(words) if word in _CONSTRAINT)
    said.update(
        word.removeprefix(option).removeprefix("=")
        for word in words
        for option in _CONSTRAINT
        if word.startswith(option)
    )
    own = {file for file in files if file in said and not _is_fetched(file)}
    for req in reqs:
        line = _LINE_OF_FILE.fullmatch(req.comes_from) if isinstance(req.comes_from, str) else None
        if req.constraint and req.name and req.link is not None and line is not None and line[1] in own:
            run.constrained.add((normalised(req.name), req.link.url))


def _is_own(comes_from: Any, own_files: set[str], run: Run) -> bool:
    if not isinstance(comes_from, str):
        return True  # the command line
    line = _LINE_OF_FILE.fullmatch(comes_from)
    file = line.group(1) if line else comes_from
    return not _is_fetched(file) and (file in own_files or not run.fetched_requirements)


def _is_fetched(file: str) -> bool:
    """Return whether a requirements file is one that pip fetches over the network."""
    return _FETCHED_FILE.match(file) is not None
