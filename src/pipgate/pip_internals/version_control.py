"""The choke points where pip starts git and its like: fetching is allowed for what the user named."""

from __future__ import annotations

import functools
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pipgate import permit
from pipgate.permit import Permit, unrecorded
from pipgate.pip_internals import existing_trees
from pipgate.pip_internals.own_processes import lies_in_environment
from pipgate.pip_internals.presented_errors import bad_command, installation_error, presented
from pipgate.plain_text import plain, shell_line
from pipgate.public_urls import repository, revision_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pip._internal.models.link import Link
    from pip._internal.req.req_install import InstallRequirement

    from pipgate.pip_internals.run_state import Run

_fetching: ContextVar[bool] = ContextVar("pipgate_fetching", default=False)
_decided: ContextVar[str | None] = ContextVar("pipgate_decided_checkout", default=None)

# What pip asks of a repository that is already there (freeze, the commit of a checkout).
_QUESTIONS = {
    "git": {"config", "rev-parse", "show-ref", "symbolic-ref", "version"},
    "hg": {"identify", "parents", "root", "showconfig"},
    "svn": {"info", "--version"},
    "bzr": {"info", "revno", "root"},
}
# A repository's own configuration must not name a program to start: no hooks, no fsmonitor, no "ext::" URLs.
_HARMLESS_GIT = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
)


def run_command(original: Callable[..., str], run: Run) -> Callable[..., str]:
    """Grant ``VersionControl.run_command`` while a fetch is allowed, and for plain questions.

    Where a question may run what a repository names, pip is told that there is none.
    """

    @functools.wraps(original)
    def granted_command(cls: Any, cmd: Sequence[Any], *args: Any, **kwargs: Any) -> str:
        words = [str(word) for word in cmd]
        cwd = kwargs.get("cwd", args[1] if len(args) > 1 else None)
        asks = words[:1] != [] and words[0] in _QUESTIONS.get(cls.name, ())
        if asks and not (_fetching.get() or _is_harmless_to_ask(cls.name, cwd, run)):
            raise installation_error(f"pipgate: {cls.name} is not asked about {cwd}")
        if not (_fetching.get() or asks):
            return original(cls, cmd, *args, **kwargs)  # lock 2 decides
        ours = {**_environment(cls.name), "PATH": _path_outside(cls.name)}
        kwargs["extra_environ"] = {**(kwargs.get("extra_environ") or {}), **ours}
        with permit.granted(Permit(used=unrecorded)):
            return original(cls, cmd, *args, **kwargs)

    return granted_command


def _path_outside(program: str) -> str:
    """Return PATH without what lies in the environment: a wheel can bring a git there, or what git starts.

    Raises the error that pip expects where there is no other; a fetch ends with the reason.
    """
    import shutil

    told = os.environ.get("PATH", os.defpath)
    path = os.pathsep.join(each for each in told.split(os.pathsep) if not lies_in_environment(each))
    found = shutil.which(program, path=path)
    inside = shutil.which(program) if found is None else found
    if inside is None or not lies_in_environment(inside):
        return path
    if not _fetching.get():
        raise bad_command(f"{program} lies in the environment")
    raise installation_error(
        f"pipgate: {program} lies in the environment, where a wheel can have brought it: {plain(inside)}. It "
        f"is not started. To go on, install {program} on the system, or put it on PATH before."
    )


