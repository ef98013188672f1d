"""Streams: how many pieces a second a server delivers, and how soon the first one comes."""

import asyncio
import json
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compare.contenders import Contender
from compare.processes import Tree

PIECE = b"piece"
TIMEOUT_SECONDS = 60.0
READ_BYTES = 262_144
PACED_COUNT = 1_000
PAUSE_SECONDS = 0.002
FIRSTS = 15
MADE = re.compile(rb"piece (\d+\.\d{6}) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """Pieces a second over all streams, the median time to a stream's first piece, CPU for each piece."""

    per_second: float
    first_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """One stream of a piece every two milliseconds: how late each came, and CPU for each.

    `first_ms`: how much later than asked for and made its first came, the median of several.
    """

    first_ms: float
    p50_us: float
    p99_us: float
    cpu_us: float


async def stream_all(contender: Contender, port: int, streams: int, *, tree: Tree) -> Streamed:
    """Reads that many streams at once to their last piece. Raises RuntimeError where pieces are missing."""
    wanted = int(str(contender.stream_body.get("count") or contender.stream_body["input"]["count"]))
    before, since = tree.cpu_seconds(), time.perf_counter()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        firsts = await asyncio.gather(*(_read(contender, port, wanted) for _ in range(streams)))
    taken = time.perf_counter() - since
    pieces = streams * wanted
    return Streamed(
        per_second=pieces / taken,
        first_ms=statistics.median(firsts) * 1_000,
        cpu_us=(tree.cpu_seconds() - before) / pieces * 1_000_000,
    )


def middle_of(found: Sequence[Streamed]) -> Streamed:
    """The median of each figure: the first piece of a single stream comes now sooner, now later."""
    return Streamed(
        per_second=statistics.median(each.per_second for each in found),
        first_ms=statistics.median(each.first_ms for each in found),
        cpu_us=statistics.median(each.cpu_us for each in found),
    )


async def stream_paced(contender: Contender, port: int, *, tree: Tree) -> Paced:
    """Reads one stream whose pieces each say when they were made. Raises RuntimeError where some are missing."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        found = [await _read_paced(contender, port, 5) for _ in range(FIRSTS)]
    before = tree.cpu_seconds()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        late = sorted((await _read_paced(contender, port, PACED_COUNT))[1])
    return Paced(
        first_ms=(statistics.median(first for first, _ in found) - PAUSE_SECONDS) * 1_000,
        p50_us=late[len(late) // 2] * 1_000_000,
        p99_us=late[len(late) * 99 // 100] * 1_000_000,
        cpu_us=(tree.cpu_seconds() - before) / PACED_COUNT * 1_000_000,
    )


async def _read_paced(contender: Contender, port: int, count: int) -> tuple[float, list[float]]:
    """Seconds until the first piece, and how many after it was made each came."""
    wish, body = {"count": count, "pause": PAUSE_SECONDS}, dict(contender.stream_body)
    since = time.monotonic()
    reader, writer = await _asked(contender, port, {**body, "input": wish} if "input" in body else wish)
    late: list[float] = []
    first, rest = 0.0, b""
    while len(late) < count:
        data = await reader.read(READ_BYTES)
        now = time.monotonic()
        if not data:
            raise RuntimeError(f"{contender.name}: {len(late)} of {count} pieces came")
        rest += data
        end = 0
        for found in MADE.finditer(rest):
            late.append(now - float(found[1]))
            end = found.end()
        first = first or (now - since if late else 0.0)
        rest = rest[end:]
    writer.close()
    # What comes with the last piece may be the end, which says all of them again.
    return first, late[:count]


async def _asked(
    contender: Contender, port: int, sent: Mapping[str, object]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=READ_BYTES)
    body = json.dumps(dict(sent)).encode()
    lines = [f"POST {contender.stream_path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in contender.stream_headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    return reader, writer


async def _read(contender: Contender, port: int, wanted: int) -> float:
    """Seconds until the first piece. All pieces have to come; what comes behind them is not waited for."""
    since = time.perf_counter()
    reader, writer = await _asked(contender, port, contender.stream_body)
    found, first, rest = 0, 0.0, b""
    while found < wanted:
        data = await reader.read(READ_BYTES)
        if not data:
            raise RuntimeError(f"{contender.name}: {found} of {wanted} pieces came")
        # A piece may be cut in two by the reading.
        rest += data
        count = rest.count(PIECE)
        found += count
        rest = rest[-(len(PIECE) - 1) :] if count == 0 else rest[rest.rindex(PIECE) + len(PIECE) :]
        first = first or (time.perf_counter() - since if found else 0.0)
    writer.close()
    return first
