"""Measures a server of our own on this machine: how fast predictions are accepted, run and answered.

    python benchmarks/predictions.py [--seconds 5]

It starts `foretell serve --sandbox` on a temporary data directory with the default settings, so that every
create is on disk before it is answered. Load comes from this process, on the same machine, and takes part of
its time; "CPU ms" is what the server's own process used for each call, which other load changes little.
"""

import argparse
import asyncio
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil

KEY = "sk-benchmark"
POLL_SECONDS = 0.05
POLLS_MAX = 2_400
FORETELL = Path(sys.executable).parent / "foretell"


async def main(seconds: float) -> None:
    """Runs every measurement and prints a line for each."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(f"{'':44}{'per second':>12}{'median ms':>12}{'p99 ms':>12}{'CPU ms':>12}")
    with tempfile.TemporaryDirectory() as data:
        async with served(Path(data)) as (client, server):
            measure = Measure(server)
            await call(client, wait=True)  # loads the model
            for callers in (1, 16, 64):
                await measure("create and await", callers, seconds, lambda: call(client, wait=True))
            for callers in (1, 64):
                await measure("create only", callers, seconds, lambda: call(client, wait=False))
                await drained(client)
            await measure("list one", 16, seconds, lambda: read(client))


class Measure:
    """Has callers do something again and again, and prints how it went."""

    def __init__(self, server: psutil.Process) -> None:
        self._server = server

    async def __call__(
        self, name: str, callers: int, seconds: float, once: Callable[[], Awaitable[None]]
    ) -> None:
        taken: list[float] = []
        before, began = self._cpu_seconds(), time.perf_counter()

        async def caller() -> None:
            while (since := time.perf_counter()) < began + seconds:
                await once()
                taken.append(time.perf_counter() - since)

        await asyncio.gather(*(caller() for _ in range(callers)))
        rate = len(taken) / (time.perf_counter() - began)
        median, p99 = statistics.median(taken) * 1_000, sorted(taken)[int(len(taken) * 0.99)] * 1_000
        used = (self._cpu_seconds() - before) / len(taken) * 1_000
        print(
            f"{f'{name}, {callers} callers':44}{rate:12,.0f}{median:12.1f}{p99:12.1f}{used:12.2f}", flush=True
        )

    def _cpu_seconds(self) -> float:
        used = self._server.cpu_times()
        return used.user + used.system


async def call(client: httpx.AsyncClient, *, wait: bool) -> None:
    body = {"model": "echo", "input": {"prompt": "hello"}, "await": wait}
    answer = await client.post("/v1/predictions", json=body)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert not wait or answer.json()["status"] == "succeeded", answer.text


async def read(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/predictions", params={"per_page": 1})
    assert answer.status_code == httpx.codes.OK, answer.text


async def drained(client: httpx.AsyncClient) -> None:
    """Waits until nothing is left to run, and says how fast that went."""
    began, waiting = time.perf_counter(), await count(client)
    for _ in range(POLLS_MAX):
        if not await count(client):
            break
        await asyncio.sleep(POLL_SECONDS)
    taken = time.perf_counter() - began
    print(f"  then {waiting:,} that waited were run, at {waiting / taken:,.0f} per second")


async def count(client: httpx.AsyncClient) -> int:
    query = {"status": "starting", "per_page": 1}
    return int((await client.get("/v1/predictions", params=query)).json()["pagination"]["total"])


@asynccontextmanager
async def served(data: Path) -> AsyncIterator[tuple[httpx.AsyncClient, psutil.Process]]:
    """A client of a fresh server, and that server, which ends with it."""
    server, address = start(data)
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    options = {"base_url": address, "headers": {"x-api-key": KEY}, "timeout": 60}
    try:
        async with httpx.AsyncClient(**options, limits=limits) as client:
            yield client, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def start(data: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server on a free port, and its address."""
    said = data / "said"
    command = [FORETELL, "serve", "--sandbox", "--port", "0", "--key", KEY, "--data", data / "data"]
    with said.open("wb") as file:
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
    for _ in range(POLLS_MAX):
        if found := re.search(r"http://\S+", said.read_text()):
            return server, found[0]
        time.sleep(POLL_SECONDS)
    raise TimeoutError("the server did not start")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each measurement lasts")
    asyncio.run(main(parser.parse_args().seconds))
