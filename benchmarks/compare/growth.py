"""What a full table, a long queue and many waiting callers cost Foretell: `results/growth.md`.

PYTHONPATH=benchmarks python -m compare.growth      about five minutes and two gigabytes of disk
"""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compare.callers import call, get, opened, queue
from compare.calls import answers, target_of
from compare.contenders import Contender, contenders
from compare.load import Target, has_wrk, put_under_load
from compare.processes import Tree, free_port, started
from compare.report import lines, machine

RESULTS = Path(__file__).parents[1] / "results"
STORED = (0, 100_000, 1_000_000)
QUEUED = 50_000
WAITING = 5_000
CLIENTS = 64
BATCH = 20_000
GAP_US = 50
OPEN_AT_ONCE = 100
ACCEPTED_SECONDS = 120.0
TABLES = {"predictions": "id", "bodies": "prediction_id"}


def main() -> None:
    """Measures all three and writes the page."""
    parser = argparse.ArgumentParser(prog="compare.growth", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each load lasts")
    parser.add_argument("--stored", type=int, nargs="+", default=STORED, help="predictions in the table")
    parser.add_argument("--queued", type=int, default=QUEUED, help="predictions that wait for another model")
    parser.add_argument("--waiting", type=int, default=WAITING, help="callers who wait for an answer")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the page goes")
    asked = parser.parse_args()
    if not has_wrk():
        parser.error("wrk is missing: it makes the load. On Debian: apt install wrk")
    with tempfile.TemporaryDirectory(prefix="foretell-bench-") as name:
        folder = Path(name)
        rows = [_with_stored(folder, count, asked.seconds) for count in asked.stored]
        rows.append(_with_queued(folder, asked.queued, asked.seconds))
        waiting = asyncio.run(_with_waiting(folder, asked.waiting))
    head = [
        "",
        "awaited /s at 64",
        "CPU µs",
        "p99 ms",
        "get one ms",
        "list newest 20 ms",
        "list one model's ms",
    ]
    page = [
        "# Foretell with much in it",
        f"{machine()}. Durability `power`. {CLIENTS} clients, {asked.seconds:g} s each.",
        lines(head, rows),
        waiting,
    ]
    asked.results.mkdir(exist_ok=True)
    (asked.results / "growth.md").write_text("\n\n".join(page) + "\n")
    print((asked.results / "growth.md").read_text())


def _with_stored(folder: Path, count: int, seconds: float) -> list[str]:
    """The figures with so many predictions in the table; the first call finds an empty one."""
    with _served(folder) as (contender, port, _):
        call(port, contender.sent())
    _fill(folder / "data", count)
    with _served(folder) as (contender, port, tree):
        call(port, contender.sent())
        return _figures(f"{count:,} stored", target_of(contender, port, tree, folder), port, seconds)


def _with_queued(folder: Path, queued: int, seconds: float) -> list[str]:
    with _served(folder) as (contender, port, tree):
        queue(port, _slow(600, awaited=False), queued)
        return _figures(
            f"and {_waiting(port):,} queued for another model",
            target_of(contender, port, tree, folder),
            port,
            seconds,
        )


async def _with_waiting(folder: Path, count: int) -> str:
    """What callers cost who wait for answers at the same time, and whether others are still answered."""
    with _served(folder) as (contender, port, tree):
        # What it takes to load both models is nothing that a caller costs.
        for sent in (_slow(0), contender.sent()):
            await asyncio.to_thread(call, port, sent)
        before, queued = tree.memory().rss_mb, await asyncio.to_thread(_waiting, port)
        body = _slow(600)
        callers = []
        for _ in range(0, count, OPEN_AT_ONCE):
            callers += await asyncio.gather(*(opened(port, body) for _ in range(OPEN_AT_ONCE)))
        await asyncio.to_thread(_accepted, port, queued + len(callers) - 1)  # one of them runs
        held = tree.memory().rss_mb - before
        since = time.perf_counter()
        await asyncio.to_thread(call, port, contender.sent())
        taken = time.perf_counter() - since
        for writer in callers:
            writer.close()
    return (
        f"{len(callers):,} callers who wait for an answer take {held:.0f} MB "
        f"({held * 1024 / len(callers):.1f} KB each); another's prediction is answered in "
        f"{taken * 1_000:.1f} ms meanwhile."
    )


def _slow(seconds: int, *, awaited: bool = True) -> bytes:
    return json.dumps({"model": "slow", "input": {"seconds": seconds}, "await": awaited}).encode()


def _accepted(port: int, count: int) -> None:
    """Returns when so many predictions wait. Raises TimeoutError."""
    deadline = time.monotonic() + ACCEPTED_SECONDS
    while _waiting(port) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"fewer than {count:,} predictions were accepted")
        time.sleep(0.1)


