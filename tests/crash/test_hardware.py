"""Nodes of different hardware on one Postgres: who asks for a class gets it, as long as there is one."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from databases import postgres_database
from predictions import end
from servers import KEY, Foretell, running, until

pytestmark = pytest.mark.needs("postgres")
QUICK = {"FORETELL_LOST_SECONDS": "4", "FORETELL_HEARTBEAT_SECONDS": "1", "FORETELL_SANDBOX": "1"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Foretell, Foretell]]:
    """An API, and of its two nodes the one with the big machine."""
    with postgres_database() as database, ExitStack() as stack:
        options = ("--database", database)
        api = stack.enter_context(
            running(tmp_path, *options, "--port", "0", "--key", KEY, command="api", **QUICK)
        )
        stack.enter_context(running(tmp_path, *options, command="node", **QUICK, FORETELL_HARDWARE="cpu"))
        big = {**QUICK, "FORETELL_HARDWARE": "NVIDIA H100 80GB HBM3"}
        yield api, stack.enter_context(running(tmp_path, *options, command="node", **big))


def asked(api: Foretell, gpu: str, **given: Any) -> str:
    body = {"model": "slow", "gpu": gpu, "input": {"seconds": 0.1, **given}}
    with api.client() as client:
        return str(client.post("/v1/predictions", json=body).raise_for_status().json()["id"])


def test_who_asks_for_a_class_runs_on_it_alone_and_on_what_is_left_when_it_is_gone(
    site: tuple[Foretell, Foretell],
) -> None:
    api, big = site
    hardware = {end(api, each)["metadata"]["hardware"] for each in [asked(api, "H100") for _ in range(6)]}
    assert hardware == {"NVIDIA H100 80GB HBM3"}
    waiting = [asked(api, "h-100", seconds=600), *(asked(api, "H100") for _ in range(3))]
    with api.client() as client:
        path = f"/v1/predictions/{waiting[0]}"
        until(lambda: client.get(path).json()["status"] == "processing", about="the run")
        big.kill()
        client.post(f"{path}/cancel").raise_for_status()
    assert {end(api, each)["metadata"]["hardware"] for each in waiting[1:]} == {"cpu"}


def test_who_asks_for_a_class_that_nobody_has_runs_on_what_there_is(site: tuple[Foretell, Foretell]) -> None:
    ended = end(site[0], asked(site[0], "B300"))
    assert ended["status"] == "succeeded"
    assert ended["metadata"]["hardware"] in {"cpu", "NVIDIA H100 80GB HBM3"}
