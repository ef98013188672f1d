"""Callers of a server of ours: one call, or many predictions that are only queued."""

import asyncio
import json
import urllib.request
from typing import Any

from compare.contenders import KEY

SECONDS = 60.0
CONNECTIONS = 32


def call(port: int, body: bytes) -> dict[str, Any]:
    """What a create is answered with. Raises HTTPError."""
    return _asked(urllib.request.Request(f"http://127.0.0.1:{port}/v1/predict", body, method="POST"))


def get(port: int, path: str) -> dict[str, Any]:
    """What is read there. Raises HTTPError."""
    return _asked(urllib.request.Request(f"http://127.0.0.1:{port}{path}"))


def queue(port: int, body: bytes, count: int) -> None:
    """Makes predictions that wait, over a few connections. Raises RuntimeError where one is not accepted."""

    async def make(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(number):
            writer.write(_request(body))
            await _answered(reader)
        writer.close()

    async def make_all() -> None:
        shares = [count // CONNECTIONS + (each < count % CONNECTIONS) for each in range(CONNECTIONS)]
        await asyncio.gather(*map(make, shares))

    asyncio.run(make_all())


async def opened(port: int, body: bytes) -> asyncio.StreamWriter:
    """The connection of a caller who has asked, and may read the answer or not."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request(body))
    return writer


async def _answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    said = await reader.readexactly(int(length.partition(b":")[2]))
    if not head.startswith(b"HTTP/1.1 2"):
        raise RuntimeError(f"not accepted: {said[:500]!r}")


def _request(body: bytes) -> bytes:
    head = (
        f"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _asked(request: urllib.request.Request) -> dict[str, Any]:
    request.add_header("x-api-key", KEY)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
