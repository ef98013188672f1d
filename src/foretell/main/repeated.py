"""Heads that come again: a client's next request on a connection mostly begins with the very bytes of its last."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from foretell.api.exchanges import EXCHANGE
from foretell.api.heads import heads_of

_END = b"\r\n\r\n"


class Head:
    """What was made of a head, for all requests with the same bytes and a body of the same length.

    `scope` is what ASGI calls so; nothing of one request is in it.
    """

    __slots__ = ("data", "request_bytes", "scope")

    def __init__(self, data: bytes, request_bytes: int, scope: dict[str, Any]) -> None:
        self.data = data
        self.request_bytes = request_bytes
        self.scope = scope

    def begins(self, data: bytes) -> bool:
        """Whether these bytes are a whole request with this head."""
        return len(data) == self.request_bytes and data.startswith(self.data)


class Memory:
    """The head of a connection's last request, remembered once it has come twice."""

    __slots__ = ("_last", "head")

    def __init__(self) -> None:
        self.head: Head | None = None
        self._last = 0

    def note(self, data: bytes, connection: HttpToolsProtocol) -> None:
        """A request came whole, and nothing else, in these bytes, and was begun."""
        end = data.find(_END) + len(_END)
        head = data[:end]
        if not _is_plain(connection, len(data) - end):
            return
        known, self._last = self._last, hash(head)
        if known == self._last:
            self.head = Head(head, len(data), _template(connection))


def begun(connection: HttpToolsProtocol, head: Head, data: bytes) -> tuple[RequestResponseCycle, bytes]:
    """Another request with this head: its cycle, and its body."""
    scope = dict(head.scope)
    scope["headers"] = list(head.scope["headers"])
    scope["state"] = connection.app_state.copy()
    body = data[len(head.data) :]
    cycle = RequestResponseCycle(
        scope=cast(Any, scope),
        transport=connection.transport,
        flow=connection.flow,
        logger=connection.logger,
        access_logger=connection.access_logger,
        access_log=connection.access_log,
        default_headers=connection.server_state.default_headers,
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=connection.on_response_complete,
    )
    cycle.body = bytearray(body)
    cycle.more_body = False
    cycle.message_event.set()
    connection.scope = cast(Any, scope)
    connection.cycle = cycle
    return cycle, body


def _is_plain(connection: HttpToolsProtocol, body_bytes: int) -> bool:
    """Whether another request with these bytes as its head means the same, whatever its body."""
    cycle = connection.cycle
    is_usual = (
        cycle.keep_alive and not connection.expect_100_continue and not connection.parser.should_upgrade()
    )
    if not is_usual or connection.scope["http_version"] != "1.1":
        return False
    # How long the body is stands in the head; in pieces, it would stand in the body.
    is_told = all(name != b"transfer-encoding" for name, _ in connection.headers)
    return is_told and len(cycle.body) == body_bytes


def _template(connection: HttpToolsProtocol) -> dict[str, Any]:
    scope = {name: each for name, each in connection.scope.items() if name not in {EXCHANGE, "state"}}
    heads_of(scope)
    return scope
