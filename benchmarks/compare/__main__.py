"""Measures Foretell beside its peers and writes `results/comparison.md` and `.svg`.

make bench                      all, about fifteen minutes
make bench BENCH="--quick"      one short round, to see that it works
make bench BENCH="--only foretell litserve"
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from compare import report
from compare.calls import answers, is_alike, target_of
from compare.contenders import Contender, contenders
from compare.disk import flush_ms
from compare.load import Loaded, Target, has_wrk, put_under_load
from compare.processes import Tree, free_port, started
from compare.results import Round
from compare.streams import Paced, Streamed, middle_of, stream_all, stream_paced

CLIENTS = (1, 16, 64, 256)
STREAMS = {1: 15, 32: 3}
"""How many at once, and how often: the median counts."""
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Runs all rounds, writes what was found after each, and prints the table."""
    asked = _arguments()
    if not has_wrk():
        sys.exit("wrk is missing: it makes the load. On Debian: apt install wrk")
    chosen = [each for each in contenders() if _is_wanted(each, asked.only)]
    for each in chosen:
        each.prepare()
    rounds: list[Round] = []
    for number in range(asked.rounds):
        # The order turns, so that no contender always comes after the same one.
        for contender in chosen[number % len(chosen) :] + chosen[: number % len(chosen)]:
            rounds += _tried(contender, asked.seconds)
    asked.results.mkdir(exist_ok=True)
    (asked.results / "comparison.json").write_text(json.dumps([asdict(each) for each in rounds], indent=1))
    found = [each for each in chosen if any(each.name == done.name for done in rounds)]
    report.write(rounds, found, asked.results, seconds=asked.seconds)
    print((asked.results / "comparison.md").read_text())


def _tried(contender: Contender, seconds: float) -> list[Round]:
    """What was measured; nothing where a peer does not start or breaks down, which is told."""
    try:
        found = _measured(contender, seconds)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"{contender.name}: NOT MEASURED: {error}", flush=True)
        return []
    _say(found)
    return [found]


def _measured(contender: Contender, seconds: float) -> Round:
    with tempfile.TemporaryDirectory(prefix="foretell-bench-") as name:
        folder, port = Path(name), free_port()
        with started(
            contender.command(folder, port),
            folder=folder,
            environment=dict(contender.environment),
            answers=lambda: answers(contender, port),
        ) as (tree, start_seconds):
            is_alike(contender, port)
            # With the processes of the model, which some start only now.
            memory = tree.memory()
            loads = _loads(target_of(contender, port, tree, folder), seconds)
            streams, paced = ({}, None) if contender.stream_command else _streams(contender, port, tree)
        if contender.stream_command is not None:
            streams, paced = _streams_apart(contender, folder)
        return Round(
            name=contender.name,
            start_seconds=start_seconds,
            memory=memory,
            flush_ms=flush_ms(folder),
            loads=loads,
            streams=streams,
            paced=paced,
        )


def _loads(target: Target, seconds: float) -> dict[int, Loaded]:
    put_under_load(target, clients=16, seconds=1)  # warms it up
    return {clients: put_under_load(target, clients=clients, seconds=seconds) for clients in CLIENTS}


def _streams(contender: Contender, port: int, tree: Tree) -> tuple[dict[int, Streamed], Paced | None]:
    if not contender.stream_path:
        return {}, None
    asyncio.run(stream_all(contender, port, 1, tree=tree))  # warms it up
    found = {
        count: middle_of([asyncio.run(stream_all(contender, port, count, tree=tree)) for _ in range(times)])
        for count, times in STREAMS.items()
    }
    return found, asyncio.run(stream_paced(contender, port, tree=tree))


def _streams_apart(contender: Contender, folder: Path) -> tuple[dict[int, Streamed], Paced | None]:
    """Streams of a server that serves one kind of answer at a time."""
    port = free_port()
    assert contender.stream_command is not None
    command = contender.stream_command(folder, port)
    environment = dict(contender.environment)
    with started(
        command, folder=folder, environment=environment, answers=lambda: answers(contender, port)
    ) as (tree, _):
        return _streams(contender, port, tree)


def _say(found: Round) -> None:
    rates = "  ".join(f"{clients}: {each.per_second:,.0f}/s" for clients, each in found.loads.items())
    pieces = "  ".join(f"{count}: {each.per_second:,.0f}/s" for count, each in found.streams.items())
    cpu = found.loads[64].cpu_us
    failed = sum(each.failed for each in found.loads.values())
    paced = (
        ""
        if found.paced is None
        else f"paced: first {found.paced.first_ms:.1f} ms, late {found.paced.p50_us:,.0f} µs, "
        f"cpu {found.paced.cpu_us:,.0f} µs  "
    )
    print(
        f"{found.name:18} {rates}  cpu {cpu:,.0f} µs  streams {pieces or '-'}  {paced}"
        f"{found.memory.rss_mb:,.0f} MB  {found.start_seconds:.1f} s  flush {found.flush_ms:.2f} ms"
        + (f"  FAILED {failed}" if failed else ""),
        flush=True,
    )


def _is_wanted(contender: Contender, only: list[str]) -> bool:
    return not only or any(contender.name.lower().startswith(each.lower()) for each in only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="compare", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured, in turns")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each load lasts")
    parser.add_argument("--only", nargs="*", default=[], help="names that contenders begin with")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the table and the chart go")
    parser.add_argument("--quick", action="store_true", help="one round of one second each")
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.seconds = 1, 1.0
    return asked


if __name__ == "__main__":
    main()
