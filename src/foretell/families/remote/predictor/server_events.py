"""Server-sent events, read from bytes as they come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, NamedTuple

from refusals import RemoteError

EVENT_BYTES_MAX = 64 * 1024 * 1024
END = "[DONE]"


class ServerEvent(NamedTuple):
    """One event; `id` is the last that the stream named, `name` is empty where it has none."""

    name: str
    data: str
    id: str

    def json(self) -> Any:
        """Its data. Raises RemoteError for what is not JSON."""
        try:
            return json.loads(self.data)
        except ValueError as error:
            raise RemoteError(f"The server sent an event that is not JSON: {self.data[:80]!r}") from error


async def server_events(pieces: AsyncIterable[bytes]) -> AsyncIterator[ServerEvent]:
    """The events in a body. One that is cut off by its end is none.

    Raises RemoteError for an event that is larger than anything that is sent in earnest.
    """
    reader = _Reader()
    async for line in _lines(pieces):
        event = reader.take(line)
        if event is not None:
            yield event


class _Reader:
    def __init__(self) -> None:
        self._name, self._id = "", ""
        self._data: list[str] = []

    def take(self, line: str) -> ServerEvent | None:
        """The event that this line ends."""
        if not line:
            found = ServerEvent(self._name, "\n".join(self._data), self._id) if self._data else None
            self._name, self._data = "", []
            return found
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id":
            self._id = value
        return None


async def _lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[str]:
    # Only at real line ends: a model's words may have what Python takes for others in the middle of a line.
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).replace(b"\r\n", b"\n").split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")
        if len(rest) > EVENT_BYTES_MAX:
            raise RemoteError(f"The server sent an event of more than {EVENT_BYTES_MAX:,} bytes.")
