"""Measures a server of our own on this machine: how fast predictions are accepted, run and answered.

    python benchmarks/predictions.py [--seconds 5]

It starts `foretell serve --sandbox` on a temporary data directory, once with the default durability, in which what is
answered survives power loss, and once with `process`. Load comes from another process on the same machine and takes
part of its time; what the server's own processes used for each call is what other load changes least. What the disk
takes to keep something is told beside: nothing durable can be answered sooner.
"""

import argparse
import os
import platform
import tempfile

from served import AWAITED, CREATED, Served, fsync_ms, served

WARMING_SECONDS = 1.0


def main(seconds: float) -> None:
    """Runs every measurement and prints a line for each."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    heads = ("per second", "median ms", "p99 ms", "server µs", "child µs", "fsync ms")
    print(f"{'':44}{''.join(f'{each:>12}' for each in heads)}")
    for durability in ("power", "process"):
        with served(durability) as server:
            server.load(AWAITED, 4, WARMING_SECONDS)
            for callers in (1, 16, 64, 256):
                measure(server, f"{durability}: create and await", AWAITED, callers, seconds)
            measure(server, f"{durability}: create only", CREATED, 64, seconds)


def measure(server: Served, name: str, body: str, callers: int, seconds: float) -> None:
    """Has callers ask again and again, and prints how it went; CPU is for each call."""
    disk_ms = fsync_ms(tempfile.gettempdir())
    before = server.use()
    found = server.load(body, callers, seconds)
    used, count = server.use() - before, found["count"]
    figures = (f"{count / found['seconds']:,.0f}", f"{found['p50_ms']:.2f}", f"{found['p99_ms']:.1f}")
    figures += (f"{used.server / count * 1e6:,.0f}", f"{used.children / count * 1e6:,.0f}", f"{disk_ms:.2f}")
    print(f"{f'{name}, {callers} callers':44}{''.join(f'{each:>12}' for each in figures)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each measurement lasts")
    main(parser.parse_args().seconds)
