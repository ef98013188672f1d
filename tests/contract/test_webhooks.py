"""Webhooks as the official listener and the documents' readers take them: names, bodies, spelling."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import strict
from contract import callers
from contract.listener import Delivered, Listener
from servers import KEY, Foretell

STARTED = ("started", "starting", "start")
COMPLETED = ("completed", "succeeded")
CANCELED = ("canceled", "cancelled")
EVERY_END = ["started", "processing", "succeeded"]


@pytest.fixture
def curl(server: Foretell) -> Iterator[httpx.Client]:
    with callers.curl(server) as client:
        yield client


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener(KEY)
    yield listening
    listening.close()


def succeeded(curl: httpx.Client, **asked: Any) -> str:
    body = {"model": "slow", "input": {"seconds": 0.1}, "await": True}
    return str(curl.post("/predictions", json=body | asked).json()["id"])


def failed(curl: httpx.Client, **asked: Any) -> str:
    body = {"model": "fail", "input": {"message": "No such fox."}, "await": True}
    return str(curl.post("/predictions", json=body | asked).json()["id"])


def canceled(curl: httpx.Client, **asked: Any) -> str:
    made = curl.post("/predictions", json={"model": "slow", "input": {"seconds": 600}} | asked).json()
    curl.post(f"/predictions/{made['id']}/cancel")
    return str(made["id"])


ENDS = {"succeeded": succeeded, "failed": failed, "canceled": canceled}


def told(curl: httpx.Client, listener: Listener, prediction_id: str) -> list[Delivered]:
    """All that is ever told of a prediction that has ended: what is told of a later one has come by then."""
    body = {"model": "echo", "input": {"prompt": "later"}, "webhook": listener.url}
    listener.heard(curl.post("/predictions", json=body).json()["id"], 1)
    return listener.of(prediction_id)


def named(*words: str) -> list[str]:
    """Each word as every vocabulary may write it."""
    return [each for word in words for each in (word, f"prediction.{word}")]


@pytest.mark.parametrize(
    ("name", "end", "status"),
    [
        *((name, "succeeded", "started") for name in named(*STARTED)),
        *((name, "succeeded", "processing") for name in named("processing")),
        *((name, "succeeded", "succeeded") for name in named(*COMPLETED)),
        *((name, "failed", "failed") for name in named("failed")),
        *((name, "canceled", "cancelled") for name in named(*CANCELED)),
        ("COMPLETED", "succeeded", "succeeded"),
        ("Prediction.Succeeded", "succeeded", "succeeded"),
        (" failed ", "failed", "failed"),
    ],
)
def test_a_name_of_any_vocabulary_fires_once_for_its_event_alone(
    curl: httpx.Client, listener: Listener, name: str, end: str, status: str
) -> None:
    prediction_id = ENDS[end](curl, webhook={"url": listener.url, "events": [name]})
    [only] = told(curl, listener, prediction_id)
    assert (only.body["status"], only.answered) == (status, 200)
    strict.check(strict.ENVELOPED if name.lower().startswith("prediction.") else strict.WEBHOOK, only.body)


@pytest.mark.parametrize("name", ["*", "prediction.*"])
def test_a_star_means_every_event_each_once_and_in_order(
    curl: httpx.Client, listener: Listener, name: str
) -> None:
    came = told(curl, listener, succeeded(curl, webhook={"url": listener.url, "events": [name]}))
    assert [each.body["status"] for each in came] == EVERY_END
    assert len({each.headers["webhook-id"] for each in came}) == 3


@pytest.mark.parametrize("webhook", [[], None, ["completed", "failed", "canceled"]])
def test_no_names_mean_every_end_and_only_ends(curl: httpx.Client, listener: Listener, webhook: Any) -> None:
    for make, status in ((succeeded, "succeeded"), (failed, "failed"), (canceled, "cancelled")):
        prediction_id = make(curl, webhook={"url": listener.url, "events": webhook})
        assert [each.body["status"] for each in told(curl, listener, prediction_id)] == [status]


def test_unknown_names_are_kept_and_never_fire(curl: httpx.Client, listener: Listener) -> None:
    webhook = {"url": listener.url, "events": ["logs", "prediction.archived"]}
    prediction_id = succeeded(curl, webhook=webhook)
    assert told(curl, listener, prediction_id) == []
    assert curl.get(f"/predictions/{prediction_id}").json()["webhook"] == webhook


def test_a_string_is_told_every_end_and_is_echoed_as_an_object(
    curl: httpx.Client, listener: Listener
) -> None:
    prediction_id = succeeded(curl, webhook=listener.url)
    [only] = told(curl, listener, prediction_id)
    assert only.body["webhook"] == {"url": listener.url, "events": []}
    strict.check(strict.WEBHOOK, only.body)


@pytest.mark.parametrize("make", ENDS.values(), ids=list(ENDS))
def test_completed_in_a_filter_means_any_end(curl: httpx.Client, listener: Listener, make: Any) -> None:
    prediction_id = make(curl, webhook=listener.url, webhook_events_filter=["completed", "output", "logs"])
    assert len(told(curl, listener, prediction_id)) == 1


def test_a_filter_may_ask_for_the_start(curl: httpx.Client, listener: Listener) -> None:
    prediction_id = succeeded(curl, webhook=listener.url, webhook_events_filter=["start"])
    assert [each.body["status"] for each in told(curl, listener, prediction_id)] == ["started"]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"events": ["failed", "canceled"]}, "cancelled"),
        ({"events": ["canceled"]}, "cancelled"),
        ({"events": ["*"]}, "cancelled"),
        ({"events": []}, "cancelled"),
        ({"events": ["prediction.cancelled"]}, "cancelled"),
        ({"events": ["started", "succeeded", "canceled"]}, "cancelled"),
        ({"events": ["succeeded", "failed", "canceled"]}, "canceled"),
        ({"events": ["processing", "canceled"]}, "canceled"),
    ],
)
def test_a_cancel_is_spelled_as_those_who_use_such_names_read_it(
    curl: httpx.Client, listener: Listener, asked: dict[str, Any], word: str
) -> None:
    prediction_id = canceled(curl, webhook={"url": listener.url} | asked)
    # The run may have begun before; what is owed at nearly the same time comes in any order.
    [last] = [each for each in told(curl, listener, prediction_id) if "canceled" in each.handlers]
    assert last.body["status"] == word


@pytest.mark.parametrize("more", [{}, {"webhook_events_filter": ["completed"]}])
def test_a_cancel_is_told_as_the_documents_spell_it_to_a_plain_address(
    curl: httpx.Client, listener: Listener, more: dict[str, Any]
) -> None:
    prediction_id = canceled(curl, webhook=listener.url, **more)
    assert [each.body["status"] for each in told(curl, listener, prediction_id)] == ["canceled"]


def test_the_handlers_of_the_official_listener_run(curl: httpx.Client, listener: Listener) -> None:
    prediction_id = succeeded(curl, webhook={"url": listener.url, "events": ["started", "completed"]})
    first, second = told(curl, listener, prediction_id)
    assert first.handlers == ("started", "prediction.started", "*")
    assert second.handlers == ("completed", "prediction.succeeded", "*")
    assert (first.body["output"], first.body["completed_at"]) == (None, None)


def test_a_failure_says_why(curl: httpx.Client, listener: Listener) -> None:
    prediction_id = failed(curl, webhook={"url": listener.url, "events": ["failed", "canceled"]})
    [only] = told(curl, listener, prediction_id)
    assert only.body["response"] == only.body["error"]
    assert "No such fox." in only.body["error"]


@pytest.mark.parametrize(
    ("end", "kind"), [("succeeded", "succeeded"), ("failed", "failed"), ("canceled", "cancelled")]
)
def test_documented_names_wrap_the_prediction_and_keep_it_readable_flat(
    curl: httpx.Client, listener: Listener, end: str, kind: str
) -> None:
    names = [f"prediction.{word}" for word in ("started", "succeeded", "failed", "cancelled")]
    prediction_id = ENDS[end](curl, webhook={"url": listener.url, "events": names})
    body = told(curl, listener, prediction_id)[-1].body
    strict.check(strict.ENVELOPED, body)
    assert body["type"] == f"prediction.{kind}"
    flat = {name: value for name, value in body.items() if name not in {"type", "created_at", "data"}}
    assert flat.items() <= body["data"].items()
    assert body["data"]["type"] == "inference"
    assert set(body["data"]) - set(flat) == {"type", "created_at"}


def test_a_body_is_the_prediction_as_its_owner_reads_it(curl: httpx.Client, listener: Listener) -> None:
    prediction_id = succeeded(curl, webhook={"url": listener.url, "events": ["completed"]})
    [only] = told(curl, listener, prediction_id)
    assert only.body == curl.get(f"/predictions/{prediction_id}").json()
