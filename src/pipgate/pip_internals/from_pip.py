"""pip's objects to our types, in this direction only."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipgate.approvals import CommitPin, Sha256Pin
from pipgate.archive_names import normalised, sha256_of_file, version_in_filename
from pipgate.build_request import Archive, BuildRequest, Directory, Offer, Purpose, Sdist, Source, Vcs
from pipgate.pip_internals.existing_trees import is_existing_tree
from pipgate.pip_internals.names import claim_of, is_tree, name_and_version, settings_of_file
from pipgate.pip_internals.run_state import PageFacts
from pipgate.plain_text import masked
from pipgate.public_urls import plain_subdirectory, public_url, repository, subdirectory_in

if TYPE_CHECKING:
    from pip._internal.models.link import Link
    from pip._internal.req.req_install import InstallRequirement

    from pipgate.built_wheels import Built
    from pipgate.pip_internals.names import AskedName
    from pipgate.pip_internals.run_state import Run

_LONGEST_CHAIN = 50


def build_request(
    req: InstallRequirement, run: Run, purpose: Purpose, *, asked: AskedName | None = None
) -> BuildRequest:
    """Return what pip wants to run for ``req``; reads and hashes the archive that pip has on disk.

    ``asked`` is the name that it was asked for by, where its own files may have given it another since.
    """
    assert req.link is not None
    name, version = name_and_version(req, asked)
    source = _source(req, req.link)
    return BuildRequest(
        name=name,
        version=version,
        source=source,
        purpose=purpose,
        required_by=required_by(req, run),
        named_by_user=_named(source, req.link, run),
        offer=replace(_offer(req.link, run), local=_local(source, req.link)),
        claimed=claim_of(req),
        settings=settings_of_file(req),
    )


def request_before_fetch(req: InstallRequirement, run: Run) -> BuildRequest:
    """Return the request for a checkout that has not been fetched, so that it has no commit yet."""
    assert req.link is not None
    source = _checkout(req, req.link, fetched=False)
    return BuildRequest(
        name=req.name,
        version=None,
        source=source,
        purpose=Purpose.METADATA,
        required_by=required_by(req, run),
        named_by_user=_named(source, req.link, run),
    )


def request_for_candidate(link: Link, name: str, run: Run) -> BuildRequest:
    """Return the request that a file of an index would lead to, from what the index says of it."""
    return _offered(link, name, run, link.hash if link.hash_name == "sha256" else None)


def _offered(link: Link, name: str, run: Run, sha256: str | None) -> BuildRequest:
    source = Sdist(link.filename, sha256, public_url(link.url), subdirectory(link))
    version = version_in_filename(name, link.filename)
    settings = run.settings.get(normalised(name))
    return BuildRequest(name, version, source, Purpose.WHEEL, offer=_offer(link, run), settings=settings)


def request_for_cached(link: Link, name: str | None, run: Run, of: Built) -> BuildRequest | None:
    """Return the request that ``link`` led to when its wheel was built and cached.

    None says that pip would not build that for the link. What the link says of its hash does not count: pip
    takes a file that fits any of several. pip does not say here whether the link is a direct reference; one
    that no index page or find-links directory holds is taken for one, which a name alone does not allow.
    """
    url, built = public_url(link.url), subdirectory(link)
    version = None
    match of.pin:
        case Sha256Pin(sha256, directory) if directory == built and not link.is_vcs:
            if link.comes_from is not None or link.url in run.offered_here:
                return replace(_offered(link, name or "", run, sha256), claimed=of.claimed)
            version = version_in_filename(name, link.filename)
            source: Source = Archive(link.filename, sha256, url, built)
        case CommitPin(vcs, commit, directory) if directory == built and vcs == repository(url):
            source = Vcs(url, commit, built)
        case _:
            return None
    named = _named(source, link, run)
    return BuildRequest(name, version, source, Purpose.WHEEL, named_by_user=named, claimed=of.claimed)


def _offer(link: Link, run: Run) -> Offer:
    """Return what the index says of a file."""
    page = getattr(link.comes_from, "url", link.comes_from)
    facts = run.pages.get(page, PageFacts()) if isinstance(page, str) else PageFacts()
    yanked = ("yanked",) if link.is_yanked else ()
    index = public_url(page) if isinstance(page, str) else None
    return Offer(index, facts.uploaded.get(link.filename), (*yanked, *facts.statuses))


def _local(source: Source, link: Link) -> str | None:
    """Return where an archive lies that was named by its path."""
    return os.path.realpath(link.file_path) if isinstance(source, Archive) and link.is_file else None


def _source(req: InstallRequirement, link: Link) -> Source:
    if link.is_vcs:
        return _checkout(req, link, fetched=True)
    if is_tree(req, link):
        path = os.path.join(req.source_dir or link.file_path, link.subdirectory_fragment or "")  # noqa: PTH118 -- a string
        return Directory(os.path.realpath(path), editable=req.editable)
    sha256 = sha256_of_file(req.local_file_path) if req.local_file_path else None
    if req.original_link is not None:
        return Archive(link.filename, sha256, public_url(link.url), subdirectory(link))
    return Sdist(link.filename, sha256, public_url(link.url), subdirectory(link))


def _checkout(req: InstallRequirement, link: Link, *, fetched: bool) -> Vcs:
    """Return the identity of a checkout; one that we have not fetched names no commit, whatever it says."""
    url = public_url(link.url)
    if is_existing_tree(req):
        return Vcs(repository(url), None, subdirectory(link))
    return Vcs(url, _commit(req, link) if fetched else None, subdirectory(link))


def subdirectory(link: Link) -> str:
    """Return the directory that pip will build in what the link leads to.

    One that the public URL does not show, because it stands in its user or host, leaves the tree.
    """
    built = plain_subdirectory(link.subdirectory_fragment or "")
    shown = plain_subdirectory(subdirectory_in(public_url(link.url)))
    return built if shown == built else ".."


def _commit(req: InstallRequirement, link: Link) -> str | None:
    from pip._internal.vcs.versioncontrol import vcs

    backend = vcs.get_backend_for_scheme(link.scheme)
    if backend is None or req.source_dir is None:
        return None
    return backend.get_requirement_revision(req.source_dir)  # of Mercurial a hash, and no local number


def _named(source: Source, link: Link, run: Run) -> bool:
    match source:
        case Directory(path=path):
            return run.was_named(path)
        case Archive() | Vcs():
            return run.was_named(public_url(link.url))
        case Sdist():
            return False


def required_by(req: InstallRequirement, run: Run) -> tuple[str, ...]:
    """Return who wants ``req``: the requirements above it, then the file or command, then the builds."""
    chain: list[str] = []
    above: Any = req.comes_from
    while above is not None and not isinstance(above, str) and len(chain) < _LONGEST_CHAIN:
        chain.append(str(above.req) if above.req else str(above.link))
        above = above.comes_from
    whole = (*chain, *((above,) if isinstance(above, str) else ()), *run.chain_of_build())
    return tuple(masked(each) for each in whole)
