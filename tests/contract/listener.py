"""A webhook listener that does what the official one of the TypeScript client 1.0.5 does."""

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from servers import until

HANDLERS = {
    "started": ("started", "prediction.started", "*"),
    "succeeded": ("completed", "prediction.succeeded", "*"),
    "failed": ("failed", "prediction.failed", "*"),
    "cancelled": ("canceled", "prediction.cancelled", "*"),
    "canceled": ("canceled", "prediction.cancelled", "*"),
}
"""Which of its handlers run, by the status in the body."""


@dataclass(frozen=True)
class Delivered:
    """One request, and what the listener made of it."""

    headers: dict[str, str]
    raw: bytes
    answered: int

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def handlers(self) -> tuple[str, ...]:
        """The handlers that ran; none where the listener did not accept it."""
        return HANDLERS.get(self.body["status"], ("*",)) if self.answered == 200 else ()


class Listener:
    """Accepts what is signed with its secret, and answers 401 to the rest.

    `failures`: statuses to answer with first, whatever comes. `address` may be kept for another listener.
    """

    def __init__(self, secret: str, *, failures: tuple[int, ...] = ()) -> None:
        self.delivered: list[Delivered] = []
        self._secret = secret.encode()
        self._failures = list(failures)
        listener = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                raw = self.rfile.read(size)
                if len(raw) < size:
                    return  # who sent it has died meanwhile
                answer = json.dumps({"ok": True}).encode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(listener.take(headers, raw))
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, headers: dict[str, str], raw: bytes) -> int:
        """The status to answer with, after noting what came."""
        answered = self._failures.pop(0) if self._failures else 200 if self.accepts(headers, raw) else 401
        self.delivered.append(Delivered(headers, raw, answered))
        return answered

    def accepts(self, headers: dict[str, str], raw: bytes) -> bool:
        """Whether the body is signed with the listener's secret."""
        expected = hmac.new(self._secret, raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(headers.get("x-skytells-signature", ""), expected)

    def of(self, prediction_id: str) -> list[Delivered]:
        return [each for each in list(self.delivered) if each.body["id"] == prediction_id]

    def heard(self, prediction_id: str, count: int) -> list[Delivered]:
        """What came about a prediction, once there are so many."""

        def found() -> list[Delivered] | None:
            came = self.of(prediction_id)
            return came if len(came) >= count else None

        return until(found, about=f"{count} webhooks of {prediction_id}")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
