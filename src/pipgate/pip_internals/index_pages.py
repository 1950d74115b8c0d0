"""What the pages of an index say beside the links: upload times and the status of a project."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipgate.build_request import Offer, public_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pip._internal.models.link import Link

    from pipgate.pip_internals.run_state import Run

_STATUS = b"project-status"


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The status of a project, and when each of its files was uploaded, by file name."""

    statuses: tuple[str, ...] = ()
    uploaded: Mapping[str, str] = field(default_factory=dict)


def parse_links(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Read a JSON page (PEP 691) once more where the policy asks for what pip does not keep of it."""

    @functools.wraps(original)
    def links(page: Any) -> Any:
        found = original(page)
        timed = run.opened is not None and run.opened.policy.min_age.value
        if run.resolving.get() is not None and (timed or _STATUS in page.content):
            run.pages[page.url] = _facts(page.content)
        return found

    return links


def offer_of(link: Link, run: Run) -> Offer:
    """Return what the index says of a file."""
    page = getattr(link.comes_from, "url", link.comes_from)
    facts = run.pages.get(page, PageFacts()) if isinstance(page, str) else PageFacts()
    yanked = ("yanked",) if link.is_yanked else ()
    index = public_url(page) if isinstance(page, str) else None
    return Offer(index, facts.uploaded.get(link.filename), (*yanked, *facts.statuses))


def _facts(content: bytes) -> PageFacts:
    """Return what a JSON page says; an HTML page has no upload times, and what is no page says nothing."""
    try:
        told = json.loads(content)
        status = told.get("project-status", {}).get("status")
        timed = [each for each in told.get("files", []) if each.get("upload-time")]
        files = {each["filename"]: each["upload-time"] for each in timed}
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return PageFacts()
    return PageFacts((status,) if isinstance(status, str) else (), files)
