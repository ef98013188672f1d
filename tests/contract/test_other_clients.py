"""Requests shaped like those of the command-line and JavaScript clients, and of curl."""

import json
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from skytells import SkytellsClient

import strict
from servers import KEY, Foretell, Receiver, running, until

EVENTS = {"accept": "text/event-stream"}
SMALL = {"prompt": "a fox", "width": 64, "height": 64}


@pytest.fixture
def raw(server: Foretell) -> httpx.Client:
    return httpx.Client(base_url=f"{server.address}/v1", headers={"x-api-key": KEY}, timeout=60)


def ended(raw: httpx.Client, address: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        body: dict[str, Any] = raw.get(address).json()
        return body if body["completed_at"] else None

    return until(found, about="the end")


def test_the_command_lines_course_from_create_to_cancel(
    raw: httpx.Client, client: SkytellsClient, receiver: Receiver
) -> None:
    body = {"model": "slow", "input": {"seconds": 600}, "webhook": receiver.url}
    made = raw.post("/predictions", json=body).json()
    assert made["status"] in {"starting", "processing"}
    assert made["webhook"] == {"url": receiver.url, "events": []}
    until(lambda: raw.get(f"/predictions/{made['id']}").json()["status"] == "processing", about="the run")
    assert raw.post(f"/predictions/{made['id']}/cancel").json()["success"] is True
    assert raw.get(f"/predictions/{made['id']}").json()["status"] == "canceled"
    assert client.predictions.get(made["id"])["status"] == "cancelled"
    until(lambda: receiver.statuses(made["id"]) == ["canceled"], about="the webhook")


def test_the_command_lines_models_lists_and_deletes(raw: httpx.Client) -> None:
    model = raw.get("/models/truefusion?fields=input_schema,output_schema").json()
    assert {"input_schema", "output_schema"} <= set(model)
    made = raw.post("/predictions", json={"model": "echo", "input": {"prompt": "x"}, "await": True}).json()
    listed = raw.get("/predictions", params={"per_page": 1, "status": "succeeded"}).json()
    assert [each["id"] for each in listed["data"]] == [made["id"]]
    assert listed["pagination"]["per_page"] == 1
    assert raw.delete(f"/predictions/{made['id']}").json()["success"] is True


def test_downloads_by_the_last_part_of_their_addresses_never_collide(raw: httpx.Client) -> None:
    outputs = []
    for _ in range(3):
        body = {"model": "truefusion", "input": SMALL | {"num_outputs": 2}, "await": True}
        outputs += raw.post("/predictions", json=body).json()["output"]
    names = [PurePosixPath(urlsplit(each).path).name for each in outputs]
    assert len(set(names)) == 6
    assert all(name.endswith(".png") for name in names)
    assert all(httpx.get(each).status_code == 200 for each in outputs)


def test_the_first_poll_follows_the_address_in_the_answer_to_the_host_that_was_asked(
    server: Foretell, raw: httpx.Client
) -> None:
    body = {"model": "echo", "input": {"prompt": "x"}, "await": False}
    for host in (server.address, server.address.replace("127.0.0.1", "localhost")):
        made = httpx.post(f"{host}/v1/predict", json=body, headers={"x-api-key": KEY}).json()
        assert made["urls"]["get"] == f"{host}/v1/predictions/{made['id']}"
        assert ended(raw, made["urls"]["get"])["output"] == "x"


def test_a_double_slash_and_an_encoded_slash_are_understood(server: Foretell) -> None:
    for path in ("/v1//models", "/v1//model/skytells%2Ftruefusion", "/v1/models/skytells%2Ftruefusion"):
        answer = httpx.get(f"{server.address}{path}", headers={"x-api-key": KEY})
        assert answer.status_code == 200


def test_events_end_with_done_and_any_other_accept_reads_json(raw: httpx.Client) -> None:
    made = raw.post("/predict", json={"model": "slow", "input": {"seconds": 0.4}}).json()
    with raw.stream(
        "GET", f"/predictions/{made['id']}/stream", headers={"accept": "text/event-stream"}
    ) as answer:
        text = answer.read().decode()
    names = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    assert names[0] == "status"
    assert "output" in names
    assert "progress" in names
    assert names[-1] == "done"
    done = json.loads(text.rstrip().splitlines()[-1].removeprefix("data: "))
    strict.check(strict.PREDICTION, done)
    strict.check(strict.PREDICTION, raw.get(f"/predictions/{made['id']}/stream").json())


def test_every_state_of_every_model_is_what_a_strict_client_decodes(raw: httpx.Client) -> None:
    given: dict[str, dict[str, Any]] = {
        "echo": {"prompt": "x"},
        "fail": {"after_seconds": 0.2},
        "slow": {"seconds": 0.3},
        "picture": SMALL,
    }
    for model, values in given.items():
        made = raw.post("/predictions", json={"model": model, "input": values}).json()
        strict.check(strict.PREDICTION, made)
        while made["completed_at"] is None:
            made = raw.get(f"/predictions/{made['id']}").json()
            strict.check(strict.PREDICTION, made)
    for each in raw.get("/models").json():
        strict.check(strict.MODEL, each)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/predict", b"{not json"),
        ("POST", "/predict", b"x" * (11 * 1024**2)),
        ("POST", "/predict", b'{"model": "truefusion"}'),
        ("GET", "/nothing/here", b""),
        ("PUT", "/predict", b"{}"),
        ("GET", "/predictions?per_page=51", b""),
        ("GET", "/predictions/unknown", b""),
        ("POST", "/files", b""),
        ("GET", "/admin/nothing", b""),
    ],
)
def test_any_failure_is_json_in_the_envelope(raw: httpx.Client, method: str, path: str, body: bytes) -> None:
    answer = raw.request(method, path, content=body)
    assert answer.status_code >= 400
    assert answer.headers["content-type"] == "application/json"
    strict.check(strict.ERROR, answer.json())


def test_a_stream_is_resumed_after_the_server_was_killed_in_the_middle(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY) as first:
        body = {"model": "slow", "input": {"seconds": 1.5}, "stream": True}
        with (
            first.client() as client,
            client.stream("POST", "/v1/predictions", json=body, headers=EVENTS) as answer,
        ):
            lines = answer.iter_lines()
            made = json.loads(
                next(line for line in lines if line.startswith("data: ")).removeprefix("data: ")
            )
            place = next(line.removeprefix("id: ") for line in lines if line.startswith("id: 1:4"))
            first.kill()
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY) as second, second.client() as client:
        path = f"/v1/predictions/{made['id']}/stream"
        text = client.get(path, headers=EVENTS | {"last-event-id": place}).text
    assert "event: restarted" in text
    told = [
        json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")
    ]
    output = "".join(each["value"] for each in told if each.keys() == {"value"})
    assert output == told[-1]["output"]
    assert output.startswith("0.1 s\n")
    assert "id: 2:end" in text
