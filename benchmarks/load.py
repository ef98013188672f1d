"""Callers in a closed loop, in a process of their own: each asks again as soon as it is answered.

    python benchmarks/load.py URL BODY CALLERS SECONDS [COUNT]

Prints JSON: how many were answered, within how many seconds, and the latencies' median and 99th percentile. With COUNT
it ends after so many answers.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

import uvloop

KEY = "sk-benchmark"


class Caller(asyncio.Protocol):
    """One connection: an answer with a content length and status 200 leads to the next request."""

    def __init__(self, request: bytes, load: "Load") -> None:
        self._request = request
        self._load = load
        self._buffer = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < size:
            return
        if not head.startswith(b"HTTP/1.1 200") or self._load.unwanted in body:
            self._load.refused = head + found + body
            self._load.over.set()
            return
        self._buffer = b""
        self._load.took.append(time.perf_counter() - self._asked)
        if self._load.goes_on():
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.over.set()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._request)


class Load:
    """What all callers have met together."""

    def __init__(self, seconds: float, count: int) -> None:
        self.took: list[float] = []
        self.over = asyncio.Event()
        self.refused = b""
        self.unwanted = b'"status":"failed"'
        self._until = time.perf_counter() + seconds
        self._count = count

    def goes_on(self) -> bool:
        if len(self.took) >= self._count or time.perf_counter() >= self._until:
            self.over.set()
        return not self.over.is_set()


async def main(url: str, body: str, callers: int, seconds: float, count: int) -> None:
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nx-api-key: {KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body.encode())}\r\n\r\n"
    )
    load = Load(seconds, count)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    request = head.encode() + body.encode()
    for _ in range(callers):
        await loop.create_connection(lambda: Caller(request, load), parts.hostname, parts.port)
    await load.over.wait()
    if load.refused:
        raise SystemExit(f"a call was answered with {load.refused[:500]!r}")
    took = sorted(load.took)
    lasted = time.perf_counter() - began
    print(
        json.dumps(
            {
                "count": len(took),
                "seconds": lasted,
                "p50_ms": took[len(took) // 2] * 1_000,
                "p99_ms": took[len(took) * 99 // 100] * 1_000,
            }
        )
    )


if __name__ == "__main__":
    url, body, callers, seconds, *rest = sys.argv[1:]
    uvloop.run(main(url, body, int(callers), float(seconds), int(rest[0]) if rest else 10**9))
