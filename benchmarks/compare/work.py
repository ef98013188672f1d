"""What a server adds to real work: models through Foretell and in a plain loop, and files of a gigabyte.

PYTHONPATH=benchmarks python -m compare.work      about five minutes; `foretell models setup` comes first
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx

from compare.calls import answers
from compare.contenders import HERE, KEY, contenders
from compare.processes import Tree, free_port, started
from compare.report import lines, machine
from foretell import catalog
from foretell.config import load as configured
from foretell.weights import Environments, Weights

RESULTS = Path(__file__).parents[1] / "results"
CHILD = Path(catalog.MODELS).parent / "child"
MEGABYTES = 1_024
PIECE_BYTES = 1024**2
LOOK_SECONDS = 0.05
CALL_SECONDS = 600.0
SENTENCE = "All happy families are alike."
PARAGRAPH = 12 * "All happy families are alike; each unhappy family is unhappy in its own way. "


@dataclass(frozen=True, slots=True)
class Work:
    """A model and an input that always makes the same of it; `unit` is what it makes."""

    model: str
    unit: str
    input: Mapping[str, Any]
    name: str = ""


WORK = (
    Work(
        "truefusion", "pictures", {"prompt": "a red heart", "seed": 7, "steps": 25, "safety_checker": False}
    ),
    Work("deepbrain", "pieces of text", {"prompt": "Tell me about the sea.", "seed": 7, "max_tokens": 128}),
    Work("speech", "recordings", {"prompt": SENTENCE, "seed": 7}, name="speech, a sentence"),
    Work("speech", "recordings", {"prompt": PARAGRAPH, "seed": 7}, name="speech, a paragraph"),
)


def main() -> None:
    """Measures both and writes `results/work.md`."""
    parser = argparse.ArgumentParser(prog="compare.work", description=__doc__)
    parser.add_argument("--times", type=int, default=12, help="runs of each model, each way, in turns")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES, help="size of the large file")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the page goes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foretell-bench-") as name, _served(Path(name)) as (client, tree):
        rows = [_compared(each, client, Path(name), asked.times) for each in WORK]
        large = _large(client, tree, Path(name), asked.megabytes)
    head = [
        "",
        "in a plain loop",
        "through Foretell",
        "median s, plain",
        "median s, Foretell",
        "added ms",
        "added",
    ]
    page = [
        "# What Foretell adds to real work",
        f"{machine()}. Durability `power`. One caller; {asked.times} runs each way, in turns, with the same seed.",
        lines(head, rows),
        "Moderation and the safety checker are off: they are models of their own, not overhead. The plain loop leaves "
        "its file where the model wrote it, flushes nothing, shows no preview and tells nobody of its progress; its "
        "OpenMP threads spin while they wait, as is their default, those of a served model rest.",
        "## Large files",
        large,
    ]
    asked.results.mkdir(exist_ok=True)
    (asked.results / "work.md").write_text("\n\n".join(page) + "\n")
    print((asked.results / "work.md").read_text())


def _compared(work: Work, client: httpx.Client, folder: Path, times: int) -> list[str]:
    plain, ours, counts = [], [], []
    body = json.dumps({"model": work.model, "input": dict(work.input), "await": True})
    # What a comfortable library takes of the caller's time, a millisecond, is not the server's.
    caller = HTTPConnection(str(client.base_url.host), client.base_url.port or 80, timeout=CALL_SECONDS)
    with _plain(work, folder) as process, closing(caller):
        for number in range(times + 1):
            seconds, count = _asked(process, work.input)
            since = time.perf_counter()
            caller.request(
                "POST", "/v1/predict", body, {"x-api-key": KEY, "content-type": "application/json"}
            )
            answer = caller.getresponse().read()
            taken = time.perf_counter() - since
            assert json.loads(answer).get("status") == "succeeded", answer
            if number:  # the first of each warms up
                plain.append(seconds)
                ours.append(taken)
                counts.append(count)
    alone, served, count = statistics.median(plain), statistics.median(ours), statistics.median(counts)
    rates = [f"{count / each:,.2f} {work.unit}/s" for each in (alone, served)]
    added = [f"{1_000 * (served - alone):+.1f}", f"{100 * (served / alone - 1):+.1f} %"]
    return [work.name or work.model, *rates, f"{alone:.3f}", f"{served:.3f}", *added]


@contextmanager
def _plain(work: Work, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The model in a process of its own, in its own environment, ready to run."""
    manifest = next(
        each.manifest for each in map(_version, catalog.built_in()) if each.manifest.namespace == work.model
    )
    cache = configured(os.environ).cache_path
    weights = asyncio.run(Weights(cache).ready(manifest))
    python = asyncio.run(Environments(cache).python(manifest))
    asked = {
        "child": str(CHILD),
        "folder": manifest.folder,
        "folder_for_runs": str(folder),
        "predictor": manifest.predictor,
        "paths": list(manifest.paths),
        "weights": {name: str(path) for name, path in weights.items()},
    }
    command = [str(python), str(HERE / "plain.py"), json.dumps(asked)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{work.model} could not be loaded in a plain loop")
        yield process
    finally:
        process.terminate()
        process.wait()


def _asked(process: subprocess.Popen[str], given: Mapping[str, Any]) -> tuple[float, int]:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(dict(given)) + "\n")
    process.stdin.flush()
    found = json.loads(process.stdout.readline())
    return found["seconds"], found["count"]


