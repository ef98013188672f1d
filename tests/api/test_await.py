"""`await`, `wait`, `Prefer: wait=n` and what holds a caller."""

import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import strict
from served_api import Api
from servers import until

FOX = {"model": "truefusion", "input": {"prompt": "a fox"}}
URLLIB = {"user-agent": "Python-urllib/3.11"}


def newest(api: Api) -> str:
    """The id of the prediction that waits, as soon as there is one."""

    def found() -> str | None:
        predictions, _ = api.run(api.store.list_predictions(account_id=None, limit=1))
        return predictions[0].id if predictions and not predictions[0].status.is_terminal else None

    return until(found, about="a waiting prediction")


def posted(api: Api, body: dict[str, Any], **headers: str) -> Any:
    with api.client(**headers) as client:
        return client.post("/v1/predict", json=body)


@pytest.mark.parametrize("word", ["await", "wait"])
@pytest.mark.parametrize("headers", [{}, URLLIB], ids=["any client", "urllib"])
def test_an_awaiting_create_answers_with_the_end(either_api: Api, word: str, headers: dict[str, str]) -> None:
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(posted, either_api, FOX | {word: True}, **headers)
        hold = either_api.begin(newest(either_api))
        either_api.succeed(hold, "done", predict_time=0.5)
        body = waiting.result().json()
    strict.check(strict.PREDICTION, body["data"])
    assert (body["status"], body["output"], body["message"]) == ("succeeded", "done", "Prediction succeeded")
    assert body["metrics"]["predict_time"] == 0.5
    assert body["metrics"]["progress"] == 100


def test_a_prefer_header_waits_so_many_seconds(api_with: Callable[..., Api]) -> None:
    api = api_with()
    began = time.monotonic()
    assert posted(api, FOX, prefer="respond-async, wait=1").json()["status"] == "starting"
    assert 0.9 < time.monotonic() - began < 10


def test_a_prediction_longer_than_the_cap_is_answered_unfinished(api_with: Callable[..., Api]) -> None:
    api = api_with(await_seconds_max=0.3)
    for headers in ({}, URLLIB):
        answer = posted(api, FOX | {"await": True}, **headers)
        assert answer.status_code == 200
        assert answer.json()["status"] == "starting"


def test_an_operator_may_give_creates_without_await_a_soft_wait(api_with: Callable[..., Api]) -> None:
    api = api_with(default_await_seconds=20.0)
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(posted, api, FOX)
        api.succeed(api.begin(newest(api)), "done")
        assert waiting.result().json()["status"] == "succeeded"
    assert posted(api, FOX | {"await": False}).json()["status"] == "starting"


def test_a_failed_prediction_is_an_answer_and_not_an_http_error(api_with: Callable[..., Api]) -> None:
    api = api_with()
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(posted, api, FOX | {"await": True})
        api.fail(api.begin(newest(api)), "raised", "The prompt is too short.")
        answer = waiting.result()
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["output"]) == ("failed", None)
    assert body["response"] == body["error"] == body["error_message"] == "The prompt is too short."
    assert body["error_id"] == "raised"


def test_a_caller_whose_timeout_counts_from_the_last_byte_is_sent_spaces(
    api_with: Callable[..., Api],
) -> None:
    api = api_with()
    pieces: list[bytes] = []

    def follow() -> None:
        with (
            api.client(**URLLIB) as client,
            client.stream("POST", "/v1/predict", json=FOX | {"await": True}) as answer,
        ):
            assert answer.headers["content-type"] == "application/json"
            pieces.extend(answer.iter_raw())

    reader = threading.Thread(target=follow)
    reader.start()
    prediction_id = newest(api)
    until(lambda: len(pieces) >= 2, about="two spaces")
    assert set(pieces[:2]) == {b" "}
    api.succeed(api.begin(prediction_id), "done")
    reader.join(20)
    assert json.loads(b"".join(pieces))["status"] == "succeeded"


def test_more_waiting_callers_than_there_are_seats_are_refused_before_anything_is_created(
    api_with: Callable[..., Api],
) -> None:
    api = api_with(waiting_callers_max=1)
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(posted, api, FOX | {"await": True})
        first = newest(api)
        refused = posted(api, FOX | {"await": True})
        strict.check_refusal(refused, 503, "OVERLOADED")
        assert int(refused.headers["retry-after"]) > 0
        assert posted(api, FOX).status_code == 200
        api.succeed(api.begin(first), "done")
        assert waiting.result().json()["status"] == "succeeded"
    _, total = api.run(api.store.list_predictions(account_id=None))
    assert total == 2


def test_a_caller_who_hangs_up_frees_the_seat_and_the_prediction_goes_on(
    api_with: Callable[..., Api],
) -> None:
    api = api_with(waiting_callers_max=1)
    body = json.dumps(FOX | {"await": True}).encode()
    host, port = api.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        head = f"POST /v1/predict HTTP/1.1\r\nhost: {host}\r\nx-api-key: {api.key}\r\n"
        caller.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        prediction_id = newest(api)
        assert api.app.seats.taken == 1
    until(lambda: api.app.seats.taken == 0, about="a free seat")
    assert api.get(prediction_id).status == "starting"


def test_a_stopping_server_answers_waiting_callers_with_what_there_is(api_with: Callable[..., Api]) -> None:
    api = api_with()
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(posted, api, FOX | {"await": True})
        newest(api)
        api.stop_waiting()
        assert waiting.result().json()["status"] == "starting"
