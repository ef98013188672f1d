"""A small model hub on a loopback port, with the routes, headers and JSON of Hugging Face's.

Their form is what its client reads: `GET /api/models/{name}/revision/{revision}?blobs=true` lists a repository with
`sha` and `siblings` (`rfilename`, `size`, `blobId`, for large files `lfs`), `GET /{name}/resolve/{revision}/{path}`
gives a file and takes ranges, and a refusal has `X-Error-Code` and `X-Error-Message`.
"""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".bin", ".gguf", ".onnx")


@dataclass
class HubServer:
    """`commits` of each repository, its `branches`, and who may read what with which token."""

    commits: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    branches: dict[str, dict[str, str]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    token: str = "hf_right"
    break_after: list[int] = field(default_factory=list)
    spoil: set[str] = field(default_factory=set)
    """Paths of files that arrive with another content than was listed."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """The path and the range of each request."""

    def __enter__(self) -> Self:
        hub = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                _answer(hub, self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Who hangs up is no news here: tests cancel and kill."""

        self._server = Server(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def put(self, name: str, files: dict[str, bytes], *, branch: str = "main") -> str:
        """A commit with these files, which the branch is from now on."""
        commit = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        self.commits.setdefault(name, {})[commit] = files
        self.branches.setdefault(name, {})[branch] = commit
        return commit


def _answer(hub: HubServer, request: BaseHTTPRequestHandler) -> None:
    path = unquote(urlsplit(request.path).path)
    hub.asked.append((path, request.headers.get("Range")))
    listing = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path)
    file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
    match = listing or file
    if match is None:
        _refuse(request, 404, "", "")
        return
    knows = request.headers.get("Authorization") == f"Bearer {hub.token}"
    if match[1] not in hub.commits or (match[1] in hub.private and not knows):
        _refuse(request, 404 if knows else 401, "RepoNotFound", "Repository not found")
        return
    commit = hub.branches[match[1]].get(match[2], match[2])
    files = hub.commits[match[1]].get(commit)
    if files is None:
        _refuse(request, 404, "RevisionNotFound", f"Invalid rev id: {match[2]}")
    elif listing:
        _send(hub, request, json.dumps(_listed(match[1], commit, files)).encode())
    elif match[1] in hub.gated and not knows:
        _refuse(request, 401, "GatedRepo", f"Access to model {match[1]} is restricted.")
    elif match[3] not in files:
        _refuse(request, 404, "EntryNotFound", "Entry not found")
    else:
        _send(hub, request, b"x" * len(files[match[3]]) if match[3] in hub.spoil else files[match[3]])


def _listed(name: str, commit: str, files: dict[str, bytes]) -> dict[str, Any]:
    return {"id": name, "sha": commit, "siblings": [_sibling(path, data) for path, data in files.items()]}


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    found = {
        "rfilename": path,
        "size": len(data),
        "blobId": hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest(),
    }
    if path.endswith(LARGE):
        large = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        found |= {"blobId": "0" * 40, "lfs": large}
    return found


def _send(hub: HubServer, request: BaseHTTPRequestHandler, data: bytes) -> None:
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    start = int(match[1]) if match else 0
    end = int(match[2]) + 1 if match and match[2] else len(data)
    body = data[start:end]
    request.send_response(206 if match else 200)
    request.send_header("Content-Length", str(len(body)))
    if match:
        request.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(data)}")
    request.end_headers()
    if hub.break_after and "/resolve/" in request.path:
        request.close_connection = True
        body = body[: hub.break_after.pop(0)]
    request.wfile.write(body)


def _refuse(request: BaseHTTPRequestHandler, status: int, code: str, message: str) -> None:
    request.send_response(status)
    for name, value in {"X-Error-Code": code, "X-Error-Message": message, "Content-Length": "0"}.items():
        request.send_header(name, value)
    request.end_headers()
