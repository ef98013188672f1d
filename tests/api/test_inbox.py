"""Deliveries over HTTP: found, read whole and sent again, by whom they belong to and by operators."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from foretell.endpoint import Patience
from foretell.store import DeliveryAttempt
from foretell.webhook import DeliveryState
from served_api import Api
from strict import check_refusal

BODY = '{"prompt": "ünïcödé"}'
REFUSED = DeliveryAttempt(
    at=1_700_000_000_000_000, status=500, error="It answered 500.", seconds=0.5, answer="no"
)


@pytest.fixture
def member(api: Api) -> Iterator[httpx.Client]:
    """A client of an account of its own."""
    with api.client(api.other_account()) as client:
        yield client


def given_up(api: Api, client: httpx.Client, url: str = "https://shop.example/hook") -> str:
    """The id of a delivery of the client's that was tried once, and given up."""
    wanted = {"model": "truefusion", "input": {"prompt": "a fox"}, "webhook": {"url": url}}
    prediction = client.post("/v1/predictions", json=wanted).json()
    client.post(f"/v1/predictions/{prediction['id']}/cancel")
    (delivery,) = api.run(api.store.deliveries(prediction["id"]))
    api.run(api.store.rendered(delivery.id, BODY.encode(), "5e1f"))
    tell(api, delivery.id)
    return delivery.id


def tell(api: Api, delivery_id: str, patience: Patience | None = None) -> None:
    """Notes a try at which it was given up, as a courier does."""
    api.run(
        api.store.attempted(
            delivery_id,
            REFUSED,
            state=DeliveryState.DEAD,
            pause_seconds=None,
            reason="Given up.",
            patience=patience,
        )
    )


def listed(client: httpx.Client, **query: Any) -> list[str]:
    answer = client.get("/v1/webhooks/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["data"]]


def test_a_delivery_is_listed_with_its_attempts_and_shown_with_its_bytes(
    api: Api, member: httpx.Client
) -> None:
    delivery_id = given_up(api, member)
    (shown,) = member.get("/v1/webhooks/deliveries").json()["data"]
    assert (shown["id"], shown["state"], shown["reason"], shown["event"]) == (
        delivery_id,
        "dead",
        "Given up.",
        "canceled",
    )
    (attempt,) = shown["attempts"]
    assert (attempt["status"], attempt["error"], attempt["answer"]) == (500, "It answered 500.", "no")
    assert "body" not in shown
    whole = member.get(f"/v1/webhooks/deliveries/{delivery_id}").json()
    assert (whole["body"], whole["signature"]) == (BODY, "5e1f")
    assert whole["attempts"] == shown["attempts"]


def test_deliveries_are_narrowed_and_paged(api: Api, member: httpx.Client) -> None:
    first, second = given_up(api, member), given_up(api, member, "https://other.example/?a=1")
    assert listed(member) == [second, first]
    assert listed(member, url="https://other") == [second]
    assert listed(member, state="delivered") == []
    assert listed(member, state="dead", event="canceled") == [second, first]
    assert listed(member, event="completed") == []
    assert listed(member, since="2000-01-01") == [second, first]
    assert listed(member, since="2100-01-01T00:00:00+02:00") == []
    page = member.get("/v1/webhooks/deliveries", params={"per_page": 1, "page": 2}).json()
    assert [each["id"] for each in page["data"]] == [first]
    assert page["pagination"] == {"current_page": 2, "per_page": 1, "total": 2, "last_page": 2}
    prediction_id = page["data"][0]["prediction_id"]
    assert listed(member, prediction=prediction_id) == [first]
    assert listed(member, prediction="\U0010fb11\n") == []
    assert member.post("/v1/webhooks/redeliver", json={"url": "\0"}).json()["redelivered"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"event": "output"},
        {"since": "yesterday"},
        {"page": "0"},
        {"per_page": "51"},
    ],
    ids=str,
)
def test_a_query_that_makes_no_sense_is_refused(member: httpx.Client, query: dict[str, str]) -> None:
    check_refusal(member.get("/v1/webhooks/deliveries", params=query), 400, "INVALID_PARAMETER")


def test_what_belongs_to_others_is_not_there(api: Api, member: httpx.Client) -> None:
    delivery_id = given_up(api, member)
    with api.client(api.other_account()) as stranger:
        assert listed(stranger) == []
        check_refusal(stranger.get(f"/v1/webhooks/deliveries/{delivery_id}"), 404, "NOT_FOUND")
        path = f"/v1/webhooks/deliveries/{delivery_id}/redeliver"
        check_refusal(stranger.post(path), 404, "NOT_FOUND")
        assert stranger.post("/v1/webhooks/redeliver", json={}).json() == {"redelivered": 0, "left": 0}
        assert stranger.get("/v1/webhooks/endpoints").json()["data"] == []
    assert api.anyone().get("/v1/webhooks/deliveries").status_code == 401
    assert listed(member, state="dead") == [delivery_id]


