"""A package index on loopback: PEP 503 pages and PEP 691 JSON over a folder of files, and plain files."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(slots=True)
class Index:
    """Serves ``root``: ``/simple/NAME/`` lists the sdists and wheels of a project, ``/files/PATH`` is a file.

    ``answers`` replaces what a path answers, one answer per request, the last one for good; ``requests``
    keeps every path that was asked for, and ``on_request`` is called for each. ``html`` replaces the pages of projects. ``metadata`` is offered beside a file (PEP 658), in JSON pages alone.
    """

    root: Path
    port: int = 0
    answers: dict[str, list[bytes]] = field(default_factory=dict)
    yanked: dict[str, str] = field(default_factory=dict)
    hashes: bool = True
    password: str | None = None
    metadata: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    uploaded: dict[str, str] = field(default_factory=dict)
    status: str | None = None
    on_request: Callable[[], object] | None = None
    html: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/simple"

    def file_url(self, path: Path) -> str:
        return f"http://127.0.0.1:{self.port}/files/{path.relative_to(self.root).as_posix()}"

    def page(self, project: str, *, as_json: bool) -> bytes | None:
        files = [path for path in sorted(self.root.iterdir()) if project_of(path.name) == project]
        if not files:
            return None
        rows = [self._row(path) for path in files]
        if as_json:
            page: dict[str, object] = {"meta": {"api-version": "1.1"}, "name": project, "files": rows}
            if self.status is not None:
                page["project-status"] = {"status": self.status}
            return json.dumps(page).encode()
        return "".join(self._anchor(row) for row in rows).encode()

    def _row(self, path: Path) -> dict[str, object]:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        row: dict[str, object] = {
            "filename": path.name,
            "url": self.file_url(path),
            "hashes": {"sha256": digest} if self.hashes else {},
        }
        if path.name in self.metadata:
            row["core-metadata"] = {"sha256": hashlib.sha256(self.metadata[path.name]).hexdigest()}
            self.answers[f"/files/{path.name}.metadata"] = [self.metadata[path.name]]
        if path.name in self.uploaded:
            row["upload-time"] = self.uploaded[path.name]
        if path.name in self.yanked:
            row["yanked"] = self.yanked[path.name]
        return row

    @staticmethod
    def _anchor(row: dict[str, object]) -> str:
        hashes = row["hashes"]
        assert isinstance(hashes, dict)
        fragment = f"#sha256={hashes['sha256']}" if hashes else ""
        return f'<a href="{row["url"]}{fragment}">{row["filename"]}</a>\n'

    def answer(self, path: str, *, as_json: bool) -> bytes | None:
        self.requests.append(path)
        if self.on_request is not None:
            self.on_request()
        if path in self.answers:
            waiting = self.answers[path]
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if path.startswith("/simple/"):
            name = path.removeprefix("/simple/").strip("/")
            return self.html[name].encode() if name in self.html else self.page(name, as_json=as_json)
        file = self.root / path.removeprefix("/files/")
        return file.read_bytes() if path.startswith("/files/") and file.is_file() else None


def project_of(filename: str) -> str:
    """Return the normalised project name in the name of a wheel or sdist."""
    name = (
        filename.split("-", maxsplit=1)[0]
        if filename.endswith(".whl")
        else re.sub(r"-[0-9][^-]*$", "", filename)
    )
    return re.sub(r"[-_.]+", "-", name).lower()


class _Handler(BaseHTTPRequestHandler):
    index: Index

    def do_GET(self) -> None:
        if not self._is_authorised():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="tests"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        as_json = "application/vnd.pypi.simple.v1+json" in self.headers.get("Accept", "")
        as_json = as_json and self.path.removeprefix("/simple/").strip("/") not in self.index.html
        body = self.index.answer(unquote(self.path.partition("?")[0]), as_json=as_json)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", self._type(as_json=as_json))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def _is_authorised(self) -> bool:
        if self.index.password is None:
            return True
        expected = base64.b64encode(f"kim:{self.index.password}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _type(self, *, as_json: bool) -> str:
        if not self.path.startswith("/simple/"):
            return "application/octet-stream"
        return "application/vnd.pypi.simple.v1+json" if as_json else "text/html"

    def log_message(self, *_: object) -> None:
        pass


class RunningIndex:
    """An index that answers while the ``with`` block lasts."""

    def __init__(self, root: Path) -> None:
        self.index = Index(root)
        handler = type("Handler", (_Handler,), {"index": self.index})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.index.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Index:
        self._thread.start()
        return self.index

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
