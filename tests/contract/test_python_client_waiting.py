"""The official Python client, unmodified: waiting, progress, cancels, retries, restarts."""

import time
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from skytells import SkytellsClient, SkytellsError

from servers import KEY, Foretell, running, until


def test_wait_sees_progress_that_never_falls(client: SkytellsClient) -> None:
    seen: list[float] = []

    def on_progress(found: dict[str, Any]) -> None:
        seen.append(found["metrics"].get("progress", 0))

    made = client.predictions.create({"model": "slow", "input": {"seconds": 1}})
    ended = client.wait(made, {"interval": 100}, on_progress=on_progress)
    assert ended["status"] == "succeeded"
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert any(0 < each < 100 for each in seen)


def test_run_with_progress_calls_back_with_the_end_last(
    client: SkytellsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client's own interval is five seconds, and run() offers no other.
    monkeypatch.setattr("skytells._client.DEFAULT_POLL_INTERVAL", 100)
    seen: list[str] = []
    prediction = client.run(
        "slow", input={"seconds": 0.5}, on_progress=lambda each: seen.append(each["status"])
    )
    assert prediction.status == "succeeded"
    assert seen[-1] == "succeeded"


def test_a_canceled_run_stops_and_wait_returns_at_once(server: Foretell, client: SkytellsClient) -> None:
    made = client.predictions.create({"model": "slow", "input": {"seconds": 600}})
    until(lambda: client.predictions.get(made["id"])["status"] == "processing", about="the run")
    canceled = client.cancel_prediction(made["id"])
    assert (canceled["status"], canceled["success"]) == ("cancelled", True)
    began = time.monotonic()
    assert client.wait(client.predictions.get(made["id"]))["status"] == "cancelled"
    assert time.monotonic() - began < 2
    stopped = until(
        lambda: client.predictions.get(made["id"])["metadata"].get("stopped_by"), about="the run's end"
    )
    assert stopped


def test_a_job_longer_than_the_clients_timeout_is_waited_for(server: Foretell) -> None:
    client = SkytellsClient(KEY, base_url=f"{server.address}/v1", timeout=2_000)
    assert client.run("slow", input={"seconds": 3.5}).status == "succeeded"


def test_a_job_longer_than_the_cap_is_returned_unfinished_and_can_be_waited_for(impatient: Foretell) -> None:
    client = SkytellsClient(KEY, base_url=f"{impatient.address}/v1")
    prediction = client.run("slow", input={"seconds": 2})
    assert prediction.status in {"starting", "processing"}
    assert client.wait(prediction.raw(), {"interval": 100})["status"] == "succeeded"


def test_a_retry_after_503_succeeds_and_creates_one_prediction(impatient: Foretell) -> None:
    client = SkytellsClient(KEY, base_url=f"{impatient.address}/v1", retry={"retries": 5, "retry_delay": 200})
    holder = Thread(target=lambda: client.run("slow", input={"seconds": 30}))
    holder.start()
    until(lambda: client.predictions.list(model="slow").data[0]["completed_at"] is None, about="the holder")
    refused = httpx.post(
        f"{impatient.address}/v1/predict",
        json={"model": "echo", "input": {"prompt": "x"}, "await": True},
        headers={"x-api-key": KEY},
    )
    assert refused.status_code == 503
    assert client.run("echo", input={"prompt": "hi"}).output == "hi"
    holder.join()
    assert client.predictions.list(model="echo").pagination.to_dict()["total"] == 1


def test_a_refusal_is_not_retried(server: Foretell) -> None:
    client = SkytellsClient(KEY, base_url=f"{server.address}/v1", retry={"retries": 3, "retry_delay": 2_000})
    began = time.monotonic()
    with pytest.raises(SkytellsError) as caught:
        client.run("slow", input={"seconds": "long"})
    assert caught.value.error_id == "INVALID_INPUT"
    assert time.monotonic() - began < 2


def test_wait_ends_though_the_server_is_killed_and_started_again(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY) as first:
        port = first.address.rsplit(":", 1)[1]
        client = SkytellsClient(KEY, base_url=f"{first.address}/v1")
        made = client.predictions.create({"model": "slow", "input": {"seconds": 1}})
        until(lambda: client.predictions.get(made["id"])["status"] == "processing", about="the run")
        first.kill()
    with running(tmp_path, "--sandbox", "--port", port, "--key", KEY):
        ended = client.wait(made, {"interval": 100, "max_wait": 30_000})
    assert ended["status"] == "succeeded"
    assert ended["output"].endswith("done\n")
