"""Servers that strangers might run: on real loopback ports, as rude as a test asks, with a memory."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from foretell.errors import Error

HEADER_SECONDS = 20


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def refusal(work: Coroutine[Any, Any, Any]) -> Error:
    with pytest.raises(Error) as caught:
        await work
    return caught.value


@dataclass(frozen=True)
class Received:
    """One request as it came; names of headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Behave = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Stranger:
    """An HTTP server that does to each request what `behave` does; `peak` requests were under way at most."""

    behave: Behave
    context: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    under_way: int = 0
    peak: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/hook"

    async def heard(self, count: int, *, seconds: float = 20) -> list[Received]:
        """What it was sent, once that is at least `count` requests."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            request = await _read(reader)
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            async with self._changed:
                self.received.append(request)
                self._changed.notify_all()
            await self._behave(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.under_way -= 1
            self._tasks.discard(task)
            writer.close()

    async def _behave(
        self, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Behaves until that is done, or the other side hangs up."""
        behaving = asyncio.ensure_future(self.behave(request, writer))
        hung_up = asyncio.ensure_future(reader.read())
        try:
            await asyncio.wait({behaving, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            if behaving.done():
                await behaving
                await writer.drain()
        finally:
            behaving.cancel()
            hung_up.cancel()
            await asyncio.gather(behaving, hung_up, return_exceptions=True)


def answers(*statuses: int, headers: str = "", body: bytes = b"ok", seconds: float = 0) -> Behave:
    """Answers with one status after another, and then always with the last."""
    left = list(statuses)

    async def behave(_: Received, writer: asyncio.StreamWriter) -> None:
        status = left.pop(0) if len(left) > 1 else left[0]
        await asyncio.sleep(seconds)
        head = (
            f"HTTP/1.1 {status} Whatever\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        )
        writer.write(head.encode() + body)

    return behave


async def hangs(_: Received, _writer: asyncio.StreamWriter) -> None:
    """Says nothing, and keeps the line open."""
    await asyncio.Event().wait()


async def drips(_: Received, writer: asyncio.StreamWriter) -> None:
    """Sends a header that never ends, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def pours(_: Received, writer: asyncio.StreamWriter) -> None:
    """Answers 200 with a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Received:
    async with asyncio.timeout(HEADER_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Received(method, path, headers, body)
