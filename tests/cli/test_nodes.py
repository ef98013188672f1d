"""`foretell nodes` and the routes behind it, on a server whose GPUs are declared."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import KEY, Foretell, foretell, running, until

GPUS = json.dumps([{"name": "Tesla T4", "memory_mb": 16_000}])


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Foretell]:
    with running(
        data,
        "--sandbox",
        "--port",
        "0",
        "--key",
        KEY,
        FORETELL_GPUS=GPUS,
        FORETELL_MEMORY_MB="2000",
        FORETELL_HEARTBEAT_SECONDS="0.5",
    ) as started:
        yield started


def node_of(server: Foretell) -> dict[str, Any]:
    with server.client() as client:
        (found,) = client.get("/v1/admin/nodes").json()["data"]
    return dict(found)


def run(server: Foretell, **more: Any) -> dict[str, Any]:
    with server.client() as client:
        body = {"model": "echo", "input": {"prompt": "hello"}, **more}
        return dict(client.post("/v1/predict", json=body).json())


def replicas(server: Foretell, model: str = "echo") -> list[dict[str, Any]]:
    return [each for each in node_of(server)["replicas"] if each["model"] == model]


def test_a_node_says_what_it_has_and_what_is_loaded_there(server: Foretell) -> None:
    assert run(server, **{"await": True})["status"] == "succeeded"
    node = node_of(server)
    assert (node["hardware"], node["models_mb"], node["living"], node["drained_at"]) == (
        "Tesla T4",
        2000,
        True,
        None,
    )
    assert node["gpus"] == [{"name": "Tesla T4", "memory_mb": 16_000, "replicas": []}]
    measured = until(
        lambda: [each for each in replicas(server) if each["memory_mb"] and each["idle_since"]],
        about="what the replica holds and since when it rests",
    )
    assert [(each["state"], each["runs"], each["gpus"]) for each in measured] == [("ready", 1, [])]


def test_the_command_lists_the_same(server: Foretell, data: Path) -> None:
    run(server, **{"await": True})
    found = foretell("nodes", "list", data=data)
    assert found.returncode == 0, found.stderr
    assert "Tesla T4" in found.stdout and "echo" in found.stdout
    told = json.loads(foretell("nodes", "list", "--json", data=data).stdout)
    assert [each["id"] for each in told["data"]] == [node_of(server)["id"]]


def test_a_drained_node_takes_nothing_until_it_is_resumed(server: Foretell, data: Path) -> None:
    node = node_of(server)["id"]
    assert foretell("nodes", "drain", node, data=data).returncode == 0
    assert "drained" in foretell("nodes", "list", data=data).stdout
    until(lambda: not node_of(server)["replicas"], about="the end of its replicas")
    waiting = run(server)
    with server.client() as client:
        found = client.get(f"/v1/predictions/{waiting['id']}").json()
        assert (found["status"], found["metadata"]["queue"]["position"]) == ("starting", 1)
        assert foretell("nodes", "resume", node, data=data).returncode == 0
        until(
            lambda: client.get(f"/v1/predictions/{waiting['id']}").json()["status"] == "succeeded",
            about="the end of what waited",
        )


def test_a_replica_is_unloaded_by_its_id(server: Foretell, data: Path) -> None:
    run(server, **{"await": True})
    (before,) = replicas(server)
    assert foretell("nodes", "unload", before["id"], data=data).returncode == 0
    until(lambda: before["id"] not in {each["id"] for each in replicas(server)}, about="its end")
    again = foretell("nodes", "unload", before["id"], data=data)
    assert again.returncode == 1
    assert "There is no loaded replica" in again.stderr
    assert run(server, **{"await": True})["status"] == "succeeded"


def test_what_operators_did_with_nodes_and_models_is_written_down(server: Foretell) -> None:
    with server.client() as client:
        for verb in ("pause", "resume"):
            assert client.post(f"/v1/admin/models/echo/{verb}").status_code == 200
        node = node_of(server)["id"]
        for verb in ("drain", "resume"):
            assert client.post(f"/v1/admin/nodes/{node}/{verb}").status_code == 200
        found = client.get("/v1/admin/audit", params={"limit": 4}).json()["data"]
        assert [(each["action"], each["subject"]) for each in reversed(found)] == [
            ("model.pause", "echo"),
            ("model.resume", "echo"),
            ("node.drain", node),
            ("node.resume", node),
        ]
        assert client.post("/v1/admin/nodes/nobody/drain").status_code == 404
        told = client.get("/v1/admin/audit", params={"limit": 1}).json()["data"]
        assert told[0]["action"] == "node.resume", "what did not happen is not written down"
