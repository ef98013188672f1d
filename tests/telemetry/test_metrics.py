"""Figures for Prometheus, of a real server and a node apart."""

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from servers import KEY, Foretell, foretell, running, until


def figures(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name, then by labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def of(server: Foretell) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    with server.client() as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return figures(answer.text)


def create(
    client: httpx.Client, model: str, given: dict[str, object], *, wait: bool = True
) -> dict[str, object]:
    answer = client.post("/v1/predict", json={"model": model, "input": given, "await": wait})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("data"), "--sandbox", "--port", "0", "--key", KEY) as found:
        yield found


def test_what_ended_is_counted_by_model_and_status(server):
    with server.client() as client:
        for _ in range(3):
            create(client, "echo", {"prompt": "hello"})
        create(client, "fail", {})
    found = of(server)["foretell_predictions_total"]
    assert found[("model", "echo"), ("status", "succeeded")] == 3
    assert found[("model", "fail"), ("status", "failed")] == 1


def test_every_phase_of_a_run_has_its_histogram_and_together_they_are_the_whole(server):
    with server.client() as client:
        done = create(client, "slow", {"seconds": 0.5})
    found = of(server)
    phases = {
        dict(labels)["phase"]: value
        for labels, value in found["foretell_prediction_phase_seconds_sum"].items()
        if dict(labels)["model"] == "slow"
    }
    assert phases["running"] == pytest.approx(0.5, abs=0.3)
    assert {"queued", "running", "storing"} <= phases.keys()
    assert sum(phases.values()) == pytest.approx(done["metrics"]["total_time"], abs=0.1)


def test_a_cancel_is_counted_though_no_run_reports_it(server):
    with server.client() as client:
        made = create(client, "slow", {"seconds": 60}, wait=False)
        client.post(f"/v1/predictions/{made['id']}/cancel").raise_for_status()
    found = of(server)["foretell_predictions_total"]
    assert found[("model", "slow"), ("status", "canceled")] == 1


def test_gauges_say_what_waits_and_what_is_loaded(server):
    with server.client() as client:
        made = [create(client, "slow", {"seconds": 60}, wait=False)["id"] for _ in range(6)]

        def waiting() -> float:
            return of(server).get("foretell_predictions_waiting", {}).get((("model", "slow"),), 0.0)

        assert until(waiting, about="predictions that wait") >= 1
        found = of(server)
        assert found["foretell_oldest_waiting_seconds"][(("model", "slow"),)] >= 0
        assert found["foretell_replicas"][("model", "slow"), ("state", "ready")] == 1
        assert found["foretell_nodes"][()] == 1
        for each in made:
            client.post(f"/v1/predictions/{each}/cancel").raise_for_status()


def test_figures_are_for_operators(server):
    assert httpx.get(f"{server.address}/metrics").status_code == 401
    told = foretell("accounts", "create", "guest", data=server_data(server))
    assert told.returncode == 0, told.stderr
    told = foretell("keys", "create", "theirs", "--account", "guest", data=server_data(server))
    key = re.search(r"sk-\S+", told.stdout)
    assert key is not None, told.stdout
    with server.client(key[0]) as client:
        assert client.get("/metrics").status_code == 403


def test_an_address_of_its_own_gives_figures_without_a_key(tmp_path):
    options = ("--sandbox", "--port", "0", "--key", KEY)
    with running(tmp_path / "data", *options, FORETELL_METRICS_ADDRESS="127.0.0.1:0") as server:
        said = until(lambda: re.search(r"http://127.0.0.1:\d+/metrics", server.said()), about="the address")
        with server.client() as client:
            create(client, "echo", {"prompt": "hello"})
        found = figures(httpx.get(said[0]).text)
        assert found["foretell_predictions_total"][("model", "echo"), ("status", "succeeded")] == 1
        assert found["process_cpu_seconds_total"][()] > 0


def test_an_address_that_cannot_be_served_keeps_the_server_from_starting(tmp_path):
    told = foretell("serve", "--port", "0", data=tmp_path, FORETELL_METRICS_ADDRESS="nowhere")
    assert told.returncode != 0
    assert "metrics_address is 'nowhere'" in told.stdout + told.stderr


def server_data(server: Foretell) -> Path:
    arguments = server.process.args
    assert isinstance(arguments, list)
    return Path(arguments[arguments.index("--data") + 1])
