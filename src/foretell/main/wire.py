"""HTTP as it comes over a connection: what is no HTTP is refused in JSON like all else, and no head is endless."""

import asyncio
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from foretell.api.answers import refusal
from foretell.api.exchanges import EXCHANGE
from foretell.errors import Code, Error
from foretell.main.gathering import Gathering
from foretell.main.repeated import Memory, begun

HEAD_BYTES_MAX = 64 * 1024
"""How much may come before a request's head is complete, beside what comes with its end."""
HEAD_SECONDS = 30.0
"""How long a request's head may take to come."""


class Wire(HttpToolsProtocol):
    """One connection of a caller."""

    _head_bytes = 0
    _is_in_head = True
    _head_timer: asyncio.TimerHandle | None = None
    _idle_timer: asyncio.TimerHandle | None = None
    _idle_since_seconds: float | None = None
    _begun = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._memory = Memory()
        super().connection_made(cast(asyncio.Transport, Gathering(transport)))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._heed_head()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        is_first = self._is_in_head and not self._head_bytes
        if is_first and self._begin_repeated(data):
            return
        if self._is_in_head:
            self._head_bytes += len(data)
        self._begun = 0
        super().data_received(data)
        if not (self._is_in_head and self._head_bytes):
            if is_first and self._is_in_head and self._begun == 1:
                self._memory.note(data, self)
            return
        # Only of a head that comes in pieces is the time taken: nearly all come as one.
        self._await_head()
        if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._refuse(Code.TOO_LARGE, f"The head of a request has at most {HEAD_BYTES_MAX:,} bytes.")

    def on_message_begin(self) -> None:
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._heed_head()
        super().on_headers_complete()
        cast(dict[str, Any], self.scope)[EXCHANGE] = Whole(self.cycle)

    def on_message_complete(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle_since_seconds = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._look_whether_idle)

    def _begin_repeated(self, data: bytes) -> bool:
        """Begins a request without parsing it, if it is the last one again but for its body; whether it was."""
        head = self._memory.head
        if head is None or not head.begins(data) or not self._is_at_rest():
            return False
        self._unset_keepalive_if_required()
        cycle, body = begun(self, head, data)
        cast(dict[str, Any], self.scope)[EXCHANGE] = Whole(cycle, body)
        self._start_asgi_task(cycle, self.app)
        return True

    def _is_at_rest(self) -> bool:
        """Whether the last request is answered, so that the next need not wait."""
        return (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing()

    def _unset_keepalive_if_required(self) -> None:
        """Something has come. A timer that is set and taken back for each request costs more than one that looks."""
        self._idle_since_seconds = None

    def _look_whether_idle(self) -> None:
        self._idle_timer = None
        if self._idle_since_seconds is None or self.transport.is_closing():
            return
        left_seconds = self._idle_since_seconds + self.timeout_keep_alive - self.loop.time()
        if left_seconds > 0:
            self._idle_timer = self.loop.call_later(left_seconds, self._look_whether_idle)
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """The refusal of bytes that cannot be read as HTTP."""
        self._refuse(Code.INVALID_REQUEST, "What came over this connection is not an HTTP request.")

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _heed_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self._head_bytes:
            # Opened ahead of need: whoever did that would take a refusal for the answer to what they ask next.
            self.transport.close()
        elif self._is_in_head and not self.transport.is_closing():
            self._refuse(Code.INVALID_REQUEST, f"No whole request came within {HEAD_SECONDS:g} seconds.")

    def _refuse(self, code: Code, message: str) -> None:
        """Says so and hangs up; in the middle of another answer, only hangs up."""
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(self._rendered(Error(code, message)))
        self.transport.close()

    def _rendered(self, error: Error) -> bytes:
        request_id = f"req_{secrets.token_hex(12)}"
        answer = refusal(error, request_id)
        status = HTTPStatus(answer.status_code)
        extra = [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
        headers = [*self.server_state.default_headers, *answer.raw_headers, *extra]
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        lines += [name + b": " + value for name, value in headers]
        return b"\r\n".join([*lines, b"", bytes(answer.body)])


class Whole:
    """A request that has come whole, and its answer, which is sent as one."""

    __slots__ = ("_by_pieces", "_cycle", "_known")

    def __init__(self, cycle: RequestResponseCycle, body: bytes | None = None) -> None:
        self._cycle = cycle
        self._by_pieces = False
        self._known = body

    @property
    def is_over(self) -> bool:
        return self._cycle.transport.is_closing()

    def body(self) -> bytes | None:
        cycle = self._cycle
        if self._by_pieces or cycle.more_body or cycle.waiting_for_100_continue or cycle.disconnected:
            return None
        body = bytes(cycle.body) if self._known is None else self._known
        cycle.body, self._known = bytearray(), None
        cycle.message_event.clear()
        return body

    def receive_by_pieces(self) -> None:
        self._by_pieces = True

    def piece(self, data: bytes) -> bool:
        cycle = self._cycle
        is_under_way = cycle.response_started and not cycle.response_complete and cycle.chunked_encoding
        if (
            not is_under_way
            or cycle.disconnected
            or cycle.flow.write_paused
            or cycle.scope["method"] == "HEAD"
        ):
            return False
        cast(Gathering, cycle.transport).send(b"%x\r\n%b\r\n" % (len(data), data))
        return True

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        cycle = self._cycle
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        parts = [STATUS_LINE[status]]
        for name, value in (*cycle.default_headers, *headers):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n", body) if cycle.keep_alive else (b"connection: close\r\n\r\n", body)
        cast(Gathering, cycle.transport).send(b"".join(parts))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
