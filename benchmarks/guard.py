"""Holds what a prediction costs to what it cost when this was written, on whatever machine.

    python benchmarks/guard.py [--tell]

Two measures, both of an awaited prediction of the sandbox' echo:

- calls: how many Python functions the server calls for one, when they come one after the other. That is nearly the
  same in each run, so that a tenth more is seen.
- work: the CPU time of all its processes for one, at 16 callers, divided by that of a fixed piece of Python and
  SQLite, which is measured in the same moment. The best of some rounds counts: others may be at work on the machine.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop
from load import KEY
from served import AWAITED, served

from foretell.config import Config
from foretell.main.server import Server

CALLS = 470.0
WORK = 13.0
CALLS_MORE_MAX = 1.12
WORK_MORE_MAX = 1.25
WARMING = 100
COUNTED = 200
ROUNDS = 4
ROUNDS_MAX = 12
"""So many where the first ones say that it is too much."""
LOADED = 1_500
CALLERS = 16


def main(*, tell: bool) -> None:
    calls = uvloop.run(calls_for_one())
    work = work_for_one()
    print(f"calls: {calls:.0f} for a prediction, {calls / CALLS:.2f} of what is usual")
    print(f"work: {work:.2f} references for a prediction, {work / WORK:.2f} of what is usual")
    if tell:
        return
    if calls > CALLS * CALLS_MORE_MAX:
        sys.exit(f"A prediction takes {calls:.0f} calls where {CALLS:.0f} are usual. Was that meant?")
    if work > WORK * WORK_MORE_MAX:
        sys.exit(
            f"A prediction takes {work:.1f} times the reference where {WORK:.1f} are usual. Was that meant?"
        )


async def calls_for_one() -> float:
    """How many functions are called for a prediction, from its request's bytes to its answer's."""
    with tempfile.TemporaryDirectory() as directory, counted() as count:
        server = Server(Config(data=directory, sandbox=True, port=0, key=KEY, durability="process"))
        await server.start()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
            await asked(reader, writer, WARMING)
            before = count()
            await asked(reader, writer, COUNTED)
            found = (count() - before) / COUNTED
            writer.close()
        finally:
            await server.stop()
    return found


@contextmanager
def counted() -> Iterator[Any]:
    """Counts the calls of Python functions in this thread and in those that are started meanwhile."""
    counts: dict[int, int] = {}

    def see(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            thread = threading.get_ident()
            counts[thread] = counts.get(thread, 0) + 1

    threading.setprofile(see)
    sys.setprofile(see)
    try:
        yield lambda: sum(counts.values())
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, times: int) -> None:
    head = (
        f"POST /v1/predict HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(AWAITED)}\r\n\r\n"
    )
    for _ in range(times):
        writer.write((head + AWAITED).encode())
        told = await reader.readuntil(b"\r\n\r\n")
        size = int(told.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(size)
        assert b'"status":"succeeded"' in body, body


def work_for_one() -> float:
    """The CPU time of a prediction in references."""
    found: list[float] = []
    with served("process") as server:
        server.load(AWAITED, CALLERS, 60.0, WARMING * 5)
        while len(found) < ROUNDS or (len(found) < ROUNDS_MAX and min(found) > WORK * WORK_MORE_MAX):
            reference = reference_seconds()
            before = server.use()
            count = server.load(AWAITED, CALLERS, 60.0, LOADED)["count"]
            used = server.use() - before
            reference = (reference + reference_seconds()) / 2
            found.append((used.server + used.children) / count / reference)
    return min(found)


def reference_seconds() -> float:
    """The CPU time of a piece of work that never changes: objects, text, and rows of a database."""
    path = Path(tempfile.mkdtemp()) / "reference.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, body TEXT)")
    times = 3_000
    began = time.process_time()
    for number in range(times):
        fields = {f"field {each}": each * number for each in range(20)}
        body = ", ".join(f"{name}={value}" for name, value in fields.items())
        database.execute("INSERT INTO things VALUES (?, ?, ?)", (number, str(number), body))
    taken = time.process_time() - began
    database.close()
    path.unlink()
    return taken / times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tell", action="store_true", help="only tell; fail at nothing")
    main(tell=parser.parse_args().tell)
