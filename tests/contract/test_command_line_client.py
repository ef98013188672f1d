"""Requests as the official command line sends them: a content type only where there is a body."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx
import pytest
from skytells import SkytellsClient

import strict
from contract import callers
from servers import Foretell, Receiver, until

SMALL = {"prompt": "a fox", "width": 64, "height": 64}
ENDS = ("succeeded", "failed", "canceled")


@pytest.fixture
def command(server: Foretell) -> Iterator[httpx.Client]:
    with callers.command_line(server) as client:
        yield client


def test_the_command_lines_course_from_create_to_cancel(
    command: httpx.Client, client: SkytellsClient, receiver: Receiver
) -> None:
    body = {"model": "slow", "input": {"seconds": 600}, "webhook": receiver.url}
    made = command.post("/predictions", json=body).json()
    assert made["status"] in {"starting", "processing"}
    assert "success" not in made
    assert made["webhook"] == {"url": receiver.url, "events": []}
    until(lambda: command.get(f"/predictions/{made['id']}").json()["status"] == "processing", about="the run")
    assert command.post(f"/predictions/{made['id']}/cancel").json()["success"] is True
    assert callers.ended(command, f"/predictions/{made['id']}", ends=ENDS)["status"] == "canceled"
    assert client.predictions.get(made["id"])["status"] == "cancelled"
    until(lambda: receiver.statuses(made["id"]) == ["canceled"], about="the webhook")


def test_it_waits_until_the_end(command: httpx.Client) -> None:
    made = command.post("/predictions", json={"model": "slow", "input": {"seconds": 0.3}}).json()
    assert callers.ended(command, f"/predictions/{made['id']}", ends=ENDS)["output"].endswith("done\n")
    failing = command.post("/predictions", json={"model": "fail", "input": {"message": "No."}}).json()
    failed = callers.ended(command, f"/predictions/{failing['id']}", ends=ENDS)
    assert (failed["status"], failed["error"]) == ("failed", failed["response"])
    assert "No." in failed["error"]


def test_it_reads_models_with_their_schemas(command: httpx.Client) -> None:
    model = command.get("/models/truefusion?fields=input_schema,output_schema").json()
    assert {"input_schema", "output_schema"} <= set(model)


def test_it_lists_and_deletes(command: httpx.Client) -> None:
    made = command.post(
        "/predictions", json={"model": "echo", "input": {"prompt": "x"}, "await": True}
    ).json()
    listed = command.get("/predictions", params={"per_page": 1, "status": "succeeded"}).json()
    assert [each["id"] for each in listed["data"]] == [made["id"]]
    assert listed["pagination"]["per_page"] == 1
    deleted = command.delete(f"/predictions/{made['id']}").json()
    assert (deleted["success"], deleted["id"]) == (True, made["id"])
    strict.check_refusal(command.get(f"/predictions/{made['id']}"), 404, "PREDICTION_NOT_FOUND")


def test_downloads_by_the_last_part_of_their_addresses_never_collide(command: httpx.Client) -> None:
    outputs = []
    for _ in range(3):
        body = {"model": "truefusion", "input": SMALL | {"num_outputs": 2}, "await": True}
        outputs += command.post("/predictions", json=body).json()["output"]
    names = [PurePosixPath(urlsplit(each).path).name for each in outputs]
    assert len(set(names)) == 6
    assert all(name.endswith(".png") for name in names)
    assert all(httpx.get(each).status_code == 200 for each in outputs)


def test_a_refusal_has_what_it_prints(command: httpx.Client) -> None:
    answer = command.post("/predictions", json={"model": "truefusion", "input": {"promt": "x"}})
    strict.check_refusal(answer, 422, "INVALID_INPUT")
    assert "did you mean 'prompt'?" in answer.json()["error"]["details"]
