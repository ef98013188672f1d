"""Measures what batches and concurrency bring: a real model and one that waits, by how many are in a call or in flight.

    python benchmarks/batching.py [--seconds 8] [--rounds 3]

One server has each model twice: as it is, and told to take one at a time. `embed` makes a vector of a sentence; its
texts of a batch go through the weights together. `waits` is `async` and does nothing for 50 ms, as a model does that
asks another server. The plain loop is the encoder alone in one process, without a server. All take turns; each figure
is the median of the rounds.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from served import Served, served

from foretell import catalog
from foretell.config import load as configured
from foretell.weights import Environments, Weights

SENTENCE = "A fox in the snow looks for its den before the night."
CALLERS = (1, 16, 64)
WARMING = 40
LOOK_SECONDS = 0.5
IDLE_CPU_SECONDS = 0.02
WAITS = """
import asyncio
class Predictor:
    async def predict(self, text: str) -> str:
        await asyncio.sleep(0.05)
        return text
"""
WAITS_MANIFEST = """
name = "Waits"
type = "text"
description = "Answers after 50 ms."
predictor = "predict.py:Predictor"
concurrency = {concurrency}
"""
LOOP = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sentence_encoder import SentenceEncoder
encoder = SentenceEncoder(Path(sys.argv[2]))
encoder.encode(encoder.tokens(sys.argv[3]))
until, count, began = time.perf_counter() + float(sys.argv[4]), 0, time.perf_counter()
while time.perf_counter() < until:
    encoder.encode(encoder.tokens(sys.argv[3]))
    count += 1
print(count / (time.perf_counter() - began))
"""

Figures = dict[tuple[str, int], list[dict[str, float]]]


def main(seconds: float, rounds: int) -> None:
    """Runs every measurement and prints the table."""
    plain: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        cases = [(name, callers) for name in write_models(Path(folder)) for callers in CALLERS]
        found: Figures = {each: [] for each in cases}
        with served("power", arguments=["--models", folder]) as server:
            for name, _ in cases:
                server.load(body(name), 16, 120.0, WARMING)
            for _ in range(rounds):
                plain.append(looped(seconds))
                take_turns(server, found, seconds)
    report(plain, found)


def take_turns(server: Served, found: Figures, seconds: float) -> None:
    """One round of every case."""
    for (name, callers), each in found.items():
        each.append(measured(server, name, callers, seconds))


def write_models(folder: Path) -> list[str]:
    """The models of both kinds; gives their names."""
    single = folder / "embed-singly"
    shutil.copytree(catalog.MODELS / "embed", single)
    described = (single / "model.toml").read_text()
    (single / "model.toml").write_text(described.replace("[batching]\nsize = 32\n", ""))
    for name, concurrency in (("waits-singly", 1), ("waits", 32)):
        (folder / name).mkdir()
        (folder / name / "predict.py").write_text(WAITS)
        (folder / name / "model.toml").write_text(WAITS_MANIFEST.format(concurrency=concurrency))
    return ["embed-singly", "embed", "waits-singly", "waits"]


def body(name: str) -> str:
    return json.dumps({"model": name, "input": {"text": SENTENCE}, "await": True})


def measured(server: Served, name: str, callers: int, seconds: float) -> dict[str, float]:
    """Answers a second, latencies, and CPU of the model's processes for each."""
    rest(server)
    before = server.use()
    found = server.load(body(name), callers, seconds)
    used: float = (server.use() - before).children
    per_second = found["count"] / found["seconds"]
    return {
        "rate": per_second,
        "p50": found["p50_ms"],
        "p99": found["p99_ms"],
        "cpu": used / found["count"] * 1e3,
    }


def rest(server: Served) -> None:
    """Returns when the models are at rest: what callers have left behind is run all the same."""
    busy = IDLE_CPU_SECONDS
    while busy >= IDLE_CPU_SECONDS:
        before = server.use()
        time.sleep(LOOK_SECONDS)
        busy = (server.use() - before).children


def looped(seconds: float) -> float:
    """Sentences a second in a plain loop, in the model's own environment."""
    manifest = catalog.read_folder(catalog.MODELS / "embed", created_at=0).manifest
    cache = configured(os.environ).cache_path
    python = asyncio.run(Environments(cache).python(manifest))
    weights = asyncio.run(Weights(cache).ready(manifest))["minilm"]
    command: list[Any] = [python, "-c", LOOP, manifest.folder, weights, SENTENCE, str(seconds)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def report(plain: list[float], found: Figures) -> None:
    print(f"embed in a plain loop: {statistics.median(plain):,.0f} sentences a second\n")
    print(f"{'':14}{'callers':>9}{'per second':>12}{'median ms':>12}{'p99 ms':>9}{'child ms':>10}")
    for (name, callers), each in found.items():
        middle = {key: statistics.median(one[key] for one in each) for key in each[0]}
        figures = f"{middle['rate']:>12,.0f}{middle['p50']:>12.1f}{middle['p99']:>9.1f}{middle['cpu']:>10.2f}"
        print(f"{name:14}{callers:>9}{figures}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each measurement lasts")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is repeated")
    asked = parser.parse_args()
    main(asked.seconds, asked.rounds)
