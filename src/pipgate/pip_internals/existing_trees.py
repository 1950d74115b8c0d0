"""A checkout that lies there already: fetched anew where nothing in it would be lost, else told apart."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipgate.public_urls import commit_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pip._internal.req.req_install import InstallRequirement

_MARK = "_pipgate_existing_tree"
_OF_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr"})
# What builds and Python leave in a tree, and make again.
_GENERATED = re.compile(r"__pycache__|build|.*\.(?:egg-info|pyc|so|pyd)")


def is_existing_tree(req: InstallRequirement) -> bool:
    """Return whether a checkout is built from a tree that we have not fetched: no commit speaks for it."""
    return _MARK in vars(req)


def mark(req: InstallRequirement) -> None:
    """Note that a requirement is built from the tree that lay there."""
    vars(req)[_MARK] = True


def replaced_by_fresh(req: InstallRequirement, fetch: Callable[[str, str], None]) -> bool:
    """Fetch the checkout beside the tree that lies there, and put it in its place.

    ``fetch`` fetches a URL into a directory. Returns False, with the tree as it was, where that is neither
    what the URL names nor the commit that it says it is: it may be somebody's work, and pip would go on with
    it. So may a branch or a stash that the repository has not, which would go with ``.git``. What it says of
    itself, such as ``.git/HEAD``, counts for nothing else.
    """
    there = req.source_dir
    assert there is not None
    assert req.link is not None
    if os.path.islink(there):  # noqa: PTH114 -- pip's paths are strings
        return False
    with _beside(there) as directory:
        fresh, before = (os.path.join(directory, name) for name in ("fresh", "before"))  # noqa: PTH118 -- same
        fetch(req.link.url, fresh)
        if _has_work_of_its_own(there, fresh):
            return False
        if not _has_nothing_more(there, fresh) and not _is_an_earlier_commit(req, before, fetch):
            return False
        shutil.rmtree(before, ignore_errors=True)
        os.rename(there, before)  # noqa: PTH104 -- same
        os.rename(fresh, there)  # noqa: PTH104 -- same
    return True


def _is_an_earlier_commit(req: InstallRequirement, place: str, fetch: Callable[[str, str], None]) -> bool:
    """Return whether a tree is the commit of the same repository that it says it is, as a pin moves on."""
    from pip._internal.exceptions import InstallationError
    from pip._internal.vcs.git import Git

    assert req.link is not None
    if not req.link.scheme.startswith("git+"):
        return False
    try:
        commit = Git.get_revision(req.source_dir or "")
        if commit_in(f"git+x://x/x@{commit}") is None:
            return False
        url, _, _ = Git.get_url_rev_and_auth(req.link.url)
        fetch(f"git+{url}@{commit}", place)
    except InstallationError:
        return False
    return _has_nothing_more(req.source_dir or "", place)


def _has_work_of_its_own(there: str, fresh: str) -> bool:
    """Return whether a repository may hold commits that the fresh one has not; runs nothing in it."""
    if os.path.lexists(os.path.join(there, ".hg")):  # noqa: PTH118 -- same; heads and shelves are not compared
        return True
    git = os.path.join(there, ".git")  # noqa: PTH118 -- same
    if not os.path.lexists(git):
        return False
    if os.path.islink(git) or not os.path.isdir(git):  # noqa: PTH112, PTH114 -- same
        return True
    modules = (place for place, _, names in os.walk(os.path.join(git, "modules")) if "HEAD" in names)  # noqa: PTH118 -- same
    places = [git, *(place for place in modules if "/logs" not in place and "/remotes/" not in place)]
    return any(
        _has_other_commits(place, os.path.join(fresh, os.path.relpath(place, there)))  # noqa: PTH118 -- same
        for place in places
    )


def _has_other_commits(git: str, fresh: str) -> bool:
    if _listed(os.path.join(git, "worktrees")) or not os.path.isdir(fresh):  # noqa: PTH112, PTH118 -- same
        return True
    own = {commit for name, commit in _refs(git) if not name.startswith("refs/remotes/")}
    known = {commit for _, commit in _refs(fresh)}
    return not all(commit_in(f"git+x://x/x@{each}") and _holds(fresh, each) for each in own - known)


def _holds(git: str, commit: str) -> bool:
    from pip._internal.exceptions import InstallationError
    from pip._internal.vcs.git import Git  # its own has_commit always says no before pip 24

    words = ["rev-parse", "-q", "--verify", f"{commit}^{{commit}}"]
    try:
        Git.run_command(words, show_stdout=False, stdout_only=True, cwd=git)
    except InstallationError:
        return False
    return True


def _refs(git: str) -> Iterator[tuple[str, str]]:
    """Yield the names in a repository and the commit of each, as gitrepository-layout has them."""
    for place, _, names in os.walk(os.path.join(git, "refs")):  # noqa: PTH118 -- same
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 -- same
            yield os.path.relpath(path, git).replace(os.sep, "/"), _text(path).strip()
    head = _text(os.path.join(git, "HEAD")).strip()  # noqa: PTH118 -- same
    packed = _text(os.path.join(git, "packed-refs")).splitlines()  # noqa: PTH118 -- same
    lines = [line.partition(" ") for line in packed if line[:1] not in {"#", "^", ""}]
    yield from ((name, commit) for commit, _, name in lines)
    yield from [("HEAD", head)] if not head.startswith("ref: ") else []


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 -- same
            return file.read()
    except OSError:
        return ""


@contextmanager
def _beside(there: str) -> Iterator[str]:
    parent = os.path.dirname(os.path.abspath(there))  # noqa: PTH100, PTH120 -- same
    directory = tempfile.mkdtemp(prefix=".pipgate-", dir=parent)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _has_nothing_more(there: str, fresh: str) -> bool:
    """Return whether a tree holds what the fresh one holds, and beside that only what a build leaves."""
    names, wanted = _names(there), _names(fresh)
    if wanted - names or any(_GENERATED.fullmatch(name) is None for name in names - wanted):
        return False
    return all(_is_same(os.path.join(there, name), os.path.join(fresh, name)) for name in wanted)  # noqa: PTH118 -- same


def _names(directory: str) -> set[str]:
    return _listed(directory) - _OF_VERSION_CONTROL


def _listed(directory: str) -> set[str]:
    try:
        return set(os.listdir(directory))  # noqa: PTH208 -- same
    except OSError:
        return set()


def _is_same(one: str, other: str) -> bool:
    if os.path.islink(one) or os.path.islink(other):  # noqa: PTH114 -- same
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)  # noqa: PTH114, PTH115 -- same
    if os.path.isdir(one) and os.path.isdir(other):  # noqa: PTH112 -- same
        return _has_nothing_more(one, other)
    if not (os.path.isfile(one) and os.path.isfile(other)):  # noqa: PTH113 -- same
        return False
    return os.access(one, os.X_OK) == os.access(other, os.X_OK) and filecmp.cmp(one, other, shallow=False)