def _waiting(port: int) -> int:
    """How many predictions wait."""
    return int(get(port, "/v1/predictions?status=starting&per_page=1")["pagination"]["total"])


def _figures(name: str, target: Target, port: int, seconds: float) -> list[str]:
    put_under_load(target, clients=CLIENTS, seconds=1)  # warms it up
    found = put_under_load(target, clients=CLIENTS, seconds=seconds)
    some = get(port, "/v1/predictions?per_page=1")["data"][0]["id"]
    paths = (
        f"/v1/predictions/{some}",
        "/v1/predictions?per_page=20",
        "/v1/predictions?model=noop&per_page=20",
    )
    taken = [f"{_milliseconds(port, path):.1f}" for path in paths]
    return [name, f"{found.per_second:,.0f}", f"{found.cpu_us:,.0f}", f"{found.p99_ms:.0f}", *taken]


def _fill(data: Path, count: int) -> None:
    """Copies of the newest prediction with ids and instants of their own, until there are `count`."""
    database = sqlite3.connect(next(data.glob("*.db")))
    there = database.execute("SELECT COUNT(*) FROM predictions").fetchone()[0]
    rows = {table: _newest(database, table, key) for table, key in TABLES.items()}
    now = time.time_ns() // 1_000
    for begin in range(there, count, BATCH):
        ids = [_id(now - (count - number) * GAP_US) for number in range(begin, min(begin + BATCH, count))]
        with database:
            for table, (columns, values, place) in rows.items():
                marks = ", ".join("?" * len(columns))
                database.executemany(
                    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                    ((*values[:place], each, *values[place + 1 :]) for each in ids),
                )
    database.close()


def _newest(database: sqlite3.Connection, table: str, key: str) -> tuple[list[str], tuple[Any, ...], int]:
    """Columns and values of a row, and where among them its id is."""
    found = database.execute(f"SELECT * FROM {table} ORDER BY {key} DESC LIMIT 1")
    columns = [each[0] for each in found.description]
    return columns, found.fetchone(), columns.index(key)


def _id(at_us: int) -> str:
    """A time-ordered id of that instant."""
    return str(
        uuid.UUID(int=(at_us // 1_000) << 80 | 0x7 << 76 | 0x2 << 62 | uuid.uuid4().int & (1 << 62) - 1)
    )


def _milliseconds(port: int, path: str, times: int = 20) -> float:
    """The median time of a read."""
    taken = []
    for _ in range(times):
        since = time.perf_counter()
        get(port, path)
        taken.append(time.perf_counter() - since)
    return sorted(taken)[times // 2] * 1_000


@contextmanager
def _served(folder: Path) -> Iterator[tuple[Contender, int, Tree]]:
    contender, port = contenders()[0], free_port()
    command = contender.command(folder, port)
    environment = {**contender.environment, "FORETELL_WAITING_CALLERS_MAX": str(WAITING + 100)}
    with started(
        command, folder=folder, environment=environment, answers=lambda: answers(contender, port)
    ) as (tree, _):
        yield contender, port, tree


if __name__ == "__main__":
    main()
