"""A thousand predictions at once, three misbehaving models among them."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from servers import KEY, running, until

SHELF = Path(__file__).parents[1] / "node" / "predictors"
LOAD = {"echo": 920, "raises": 40, "exits": 30, "segfaults": 10}
MEGABYTES_MORE_MAX = 150


@pytest.mark.timeout(300)
def test_a_thousand_predictions_at_once_all_end_and_memory_stays_bounded(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(SHELF))
    wanted = [model for model, number in LOAD.items() for _ in range(number)]
    random.Random(0).shuffle(wanted)
    with running(tmp_path, *options) as server, server.client() as client:
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        with ThreadPoolExecutor(16) as pool:
            made = list(pool.map(lambda model: create(client, model), wanted))
        assert len(set(made)) == len(wanted)
        # What ends stays so; what a dying process had goes back from `processing` to `starting`, between two looks.
        ends = ("succeeded", "failed")
        until(lambda: sum(count(client, each) for each in ends) == len(made), about="the end", seconds=240)
        assert count(client, "succeeded") == LOAD["echo"]
        assert count(client, "failed") == len(wanted) - LOAD["echo"]
        assert (process.memory_info().rss - before) / 1024**2 < MEGABYTES_MORE_MAX


def create(client: httpx.Client, model: str) -> str:
    body = {"model": model, "input": {"prompt": "x"} if model == "echo" else {}}
    answer = client.post("/v1/predictions", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def count(client: httpx.Client, status: str) -> int:
    listed = client.get("/v1/predictions", params={"status": status, "per_page": 1}).json()
    return int(listed["pagination"]["total"])