def prepare_linked_requirement(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Decide on a checkout that somebody other than the user named, before it is fetched."""

    @functools.wraps(original)
    def prepare(self: Any, req: InstallRequirement, *args: Any, **kwargs: Any) -> Any:
        if req.link is None or not req.link.is_vcs:
            return original(self, req, *args, **kwargs)
        if run.plan_only:
            from pipgate.pip_internals.static_plan import put_checkout_by_name  # where no checkout is fetched

            put_checkout_by_name(req, run)
            return req.get_dist()
        with presented():
            _decide_on_fetch(req, run)
            token = _decided.set(req.link.url)
            try:
                return original(self, req, *args, **kwargs)
            finally:
                _decided.reset(token)

    return prepare


def unpack_vcs_link(original: Callable[..., None], run: Run) -> Callable[..., None]:
    """Grant the fetch of the checkout that has been decided on, and of no other."""

    @functools.wraps(original)
    def fetch(link: Link, location: str, *args: Any, **kwargs: Any) -> None:
        if _decided.get() != link.url:
            original(link, location, *args, **kwargs)  # lock 2 refuses
            return
        with _fetch():
            original(link, location, *args, **kwargs)
        run.fetched.add(os.path.realpath(location))

    return fetch


def update_editable(original: Callable[..., None], run: Run) -> Callable[..., None]:
    """Gate ``InstallRequirement.update_editable``: the clone or update of a checkout for ``-e``."""

    @functools.wraps(original)
    def update(self: InstallRequirement) -> None:
        if self.link is None or not self.link.is_vcs:
            original(self)
            return
        if run.plan_only:
            return
        with presented():
            _decide_on_fetch(self, run)
            there = self.source_dir is not None and os.path.lexists(self.source_dir)
            if there and existing_trees.replaced_by_fresh(self, _fetch_anew):
                return
            if there:
                _decide_on_what_lies_there(self, run)
            with _fetch():
                original(self)
            if not there:
                run.fetched.add(os.path.realpath(self.source_dir or ""))

    return update


def _fetch_anew(url: str, directory: str) -> None:
    """Fetch a VCS URL into a directory that is not there yet, as pip does."""
    from pip._internal.utils.misc import hide_url
    from pip._internal.vcs.versioncontrol import vcs

    backend = vcs.get_backend_for_scheme(url.partition("://")[0].lower())
    assert backend is not None
    with _fetch():
        backend.obtain(directory, url=hide_url(url), verbosity=0)


def _decide_on_what_lies_there(req: InstallRequirement, run: Run) -> None:
    """Raise BuildRefusedError for a tree that is not what was fetched, unless it is allowed by its name.

    Its files are built, and its configuration can name programs for git to run.
    """
    from pipgate.decision import Refused  # a run without checkouts does not load it
    from pipgate.gate import Subject
    from pipgate.pip_internals.from_pip import request_before_fetch

    existing_trees.mark(req)
    request = request_before_fetch(req, run)
    [decision] = run.gate.settle([Subject(request)])
    if isinstance(decision, Refused):
        there = req.source_dir or ""
        aside = shell_line(["mv", there, f"{there}.before"])
        what = "differs from what the URL names, or holds commits of its own"
        reason = f"{there} was there already and {what}; no approval speaks for it"
        details = (f"to have it fetched anew: {aside}",)
        raise run.gate.stop(request, Refused(decision.code, reason, details))


@contextmanager
def _fetch() -> Iterator[None]:
    token = _fetching.set(True)
    try:
        yield
    finally:
        _fetching.reset(token)


def _decide_on_fetch(req: InstallRequirement, run: Run) -> None:
    """Raise BuildRefusedError for a checkout that may not be fetched."""
    from pipgate.pip_internals.from_pip import (
        request_before_fetch,  # a run without checkouts does not load it
    )

    assert req.link is not None
    request = request_before_fetch(req, run)
    hostile = _hostile(req.link)
    if hostile is not None:
        from pipgate.decision import Refused  # same

        raise run.gate.stop(request, Refused("hostile-revision", hostile))
    if not request.named_by_user or _fetching_runs_code(req.link):
        _require(request, run)


def _require(request: Any, run: Run) -> None:
    from pipgate.decision import Refused  # same
    from pipgate.gate import Subject

    [decision] = run.gate.settle([Subject(request)])
    if isinstance(decision, Refused):
        raise run.gate.stop(request, decision)


def _hostile(link: Link) -> str | None:
    """Return why a VCS URL is not handed to a program, or None.

    pip says what it will hand over. None of it may read like an option (pip issue 12306, fixed in 23.3 for
    Mercurial), and it has to be what is decided on: the same repository at the same revision.
    """
    from pip._internal.vcs.versioncontrol import vcs

    backend = vcs.get_backend_for_scheme(link.scheme)
    assert backend is not None
    url, revision, (user, password) = backend.get_url_rev_and_auth(link.url)
    host = url.partition("://")[2].rpartition("@")[2]
    parts = [unquote(each) for each in (url, host, revision, user, password) if each]
    if any(each.lstrip().startswith("-") for each in parts):
        return "its revision, host or user reads like an option"
    if not all(each.isprintable() for each in parts):
        return "it holds a control character"
    judged, taken = revision_in(link.url), unquote(revision or "")
    places = {unquote(repository(each)) for each in (url, f"{backend.name}+{url}")}
    if unquote(judged) != taken or unquote(repository(link.url)) not in places:
        return "its revision cannot be told from its path"
    return None


def _fetching_runs_code(link: Link) -> bool:
    """Return whether a fetch may run what a repository on this machine names.

    Mercurial reads the settings of the repository that it fetches from: its hooks and extensions. git takes
    no program from there. Of the others it is not known.
    """
    return link.scheme.endswith("+file") and not link.scheme.startswith("git+")


def _is_harmless_to_ask(vcs: str, cwd: str | None, run: Run) -> bool:
    """Return whether a repository may be asked about: one of git, one that we fetched, or no wheel's.

    A Mercurial repository can name extensions, wherever a wheel says that it lies (``direct_url.json``).
    """
    if vcs == "git" or cwd is None or os.path.realpath(cwd) in run.fetched:
        return True
    return vcs != "hg" and not _is_in_environment(cwd)


def _is_in_environment(path: str) -> bool:
    prefix = os.path.realpath(sys.prefix)
    return os.path.commonpath([os.path.realpath(path), prefix]) == prefix


def _environment(vcs: str) -> dict[str, str]:
    """Return what keeps a program from what a repository's own settings name.

    For Mercurial: no aliases (``HGPLAIN``), and no ``.hg/hgrc``, of the source neither (``HGRCSKIPREPO``,
    Mercurial 5.3).
    """
    match vcs:
        case "git":
            return _git_environment()
        case "hg":
            return {"HGPLAIN": "1", "HGRCSKIPREPO": "1"}
        case _:
            return {}


def _git_environment() -> dict[str, str]:
    """Return settings that outrank a repository's own (``GIT_CONFIG_COUNT``, git 2.31)."""
    try:
        start = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    except ValueError:
        start = 0
    settings = {"GIT_CONFIG_COUNT": str(start + len(_HARMLESS_GIT)), "GIT_NO_REPLACE_OBJECTS": "1"}
    if not _fetching.get():
        # The former since git 2.45; what is missing would be fetched by a program that the settings name.
        settings |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    for number, (key, value) in enumerate(_HARMLESS_GIT, start):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings
