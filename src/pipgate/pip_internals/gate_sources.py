"""Whether what is offered as pip, or as what the gate needs, comes from a place that the user has named."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import site
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pipgate
from pipgate.archive_names import normalised
from pipgate.index_words import index_words
from pipgate.public_urls import public_url
from pipgate.wheel.gate_files import OWNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipgate.pip_internals.run_state import Run


class OwnPlaces(NamedTuple):
    """The indexes and find-links places of the command line, the environment and the user's pip.conf.

    A requirements file can add to those of ``finder``, and take their place.
    """

    finder: Any
    find_links: tuple[str, ...]
    index_urls: tuple[str, ...]

    def whole(self, scope: Any) -> Any:
        """Return the scope that has these places, as pip writes one."""
        return _scope(scope, list(self.find_links), list(self.index_urls))

    def split(self, scope: Any) -> tuple[Any, Any]:
        """Return those places of a scope that are the user's own, and the others."""
        own = {*map(_place, self.find_links), *map(_place, self.index_urls)}
        parts: tuple[list[list[str]], list[list[str]]] = ([], [])
        for places in (scope.find_links, scope.index_urls):
            parts[0].append([each for each in places if _place(each) in own])
            parts[1].append([each for each in places if _place(each) not in own])
        return _scope(scope, *parts[0]), _scope(scope, *parts[1])


def own_places(finder: Any, run: Run) -> OwnPlaces:
    """Return what a finder asks before it has seen a requirements file, which changes its lists.

    Without what a foreign pip.conf alone names: the command line, the environment or pip itself can name it
    as well.
    """
    from pip._internal.models.index import PyPI  # pip has loaded it

    from pipgate.pip_internals import index_pages  # noqa: F401 -- pip 26.3 imports nothing when is_users asks

    words = [PyPI.simple_url, *index_words(sys.argv[1:])]
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        words += os.environ.get(name, "").split()
    foreign = {place for place, file in run.configured.items() if file} - set(map(_place, words))
    links, urls = (
        tuple(each for each in words if _place(each) not in foreign)
        for words in (finder.find_links, finder.index_urls)
    )
    return OwnPlaces(finder, links, urls)


def note_named(dest: str, value: object, file: str, run: Run, *, is_own: bool) -> None:
    """Note which places a pip.conf names: what it says as one word, and each that pip makes of it."""
    if dest not in {"index_url", "extra_index_urls", "find_links"}:
        return
    for place in map(_place, (str(value), *str(value).split())):
        if is_own:
            run.configured[place] = ""
        else:
            run.configured.setdefault(place, file)


def _scope(like: Any, find_links: list[str], index_urls: list[str]) -> Any:
    return type(like)(find_links=find_links, index_urls=index_urls, no_index=like.no_index)


def _place(word: str) -> str:
    if "://" in word or "\0" in word:
        return public_url(word).rstrip("/")
    return os.path.realpath(os.path.expanduser(word))  # noqa: PTH111 -- as pip does


def is_gates(name: str | None) -> bool:
    """Return whether a project is pip, or one that the gate imports from this environment."""
    return name is not None and normalised(name) in OWNERS and serves_here(normalised(name))


def serves_here(project: str) -> bool:
    """Return whether this environment's copy of such a project is what the gate runs on; pip's always is.

    Where pipgate lies elsewhere, its command lines import nothing else from here.
    """
    if project == "pip" or _lies_here(pipgate):
        return True
    module = sys.modules.get(project)
    return module is not None and _lies_here(module)


def _lies_here(module: Any) -> bool:
    """Return whether a module is found by this interpreter's own path, where another copy can be nearer."""
    library = os.path.dirname(os.path.dirname(os.path.realpath(module.__file__)))  # noqa: PTH120 -- a string
    paths = sysconfig.get_paths()
    searched = [each for each in sys.path if each.endswith("-packages")]
    own = (paths["purelib"], paths["platlib"], site.getusersitepackages(), *searched)
    return library in {os.path.realpath(each) for each in own}


def collect_sources(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Note which files of such a project the user's own places offer."""

    @functools.wraps(original)
    def collect(self: Any, project_name: str, *args: Any, **kwargs: Any) -> Any:
        if run.own_places is None or not is_gates(project_name):
            return original(self, project_name, *args, **kwargs)
        scope = self.search_scope
        own, others = run.own_places.split(scope)
        try:
            self.search_scope = own
            ours = original(self, project_name, *args, **kwargs)
            self.search_scope = others
            theirs = original(self, project_name, *args, **kwargs)
        finally:
            self.search_scope = scope
        noted = [[each and _Noted(each, run.own_offers) for each in group] for group in ours]
        return type(ours)(*(mine + list(other) for mine, other in zip(noted, theirs, strict=True)))

    return collect


class _Noted:
    """A source of pip's whose links are noted."""

    def __init__(self, source: Any, offers: set[str]) -> None:
        self._source, self._offers = source, offers
        self.link = source.link

    def page_candidates(self) -> Iterator[Any]:
        """Yield what a page lists."""
        for candidate in self._source.page_candidates():
            self._offers.add(candidate.link.url)
            yield candidate

    def file_links(self) -> Iterator[Any]:
        """Yield what is a file itself."""
        for link in self._source.file_links():
            self._offers.add(link.url)
            yield link


class _Taken(NamedTuple):
    """The file that was taken from a place, of which a wheel may have been built here."""

    filename: str
    is_offered: bool
    sha256: str | None


def is_users(req: Any, run: Run) -> bool:
    """Return whether the user's own places offer what a requirement has become, by the link or by its bytes.

    They are asked once more where another place has given it, as a mirror that a requirements file names. Of
    a wheel that was built here, now or earlier, its source is asked for.
    """
    places = run.own_places
    if places is None:
        return True
    taken = _source_of(req, run.own_offers) or _wheel_of(req, run.own_offers)
    return taken.is_offered or any(
        each.filename == taken.filename and _has(each, taken.sha256) for each in _offered(req.name, places)
    )


def _wheel_of(req: Any, offers: set[str]) -> _Taken:
    name = os.path.basename(req.local_file_path)  # noqa: PTH119 -- pip's paths are strings
    is_offered = req.link is not None and req.link.url in offers
    return _Taken(name, is_offered, None if is_offered else _sha256(req.local_file_path))


def _source_of(req: Any, offers: set[str]) -> _Taken | None:
    """Return the archive that a wheel was built of, which pip notes as PEP 610 says, else None."""
    if req.download_info is None:
        return None
    noted = json.loads(req.download_info.to_json())
    url, archive = req.download_info.url, noted.get("archive_info")
    filename = unquote(urlsplit(url).path).rpartition("/")[2]
    if archive is None or noted.get("subdirectory") or filename.endswith(".whl"):
        return None
    is_offered = url in {each.partition("#")[0] for each in offers}
    return _Taken(filename, is_offered, archive.get("hashes", {}).get("sha256"))


def was_installed_from_there(req: Any) -> bool:
    """Return whether what is installed came from the very file or commit that a requirement has become.

    Both are noted as PEP 610 says. A file without a SHA-256 could be another one by now.
    """
    from pip._internal.metadata import get_default_environment  # pip has loaded it

    found = get_default_environment().get_distribution(req.name)
    noted = None if found is None else found.direct_url
    if noted is None or req.download_info is None:
        return False
    before, now = (json.loads(each.to_json()) for each in (noted, req.download_info))
    archive = now.get("archive_info")
    is_known = archive is None or "sha256" in archive.get("hashes", {})
    return is_known and _what(before) == _what(now)


def _what(noted: dict[str, Any]) -> tuple[Any, ...]:
    """Return what was noted but for the words that led to it, and the older ``hash`` beside ``hashes``."""
    archive, commit = noted.get("archive_info"), noted.get("vcs_info")
    return (
        *map(noted.get, ("url", "subdirectory", "dir_info")),
        archive and archive.get("hashes"),
        commit and (commit.get("vcs"), commit.get("commit_id")),
    )


def _offered(project: str, places: OwnPlaces) -> Iterable[Any]:
    finder, collector = places.finder, places.finder._link_collector
    scope = collector.search_scope
    evaluator = finder.make_link_evaluator(project)
    from_page = functools.partial(finder.process_project_url, link_evaluator=evaluator)
    try:
        collector.search_scope = places.whole(scope)
        sources = collector.collect_sources(project_name=project, candidates_from_page=from_page)
    finally:
        collector.search_scope = scope
    for each in (*sources.find_links, *sources.index_urls):
        if each is not None:
            yield from each.file_links()
            yield from (candidate.link for candidate in each.page_candidates())


def _has(link: Any, digest: str | None) -> bool:
    if link.is_file:
        return Path(link.file_path).is_file() and _sha256(link.file_path) == digest
    return (link.hash_name, link.hash) == ("sha256", digest)


def _sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
