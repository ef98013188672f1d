"""Requests as the TypeScript client 1.0.5 sends them, and answers as it reads them: predictions and models."""

from collections.abc import Iterator

import httpx
import pytest

import strict
from contract import callers
from servers import Foretell

FOX = {"prompt": "a fox", "width": 64, "height": 64}
ENDS = ("succeeded", "failed", "cancelled")


@pytest.fixture
def newer(server: Foretell) -> Iterator[httpx.Client]:
    with callers.newer_javascript(server) as client:
        yield client


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_first_poll_follows_the_address_in_the_answer_to_the_host_that_was_asked(
    server: Foretell, host: str
) -> None:
    address = server.address.replace("127.0.0.1", host)
    with callers.newer_javascript(server, host=address) as newer:
        body = {"model": "slow", "input": {"seconds": 0.3}, "await": False}
        made = newer.post("/predict", json=body).json()
        for name, end in {"get": "", "cancel": "/cancel", "stream": "/stream", "delete": "/delete"}.items():
            assert made["urls"][name] == f"{address}/v1/predictions/{made['id']}{end}"
        assert newer.get(made["urls"]["get"]).json()["id"] == made["id"]
        assert callers.ended(newer, made["urls"]["get"], ends=ENDS)["status"] == "succeeded"


def test_a_slug_whose_slash_is_encoded_is_the_same_model(newer: httpx.Client) -> None:
    for path in (
        "/model/skytells%2Ftruefusion",
        "/models/skytells%2Ftruefusion",
        "/model/skytells/truefusion",
    ):
        assert newer.get(path).json()["namespace"] == "truefusion"


def test_models_are_a_bare_array_also_for_a_caller_with_both_kinds_of_key(newer: httpx.Client) -> None:
    models = newer.get("/models", params={"fields": "input_schema"}).json()
    assert isinstance(models, list)
    assert all("input_schema" in each for each in models)


def test_a_model_tells_whether_it_is_asked_by_chat_or_by_prediction(newer: httpx.Client) -> None:
    chat, picture = (newer.get(f"/model/{name}").json() for name in ("deepbrain-router", "truefusion"))
    assert chat["metadata"]["openai_compatible"] is True
    assert (picture["metadata"]["openai_compatible"], picture["type"]) == (False, "image")


def test_an_image_model_gives_its_output_in_the_answer_to_an_awaiting_create(newer: httpx.Client) -> None:
    made = newer.post("/predict", json={"model": "truefusion", "input": FOX, "await": True}).json()
    assert (made["status"], len(made["output"])) == ("succeeded", 1)


def test_the_addresses_of_a_prediction_cancel_stream_and_delete_it(newer: httpx.Client) -> None:
    made = newer.post("/predict", json={"model": "slow", "input": {"seconds": 600}}).json()
    streamed = newer.get(made["urls"]["stream"])
    assert streamed.headers["content-type"].startswith("application/json")
    assert streamed.json()["id"] == made["id"]
    canceled = newer.post(made["urls"]["cancel"]).json()
    assert (canceled["status"], canceled["success"]) == ("cancelled", True)
    deleted = newer.delete(made["urls"]["delete"]).json()
    assert (deleted["id"], deleted["success"]) == (made["id"], True)
    strict.check_refusal(newer.get(made["urls"]["get"]), 404, "PREDICTION_NOT_FOUND")


def test_a_list_is_paged_and_filtered_by_day(newer: httpx.Client) -> None:
    made = newer.post("/predict", json={"model": "echo", "input": {"prompt": "x"}, "await": True}).json()
    day = made["created_at"][:10]
    page = newer.get("/predictions", params={"from": day, "to": day, "model": "echo", "page": 1}).json()
    assert page["data"][0]["id"] == made["id"]
    assert set(page["pagination"]) >= {"current_page", "per_page", "total", "last_page"}


def test_an_error_has_what_the_client_takes_from_it(newer: httpx.Client) -> None:
    answer = newer.post("/predict", json={"model": "nope", "input": {}})
    error = answer.json()["error"]
    assert (error["error_id"], error["http_status"]) == ("MODEL_NOT_FOUND", answer.status_code)
    assert error["request_id"] == answer.headers["x-request-id"]
