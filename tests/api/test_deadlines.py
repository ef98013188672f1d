"""Cancel-After, `cancel_after`, `queue_timeout` and `cancel_on_disconnect`: who gives a prediction how much time."""

import http.client
import json
import socket
import sqlite3
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import strict
from foretell.prediction import Prediction, Status
from responding import Talks
from served_api import Api
from servers import until

FOX = {"model": "truefusion", "input": {"prompt": "a fox"}}
STREAMED = {"model": "deepbrain", "input": {"prompt": "a fox"}, "stream": True}
DUE = "SELECT cancel_at, expire_at FROM predictions WHERE id = ?"


def lives_for(api: Api, prediction_id: str) -> tuple[float | None, float | None]:
    """After how many seconds it is canceled, and expires, as the row says."""
    file = sqlite3.connect(api.services.config.data_path / "foretell.db")
    ((cancel_at, expire_at),) = file.execute(DUE, (prediction_id,)).fetchall()
    file.close()
    created_at = api.get(prediction_id).created_at
    first, second = (None if each is None else (each - created_at) / 1e6 for each in (cancel_at, expire_at))
    return first, second


@pytest.mark.parametrize(
    ("body", "header", "seconds"),
    [
        ({}, None, None),
        ({"cancel_after": 90}, None, 90),
        ({"cancel_after": 0.5}, None, 0.5),
        ({"cancel_after": "5m"}, None, 300),
        ({}, "5m", 300),
        ({}, "1h", 3_600),
        ({}, "1h30m45s", 5_445),
        ({}, "30", 30),
        ({"cancel_after": 60}, "90s", 60),
        ({"cancel_after": None}, "90s", 90),
        ({"cancel_after": "2m"}, "90S", 90),
    ],
)
def test_a_prediction_may_be_given_a_time_to_live(
    api: Api, body: dict[str, Any], header: str | None, seconds: float | None
) -> None:
    headers = {} if header is None else {"cancel-after": header}
    with api.client(**headers) as client:
        created = client.post("/v1/predictions", json={**FOX, **body}).json()
    assert lives_for(api, created["id"]) == (seconds, None)


@pytest.mark.parametrize("wrong", [0, -1, "", "soon", "5 m", True, [], {}, 1e12, "0.01"], ids=str)
@pytest.mark.parametrize("name", ["cancel_after", "queue_timeout"])
def test_a_time_that_is_none_is_refused_by_its_name(api: Api, name: str, wrong: Any) -> None:
    with api.client() as client:
        refused = client.post("/v1/predict", json={**FOX, name: wrong})
    strict.check_refusal(refused, 422, "VALIDATION_ERROR")
    assert name in refused.json()["error"]["details"]


@pytest.mark.parametrize("wrong", ["", "soon", "0", "-5", "5y", "9" * 12, "\u00e4"])
def test_a_header_that_is_no_time_is_refused_on_every_dialect(talks: Talks, wrong: str) -> None:
    with talks.api.client() as client:
        headers = {"cancel-after": wrong.encode()}
        strict.check_refusal(client.post("/v1/predict", json=FOX, headers=headers), 400, "INVALID_PARAMETER")
        body = {"model": "talker", "input": "hello"}
        assert client.post("/v1/responses", json=body, headers=headers).status_code == 400


@pytest.fixture
def talks(api: Api) -> Talks:
    return Talks(api)


def test_a_header_that_is_no_time_is_refused_where_the_request_was_sent_before(api: Api) -> None:
    with api.client(**{"idempotency-key": "a-time"}) as client:
        client.post("/v1/predict", json=FOX).raise_for_status()
        refused = client.post("/v1/predict", json=FOX, headers={"cancel-after": "soon"})
        strict.check_refusal(refused, 400, "INVALID_PARAMETER")


def test_the_header_counts_for_openais_callers_too(talks: Talks) -> None:
    with talks.api.client(**{"cancel-after": "5m"}) as client:
        body = {"model": "talker", "input": "hello", "background": True}
        response = client.post("/v1/responses", json=body).json()
    found, _ = talks.api.run(talks.api.store.list_predictions(account_id=None, model="talker", limit=1))
    assert response["status"] == "queued"
    assert lives_for(talks.api, found[0].id)[0] == 300


