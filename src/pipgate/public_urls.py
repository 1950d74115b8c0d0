"""URLs as they may be shown and compared: without credentials."""

from __future__ import annotations

import re
from urllib.parse import unquote

_DECODINGS = 3  # a proxy may decode once more than the server behind it


def climbs(url: str) -> bool:
    """Return whether the path of a URL has a segment ``.`` or ``..``, also encoded (RFC 3986, 5.2.4)."""
    path = url.partition("#")[0].partition("?")[0].partition("://")[2]
    for _ in range(_DECODINGS):
        if not {".", ".."}.isdisjoint(re.split(r"[/\\]", path)):
            return True
        path = unquote(path)
    return not {".", ".."}.isdisjoint(re.split(r"[/\\]", path))


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