def _version(folder: Path) -> Any:
    return catalog.read_folder(folder, created_at=0)


def _large(client: httpx.Client, tree: Tree, folder: Path, megabytes: int) -> str:
    """A large output made and stored, fetched, and uploaded again, beside a plain copy of it."""
    body = {"model": "large", "input": {"megabytes": megabytes}, "await": True}
    client.post("/v1/predict", json={**body, "input": {"megabytes": 1}}).raise_for_status()
    before = tree.memory().rss_mb
    since = time.perf_counter()
    answer = client.post("/v1/predict", json=body).json()
    made = time.perf_counter() - since
    assert answer["status"] == "succeeded", answer
    rows = [["made by the model and stored", made, tree.memory().rss_mb - before]]
    path = folder / "fetched"
    since = time.perf_counter()
    with client.stream("GET", answer["output"][0]) as found, path.open("wb") as file:
        for piece in found.iter_bytes(PIECE_BYTES):
            file.write(piece)
    rows.append(["downloaded", time.perf_counter() - since, tree.memory().rss_mb - before])
    assert path.stat().st_size == megabytes * PIECE_BYTES
    since = time.perf_counter()
    with path.open("rb") as file:
        client.post("/v1/files", files={"file": ("large.bin", file)}).raise_for_status()
    rows.append(["uploaded", time.perf_counter() - since, tree.memory().rss_mb - before])
    since = time.perf_counter()
    subprocess.run(["cp", str(path), str(folder / "copy")], check=True)
    rows.append(["for comparison: `cp` of it", time.perf_counter() - since, 0.0])
    head = [f"{megabytes:,} MB", "s", "MB/s", "more memory in all processes, MB"]
    return lines(head, [[str(name), f"{s:.1f}", f"{megabytes / s:,.0f}", f"{m:+.0f}"] for name, s, m in rows])


@contextmanager
def _served(folder: Path) -> Iterator[tuple[httpx.Client, Tree]]:
    contender, port = contenders()[0], free_port()
    command = [
        str(Path(sys.executable).parent / "foretell"), "serve", "--models", str(HERE / "model"),
        "--data", str(folder / "data"), "--port", str(port), "--key", KEY,
    ]  # fmt: skip
    environment = {"FORETELL_MODERATION": "false", "FORETELL_UPLOAD_BYTES_MAX": str(2 * 1024**3)}
    with (
        started(
            command, folder=folder, environment=environment, answers=lambda: answers(contender, port)
        ) as (tree, _),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"x-api-key": KEY}, timeout=CALL_SECONDS
        ) as client,
    ):
        yield client, tree


if __name__ == "__main__":
    main()
