"""URLs as they may be shown and compared: without credentials."""

from __future__ import annotations

import re


def public_url(url: str) -> str:
    """Return ``url`` without credentials, and of its fragment the subdirectory alone.

    It is what is shown, and how two URLs are compared. The authority ends where urllib3 and RFC 3986 end it,
    at ``/``, ``?``, ``#`` or a backslash: ``http://a?@b`` is the host ``a``.
    """
    before, _, fragment = url.partition("#")
    scheme, separator, rest = before.partition("://")
    if not separator:
        return before
    authority = re.split(r"[/?\\]", rest, maxsplit=1)[0]
    subdirectory = re.search(r"(?:^|&)subdirectory=([^&]+)", fragment)
    shown = f"{scheme.lower()}://{authority.rpartition('@')[2].lower()}{rest[len(authority) :]}"
    return f"{shown}#subdirectory={subdirectory.group(1)}" if subdirectory else shown
