"""Why am I waiting: what the object, the list and the stream say to those who wait."""

import json
from typing import Any

import pytest

from foretell.prediction import Phase
from foretell.store import Facts, Readiness, ReplicaState
from served_api import Api
from servers import until


def shown(api: Api, prediction_id: str) -> dict[str, Any]:
    with api.client() as client:
        found: dict[str, Any] = client.get(f"/v1/predictions/{prediction_id}").json()
    return found["metadata"]


def listed(api: Api, prediction_id: str) -> dict[str, Any]:
    with api.client() as client:
        found = client.get("/v1/predictions", params={"per_page": 50}).json()["data"]
    (metadata,) = [each["metadata"] for each in found if each["id"] == prediction_id]
    return dict(metadata)


def replica(state: Readiness = Readiness.READY, *, node: str = "node-1", **facts: Any) -> ReplicaState:
    fraction = facts.pop("fraction", None)
    return ReplicaState(
        id=f"replica-{node}",
        version_id="version-embed",
        node=node,
        state=state,
        fraction=fraction,
        facts=Facts(**facts),
    )


@pytest.fixture
def waiting(api: Api) -> str:
    """The second of two that wait for a model without a replica."""
    for each in _live(api):
        api.run(api.store.cancel(each, account_id=None))
    api.create("embed")
    return str(api.create("embed")["id"])


def _live(api: Api) -> list[str]:
    found, _ = api.run(api.store.list_predictions(account_id=None, limit=1000))
    return [each.id for each in found if not each.status.is_terminal]


def test_who_waits_is_told_the_place_and_that_nobody_knows_how_long(api: Api, waiting: str) -> None:
    for said in (shown(api, waiting), listed(api, waiting)):
        assert (said["phase"], said["queue_position"]) == ("queued", 2)
        assert said["queue"] == {"position": 2, "estimate_seconds": None}


def test_an_estimate_is_what_runs_took_times_those_ahead_by_the_places_there_are(
    api: Api, waiting: str
) -> None:
    api.run(api.store.replica(replica(run_seconds=30.0, load_seconds=8.0, capacity=2)))
    assert shown(api, waiting)["queue"] == {"position": 2, "estimate_seconds": 15.0}
    api.run(api.store.replica(replica(Readiness.LOADING, run_seconds=30.0, load_seconds=8.0, capacity=1)))
    assert listed(api, waiting)["queue"] == {"position": 2, "estimate_seconds": 38.0}
    api.run(api.store.replica(replica(Readiness.DEAD, run_seconds=30.0, load_seconds=8.0)))


def test_who_waits_although_runs_took_no_time_is_promised_nothing(api: Api, waiting: str) -> None:
    api.run(api.store.replica(replica(run_seconds=0.001, load_seconds=0.5)))
    assert shown(api, waiting)["queue"] == {"position": 2, "estimate_seconds": None}
    api.run(api.store.replica(replica(Readiness.DEAD)))


def test_who_waits_for_a_download_is_told_how_far_it_is(api: Api, waiting: str) -> None:
    hold = api.take(waiting)
    api.run(api.store.note(hold, phase=Phase.DOWNLOADING))
    api.run(api.store.replica(replica(Readiness.FETCHING, node=hold.node, fraction=0.427)))
    said = shown(api, waiting)
    assert (said["phase"], said["download_percent"]) == ("downloading", 42)
    assert "queue" not in said
    assert listed(api, waiting)["download_percent"] == 42


def test_who_waits_for_an_environment_is_told_what_is_being_installed(api: Api, waiting: str) -> None:
    hold = api.take(waiting)
    api.run(api.store.note(hold, phase=Phase.BUILDING))
    row = replica(Readiness.FETCHING, node=hold.node, line="Collecting torch==2.13.0")
    api.run(api.store.replica(row))
    said = shown(api, waiting)
    assert (said["phase"], said["building"]) == ("building", "Collecting torch==2.13.0")


def test_a_stream_tells_each_of_these_as_it_changes(api: Api, waiting: str) -> None:
    told: list[dict[str, Any]] = []
    with (
        api.client() as client,
        client.stream("GET", f"/v1/predictions/{waiting}/stream?stream=true") as answer,
    ):
        lines = (line for line in answer.iter_lines() if line.startswith("data:"))
        told.append(_next(lines))
        told.append(_next(lines))
        hold = api.take(waiting)
        api.run(api.store.note(hold, phase=Phase.DOWNLOADING))
        for fraction in (0.1, 0.6):
            api.run(api.store.replica(replica(Readiness.FETCHING, node=hold.node, fraction=fraction)))
            api.run(api.store.note(hold, phase=Phase.DOWNLOADING))
            told.append(_until(lines, "download_percent", int(100 * fraction)))
    assert told[0]["phase"] == "queued"
    assert told[1]["queue"] == {"position": 2, "estimate_seconds": None}
    assert [each["phase"] for each in told[2:]] == ["downloading", "downloading"]


def test_a_paused_model_says_so_to_those_who_wait(api: Api, waiting: str) -> None:
    with api.client() as client:
        assert client.post("/v1/admin/models/embed/pause").json() == {"model": "embed", "paused": True}
        try:
            assert shown(api, waiting)["phase"] == listed(api, waiting)["phase"] == "paused"
            assert client.get("/v1/admin/nodes").json()["paused"] == ["embed"]
        finally:
            assert client.post("/v1/admin/models/embed/resume").json()["paused"] is False
        assert shown(api, waiting)["phase"] == "queued"
        assert client.post("/v1/admin/models/nothing/pause").status_code == 404


def test_what_was_waited_for_stands_beside_the_result(api: Api) -> None:
    prediction_id = api.create("embed")["id"]
    hold = api.begin(prediction_id)
    api.succeed(hold, [1.0, 2.0])
    phases = shown(api, prediction_id)["phases"]
    assert set(phases) == {"queued_seconds", "running_seconds"}
    assert all(each >= 0 for each in phases.values())


def test_one_who_canceled_while_waiting_reads_how_long_that_was(api: Api, waiting: str) -> None:
    with api.client() as client:
        client.post(f"/v1/predictions/{waiting}/cancel")
    assert set(shown(api, waiting)["phases"]) == {"queued_seconds"}


def _next(lines: Any) -> dict[str, Any]:
    return dict(json.loads(next(lines).removeprefix("data:")))


def _until(lines: Any, name: str, value: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    until(lambda: found.update(_next(lines)) or found.get(name) == value, about=f"{name} {value}")
    return found
