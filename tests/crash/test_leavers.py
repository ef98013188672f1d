"""Callers hang up, all of them at once, again and again: whoever comes then is served as if nothing had been."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from predictions import model
from servers import KEY, Foretell, running, until

LEAVERS = 64
ROUNDS = 10
COMERS = 100
WAITS_FOR_ITS_GATE = """
    import os, time
    from collections.abc import Iterator
    def predict(gate: str) -> Iterator[str]:
        yield "waits "
        while not os.path.exists(gate):
            time.sleep(0.01)
        yield "done"
    """


def asked(server: Foretell, gate: Path, wish: dict[str, Any]) -> socket.socket:
    """A caller who waits for a prediction's end, or for what it says."""
    address = urlsplit(server.address)
    caller = socket.create_connection((address.hostname, address.port))
    body = json.dumps({"model": "gated", "input": {"gate": str(gate)}, **wish}).encode()
    accept = "text/event-stream" if "stream" in wish else "application/json"
    head = f"POST /v1/predict HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\naccept: {accept}\r\n"
    caller.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return caller


def held(client: httpx.Client) -> int:
    """How many callers wait or follow a stream."""
    lines = client.get("/metrics").text.splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith("foretell_callers_waiting ")]
    return int(float(value))


def ended(client: httpx.Client) -> int:
    """How many predictions have succeeded."""
    total: int = client.get("/v1/predictions", params={"status": "succeeded"}).json()["pagination"]["total"]
    return total


@pytest.mark.timeout(180)
def test_callers_who_all_hang_up_at_once_again_and_again_leave_nothing_in_the_way(tmp_path: Path) -> None:
    options = (
        "--port",
        "0",
        "--key",
        KEY,
        "--models",
        model(tmp_path / "models", "gated", WAITS_FOR_ITS_GATE),
    )
    with running(tmp_path / "data", *options) as server, server.client() as client:
        for number in range(ROUNDS):
            gate = tmp_path / f"gate {number}"
            wishes: list[dict[str, Any]] = [{"await": True}, {"stream": True}]
            callers = [asked(server, gate, wishes[each % 2]) for each in range(LEAVERS)]
            until(lambda: held(client) == LEAVERS, about="all of them")
            for each in callers:
                each.close()
            until(lambda: held(client) == 0, about="their seats")
            gate.touch()
        asked_then = {"model": "gated", "input": {"gate": str(gate)}, "await": True}
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: client.post("/v1/predict", json=asked_then), range(COMERS)))
        assert {(each.status_code, each.json()["status"]) for each in answers} == {(200, "succeeded")}
        until(lambda: ended(client) == ROUNDS * LEAVERS + COMERS, about="what was left behind")
