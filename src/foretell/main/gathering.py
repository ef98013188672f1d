"""What is written to a caller in one turn of the loop, sent as one: a head and its body are two writes of two calls."""

import asyncio
from typing import Any


class Gathering:
    """A transport that sends at the end of the turn, and otherwise is the one that it is made of."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.is_closing = transport.is_closing
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)

    def send(self, data: bytes) -> None:
        """Sends at once, after what was written before."""
        self._parts.append(data)
        self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
