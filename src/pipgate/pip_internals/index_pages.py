"""What the pages of an index say beside the links: upload times and the status of a project."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from pipgate.pip_internals.run_state import PageFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.pip_internals.run_state import Run

_STATUS = b"project-status"


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
