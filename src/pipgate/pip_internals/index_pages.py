"""What the pages of an index say beside the links: upload times and the status of a project."""

from __future__ import annotations

import functools
import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from pipgate.pip_internals.run_state import PageFacts
from pipgate.plain_text import plain
from pipgate.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.pip_internals.run_state import Run

_STATUS = b"project-status"


def parse_links(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Read a page once more where the policy asks for what pip does not keep of it.

    Why a file was yanked is for people, and pip shows it: on one line, and plain. A file with a line break in
    its name is passed by: pip would show lines that look like ours.
    """

    @functools.wraps(original)
    def links(page: Any) -> Any:
        found = []
        for link in original(page):
            if not {"\n", "\r"}.isdisjoint(link.filename):
                _tell_once(f"note: {plain(link.filename)} is passed by: its name has a line break.", run)
                continue
            found.append(link)
            if link.yanked_reason:
                link.yanked_reason = plain(link.yanked_reason, len(link.yanked_reason))
        if run.resolving.get() is not None and (run.asks_for_times or _STATUS in page.content):
            html = page.content_type.lower().startswith("text/html")
            run.pages[page.url] = _facts_of_html(page.content) if html else _facts(page.content)
        return found

    return links


def _tell_once(line: str, run: Run) -> None:
    if line not in run.told:
        run.told.add(line)
        say(line)


def _facts(content: bytes) -> PageFacts:
    """Return what a JSON page says (PEP 691, PEP 700, PEP 792); what is no page says nothing."""
    try:
        told = json.loads(content)
        status = told.get("project-status", {}).get("status")
        timed = [each for each in told.get("files", []) if isinstance(each.get("upload-time"), str)]
        files = {each["filename"]: each["upload-time"] for each in timed}
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return PageFacts()
    return PageFacts((status,) if isinstance(status, str) else (), files)


def _facts_of_html(content: bytes) -> PageFacts:
    """Return the status of the project, which is all that an HTML page says (PEP 792)."""
    reader = _StatusReader()
    reader.feed(content.decode("utf-8", "replace"))
    return PageFacts((reader.status,) if reader.status else ())


class _StatusReader(HTMLParser):
    """Finds ``<meta name="pypi:project-status" content="...">``."""

    def __init__(self) -> None:
        super().__init__()
        self.status: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the first status there is."""
        said = dict(attrs)
        if tag == "meta" and said.get("name") == "pypi:project-status" and self.status is None:
            self.status = said.get("content")
