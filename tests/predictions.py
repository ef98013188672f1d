"""What tests do with predictions over HTTP: make them, wait for them, look at what was told of them."""

import textwrap
from pathlib import Path
from typing import Any

import httpx
import psutil

from servers import Foretell, Receiver, until

MANIFEST = 'name = "Test"\ntype = "text"\ndescription = "For a test."\npredictor = "predict.py:predict"\n'
EVENTS = ["started", "processing", "completed", "failed", "canceled"]


def create(
    server: Foretell, model: str, given: dict[str, Any], receiver: Receiver | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {"model": model, "input": given}
    if receiver is not None:
        body["webhook"] = {"url": receiver.url, "events": EVENTS}
    with server.client() as client:
        answer = client.post("/v1/predictions", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def statuses(client: httpx.Client) -> list[str]:
    return [each["status"] for each in client.get("/v1/predictions").json()["data"]]


def processing(server: Foretell, prediction_id: str) -> None:
    with server.client() as client:
        path = f"/v1/predictions/{prediction_id}"
        until(lambda: client.get(path).json()["status"] == "processing", about="the run")


def end(server: Foretell, prediction_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/predictions/{prediction_id}").json()
        return found if found["completed_at"] else None

    with server.client() as client:
        return until(ended, about="the end")


def once_each(receiver: Receiver) -> list[dict[str, Any]]:
    """What came, with repetitions of one delivery left out: at least once is the promise."""
    return list({each["headers"]["webhook-id"]: each for each in receiver.got}.values())


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def model(models: Path, name: str, source: str) -> str:
    """Puts a model's folder into the directory `models`, whose path it gives."""
    folder = models / name
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(MANIFEST)
    (folder / "predict.py").write_text(textwrap.dedent(source))
    return str(models)
