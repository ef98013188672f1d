"""A real file server on a loopback port: it takes ranges, breaks off when told to, and has a memory."""

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class FileServer:
    """`files` by path; `break_after` bytes the connection is cut, once for each number in the list."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    token: str = ""
    takes_ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Path, `Range` and `Authorization` of each request."""
    hold: threading.Event | None = None
    """While it is not set, bodies stop after their first half."""

    def __enter__(self) -> Self:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                _answer(served, self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Who hangs up is no news here: tests cancel and kill."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.hold is not None:
            self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"


def _answer(served: FileServer, request: BaseHTTPRequestHandler) -> None:
    wanted, token = request.headers.get("Range"), request.headers.get("Authorization")
    served.asked.append((request.path, wanted, token))
    request.close_connection = True
    if request.path in served.redirects:
        _head(request, 302, Location=served.redirects[request.path])
    elif served.token and token != f"Bearer {served.token}":
        _head(request, 401)
    elif request.path not in served.files:
        _head(request, 404)
    else:
        _send_file(served, request, served.files[request.path], wanted)


def _send_file(served: FileServer, request: BaseHTTPRequestHandler, data: bytes, wanted: str | None) -> None:
    match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
    start = int(match[1]) if match and served.takes_ranges else 0
    if start and start >= len(data):
        _head(request, 416, Content_Range=f"bytes */{len(data)}")
        return
    body, status = data[start:], 206 if start else 200
    _head(request, status, len(body), Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
    if served.break_after:
        request.wfile.write(body[: served.break_after.pop(0)])
        return
    half = len(body) // 2
    request.wfile.write(body[:half])
    if served.hold is not None:
        request.wfile.flush()
        served.hold.wait(30)
    request.wfile.write(body[half:])


def _head(request: BaseHTTPRequestHandler, status: int, size: int = 0, **headers: str) -> None:
    request.send_response(status)
    request.send_header("Content-Length", str(size))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
