"""What receivers of webhooks read, as the official listeners and the documents have it."""

import hashlib
import hmac
from typing import Any

from skytells import SkytellsClient

import strict
from servers import KEY, Receiver, until


def got(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    until(lambda: len(receiver.got) >= count, about=f"{count} webhooks")
    return receiver.got


def test_a_cancel_is_spelled_as_the_subscription_spells_it(
    client: SkytellsClient, receiver: Receiver
) -> None:
    webhook = {"url": receiver.url, "events": ["failed", "canceled"]}
    made = client.predictions.create({"model": "slow", "input": {"seconds": 600}, "webhook": webhook})
    client.cancel_prediction(made["id"])
    [only] = got(receiver, 1)
    assert only["body"]["status"] == "cancelled"
    strict.check(strict.PREDICTION, only["body"])


def test_a_failure_says_why(client: SkytellsClient, receiver: Receiver) -> None:
    webhook = {"url": receiver.url, "events": ["failed", "canceled"]}
    client.predictions.create({"model": "fail", "input": {"message": "No."}, "webhook": webhook})
    [only] = got(receiver, 1)
    assert only["body"]["status"] == "failed"
    assert only["body"]["response"] == only["body"]["error"]
    assert "No." in only["body"]["error"]


def test_documented_names_wrap_the_prediction_in_an_envelope(
    client: SkytellsClient, receiver: Receiver
) -> None:
    webhook = {"url": receiver.url, "events": ["prediction.succeeded"]}
    made = client.predictions.create({"model": "echo", "input": {"prompt": "x"}, "webhook": webhook})
    [only] = got(receiver, 1)
    body = only["body"]
    assert body["type"] == "prediction.succeeded"
    assert body["created_at"]
    assert body["data"]["id"] == body["id"] == made["id"]
    assert body["data"]["status"] == body["status"] == "succeeded"


def test_bodies_are_signed_with_the_raw_key_and_a_start_says_started(
    client: SkytellsClient, receiver: Receiver
) -> None:
    webhook = {"url": receiver.url, "events": ["started", "completed"]}
    made = client.predictions.create({"model": "slow", "input": {"seconds": 0.5}, "webhook": webhook})
    for each in got(receiver, 2):
        headers = {name.lower(): value for name, value in each["headers"].items()}
        expected = hmac.new(KEY.encode(), each["raw"], hashlib.sha256).hexdigest()
        assert headers["x-skytells-signature"] == expected
    assert receiver.statuses(made["id"]) == ["started", "succeeded"]
    assert receiver.got[1]["body"]["urls"]["get"] == made["urls"]["get"]