def test_an_operator_sees_everybodys_with_a_key_that_may_manage(api: Api, member: httpx.Client) -> None:
    delivery_id = given_up(api, member)
    with api.client() as operator:
        assert delivery_id in listed(operator)
        assert operator.get(f"/v1/webhooks/deliveries/{delivery_id}").json()["account"] != "default"
        weak = operator.post("/v1/keys", json={"name": "looks", "scopes": ["read"]}).json()["key"]
    with api.client(weak) as looking:
        assert delivery_id not in listed(looking)
        assert looking.get(f"/v1/webhooks/deliveries/{delivery_id}").status_code == 404
        assert looking.post("/v1/webhooks/redeliver", json={}).status_code == 403


def test_one_is_sent_again_as_it_was(api: Api, member: httpx.Client) -> None:
    delivery_id = given_up(api, member)
    again = member.post(f"/v1/webhooks/deliveries/{delivery_id}/redeliver").json()
    assert (again["state"], again["reason"], again["body"]) == ("pending", None, BODY)
    assert again["next_at"] is not None
    check_refusal(member.post("/v1/webhooks/deliveries/unknown/redeliver"), 404, "NOT_FOUND")


def test_what_was_erased_cannot_be_sent_again_and_says_so(api: Api, member: httpx.Client) -> None:
    delivery_id = given_up(api, member)
    path = f"/v1/webhooks/deliveries/{delivery_id}"
    prediction_id = member.get(path).json()["prediction_id"]
    member.delete(f"/v1/predictions/{prediction_id}")
    shown = member.get(path).json()
    assert (shown["body"], shown["signature"], len(shown["attempts"])) == (None, None, 1)
    check_refusal(member.post(f"{path}/redeliver"), 410, "GONE")
    assert member.post("/v1/webhooks/redeliver", json={}).json() == {"redelivered": 0, "left": 0}


def test_all_that_failed_of_one_receiver_is_sent_again(api: Api, member: httpx.Client) -> None:
    shop, other = given_up(api, member), given_up(api, member, "https://other.example/")
    wish = {"url": "https://shop.example/", "since": "2000-01-01T00:00:00Z"}
    assert member.post("/v1/webhooks/redeliver", json=wish).json() == {"redelivered": 1, "left": 0}
    assert listed(member, state="pending") == [shop]
    assert listed(member, state="dead") == [other]
    late = {"since": "2100-01-01"}
    assert member.post("/v1/webhooks/redeliver", json=late).json()["redelivered"] == 0
    check_refusal(member.post("/v1/webhooks/redeliver", json={"since": "soon"}), 400, "INVALID_PARAMETER")


def test_a_paused_endpoint_says_why_and_is_resumed(api: Api, member: httpx.Client) -> None:
    delivery_id = given_up(api, member, "https://shop.example/hook?job=1")
    tell(api, delivery_id, Patience(deaths_max=1, failing_seconds_max=0))
    (shown,) = member.get("/v1/webhooks/endpoints").json()["data"]
    assert (shown["state"], shown["url"], shown["given_up"]) == ("paused", "https://shop.example/hook", 1)
    assert shown["reason"] == "Deliveries given up in a row: 1."
    assert shown["next_probe_at"] > shown["paused_at"]
    path = f"/v1/webhooks/endpoints/{shown['id']}/resume"
    with api.client(api.other_account()) as stranger:
        check_refusal(stranger.post(path), 404, "NOT_FOUND")
    resumed = member.post(path).json()
    assert (resumed["state"], resumed["failures"], resumed["reason"]) == ("active", 0, None)


def test_an_account_rotates_its_own_secret_and_the_old_one_may_overlap(
    api: Api, member: httpx.Client
) -> None:
    first = member.get("/v1/webhooks/secret").json()
    assert first["secret"].startswith("whsec_")
    assert member.get("/v1/webhooks/secret").json() == first
    second = member.post("/v1/webhooks/secret/rotate", json={"overlap_seconds": 60}).json()
    assert second["secret"] != first["secret"]
    assert second["former_until_at"] is not None
    assert member.get("/v1/webhooks/secret").json() == second
    third = member.post("/v1/webhooks/secret/rotate", json={}).json()
    assert third["former_until_at"] is None
    assert member.post("/v1/webhooks/secret/rotate", json={"overlap_seconds": -1}).status_code == 400
    with api.client() as operator:
        deeds = operator.get("/v1/admin/audit", params={"action": "account.webhook_secret"}).json()["data"]
    assert len(deeds) >= 2