def test_the_narrower_of_a_callers_and_the_servers_time_in_the_queue_counts(
    api_with: Callable[..., Api],
) -> None:
    api = api_with(queue_seconds_max=60.0)
    given = {None: 60, 30: 30, "10m": 60}
    for wanted, seconds in given.items():
        created = api.create(queue_timeout=wanted)
        assert lives_for(api, created["id"]) == (None, seconds)


def ended(api: Api, prediction_id: str) -> Prediction:
    def look() -> Prediction | None:
        # The janitor of a server does this; here there is none.
        api.run(api.store.end_overdue())
        found = api.get(prediction_id)
        return found if found.status.is_terminal else None

    return until(look, about="its end", seconds=10)


def test_who_awaits_is_answered_at_the_deadline(either_api: Api) -> None:
    api = either_api
    created = api.create(cancel_after=0.3)
    found = ended(api, created["id"])
    with api.client() as client:
        shown = client.get(f"/v1/predictions/{created['id']}").json()
    assert found.status is Status.CANCELED
    assert (shown["status"], shown["metadata"]["canceled_by"]) == ("canceled", "deadline")
    expired = ended(api, api.create(queue_timeout=0.3)["id"])
    with api.client() as client:
        shown = client.get(f"/v1/predictions/{expired.id}").json()
    assert (shown["status"], shown["error_id"]) == ("failed", "expired")


def leaves(api: Api, body: dict[str, Any], **headers: str) -> Callable[[], None]:
    """Asks over a connection of its own; calling what it gives breaks that off."""
    host, _, port = api.address.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    sent = {"x-api-key": api.key, "content-type": "application/json", **headers}
    connection.request("POST", "/v1/predict", json.dumps(body), sent)
    assert connection.sock is not None

    def leave() -> None:
        linger = struct.pack("ii", 1, 0)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    return leave


def newest(api: Api) -> str:
    def found() -> str | None:
        predictions, _ = api.run(api.store.list_predictions(account_id=None, limit=1))
        return predictions[0].id if predictions else None

    return until(found, about="a prediction")


WAYS = [
    (FOX | {"await": True}, {}),
    (FOX | {"await": True}, {"user-agent": "Python-urllib/3.11"}),
    (STREAMED, {"accept": "text/event-stream"}),
]


@pytest.mark.parametrize(("body", "headers"), WAYS, ids=["awaits", "urllib", "streams"])
def test_a_prediction_ends_with_the_caller_who_wished_so(
    api_with: Callable[..., Api], body: dict[str, Any], headers: dict[str, str]
) -> None:
    api = api_with(heartbeat_seconds=0.1)
    leave = leaves(api, body | {"cancel_on_disconnect": True}, **headers)
    prediction_id = newest(api)
    api.begin(prediction_id)
    leave()
    until(lambda: api.get(prediction_id).status.is_terminal, about="the cancel", seconds=10)
    assert api.get(prediction_id).metadata["canceled_by"] == "caller_left"


@pytest.mark.parametrize(("body", "headers"), WAYS, ids=["awaits", "urllib", "streams"])
def test_a_prediction_goes_on_without_a_caller_who_did_not_wish_so(
    api_with: Callable[..., Api], body: dict[str, Any], headers: dict[str, str]
) -> None:
    api = api_with(heartbeat_seconds=0.1)
    leave = leaves(api, body, **headers)
    prediction_id = newest(api)
    hold = api.begin(prediction_id)
    leave()
    until(lambda: api.app.seats.taken == 0, about="the caller's leaving", seconds=10)
    assert not api.get(prediction_id).status.is_terminal
    assert api.succeed(hold, "done").status is Status.SUCCEEDED


def test_who_hears_the_end_or_runs_out_of_time_cancels_nothing(api_with: Callable[..., Api]) -> None:
    api = api_with(await_seconds_max=1.2)
    urllib = {"user-agent": "Python-urllib/3.11"}
    for headers in ({}, urllib):
        with api.client(**headers) as client:
            body = FOX | {"await": True, "cancel_on_disconnect": True}
            answer: httpx.Response = client.post("/v1/predict", json=body)
        assert answer.json()["status"] == "starting"
        assert not api.get(answer.json()["id"]).status.is_terminal
