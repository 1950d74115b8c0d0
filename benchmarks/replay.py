"""The configured index, recorded on first use and replayed from then on, on loopback and with a latency."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin

if TYPE_CHECKING:
    from pathlib import Path

_JSON = "application/vnd.pypi.simple.v1+json"
_DEFAULT = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


def configured_index() -> str:
    """Return the index that pip is set up for."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        return asked.stdout.strip()
    return subprocess.run(
        [sys.executable, "-c", _DEFAULT], capture_output=True, text=True, check=True
    ).stdout.strip()


class Replay:
    """Answers ``/simple/NAME/`` and ``/file/URL`` from ``store``; what is not there yet is fetched once.

    ``latency`` is in seconds and is added to every answer.
    """

    def __init__(self, store: Path, latency: float) -> None:
        self._store = store
        self._upstream = configured_index().rstrip("/") + "/"
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                time.sleep(latency)
                kind, body = replay.answer(self.path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/simple"

    def start(self) -> None:
        """Begin to answer, in a thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[str, bytes | None]:
        """Return the content type and the body for a path, or None where the index has nothing."""
        _, kind, rest = path.split("/", 2)
        if kind == "file":
            return "application/octet-stream", self._stored(unquote(rest.partition("/")[0]), accept="*/*")
        url = f"{self._upstream}{rest.strip('/')}/"
        page = self._stored(url, accept=_JSON)
        return _JSON, None if page is None else self._localised(page, url)

    def _localised(self, page: bytes, url: str) -> bytes:
        told = json.loads(page)
        for file in told["files"]:
            place = urljoin(url, file["url"])
            file["url"] = f"/file/{quote(place, safe='')}/{file['filename']}"
        return json.dumps(told).encode()

    def _stored(self, url: str, accept: str) -> bytes | None:
        file = self._store / hashlib.sha256(url.encode()).hexdigest()
        if not file.exists():
            request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 -- the configured index
            try:
                with urllib.request.urlopen(request) as got:  # noqa: S310 -- same
                    body = got.read()
            except urllib.error.HTTPError:
                body = b""
            part = file.with_suffix(f".{threading.get_ident()}")
            part.write_bytes(body)
            part.rename(file)
        return file.read_bytes() or None
