"""Money over HTTP: budgets and caps are never passed, prices are told before, and usage after."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from foretell.prediction import Outcome, Prediction, Status
from foretell.pricing import NANOCREDITS, Pricing
from served_api import VERSIONS, Api

CREATE = {"model": "truefusion", "input": {"prompt": "a fox"}}
CREDITS = "/v1/admin/accounts/default/credits"
PICTURE = Pricing(amount=Decimal("0.1"), unit="image")
SECOND = Pricing(amount=Decimal("0.001"), unit="computing_second")


@pytest.fixture
def shop(either_api: Api) -> Iterator[httpx.Client]:
    """A client of an API whose pictures cost 0.1 credits each, and whose texts 0.001 a second."""
    prices = {"truefusion": PICTURE, "deepbrain": SECOND}
    for each in VERSIONS:
        if each.model in prices:
            manifest = replace(each.manifest, pricing=prices[each.model])
            either_api.run(either_api.store.register(replace(each, manifest=manifest)))
    either_api.app.versions.forget()
    with either_api.client() as client:
        yield client


def buy(client: httpx.Client, **given: Any) -> httpx.Response:
    return client.post("/v1/predict", json=CREATE | {"input": CREATE["input"] | given})


def balance(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(CREDITS).json()["balance"]
    return found


def books(client: httpx.Client) -> tuple[float, float, float]:
    found = balance(client)
    return found["available"], found["held"], found["spent"]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["error_id"]


def finish(api: Api, prediction_id: str, cost: float) -> Prediction | None:
    outcome = Outcome(status=Status.SUCCEEDED, result="done", cost_nanocredits=round(cost * NANOCREDITS))
    return api.run(api.store.finish(api.begin(prediction_id), outcome))


def test_credits_are_held_by_a_create_and_charged_at_its_end(either_api: Api, shop: httpx.Client) -> None:
    shop.post(CREDITS, json={"amount": "1", "note": "a gift"})
    made = buy(shop, num_outputs=3).json()
    assert books(shop) == (0.7, 0.3, 0)
    assert made["metadata"]["billing"]["credits_used"] == 0
    finish(either_api, made["id"], 0.2)
    assert books(shop) == (0.8, 0, 0.2)
    shown = shop.get(f"/v1/predictions/{made['id']}").json()
    assert shown["metadata"]["billing"]["credits_used"] == 0.2
    kinds = [each["kind"] for each in shop.get(CREDITS).json()["transfers"]]
    assert kinds == ["settle", "hold", "grant"]


def test_what_may_cost_more_than_is_there_is_refused_before_anything_is_written(shop: httpx.Client) -> None:
    shop.post(CREDITS, json={"amount": 0.35})
    assert buy(shop, num_outputs=3).status_code == 200
    answer = buy(shop)
    assert refused(answer) == (402, "INSUFFICIENT_CREDITS")
    assert answer.json()["error"]["message"] == "This may cost 0.1 credits, and 0.05 can be spent."
    assert shop.get("/v1/predictions").json()["pagination"]["total"] == 1


def test_openais_clients_read_that_the_credits_are_gone(shop: httpx.Client) -> None:
    shop.post(CREDITS, json={"amount": "0.000000001"})
    answer = shop.post("/v1/images/generations", json={"prompt": "a fox", "model": "truefusion"})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (
        402,
        "insufficient_quota",
        "insufficient_quota",
    )


def test_creates_at_the_same_time_never_spend_more_than_there_is(either_api: Api, shop: httpx.Client) -> None:
    shop.post(CREDITS, json={"amount": "0.7"})
    with ThreadPoolExecutor(12) as threads:
        codes = list(threads.map(lambda _: buy(shop).status_code, range(24)))
    assert (codes.count(200), codes.count(402)) == (7, 17)
    assert books(shop) == (0, 0.7, 0)


@pytest.mark.parametrize("how", ["cancel", "delete", "fail", "cancel in the middle"])
def test_what_was_not_delivered_is_free(either_api: Api, shop: httpx.Client, how: str) -> None:
    shop.post(CREDITS, json={"amount": "1"})
    made = buy(shop).json()
    if how == "fail":
        either_api.fail(either_api.begin(made["id"]), "raised", "No.")
    elif how == "delete":
        shop.delete(f"/v1/predictions/{made['id']}")
    else:
        if how == "cancel in the middle":
            either_api.begin(made["id"])
        shop.post(f"/v1/predictions/{made['id']}/cancel")
    assert books(shop) == (1, 0, 0)


def test_an_account_without_a_budget_owes_what_it_spends_and_its_first_credits_begin_anew(
    either_api: Api, shop: httpx.Client
) -> None:
    made = buy(shop).json()
    finish(either_api, made["id"], 0.1)
    found = balance(shop)
    assert (found["is_budgeted"], found["available"], found["spent"]) == (False, -0.1, 0.1)
    shop.post(CREDITS, json={"amount": "2"})
    found = balance(shop)
    assert (found["is_budgeted"], found["available"], found["spent"]) == (True, 2, 0.1)
    shop.patch(CREDITS, json={"is_budgeted": False})
    assert not balance(shop)["is_budgeted"]


def test_more_credits_than_there_are_cannot_be_taken_back(shop: httpx.Client) -> None:
    shop.post(CREDITS, json={"amount": "2"})
    assert refused(shop.post(CREDITS, json={"amount": "-2.000000001"})) == (409, "CONFLICT")
    assert shop.post(CREDITS, json={"amount": "-2"}).status_code == 200
    assert books(shop) == (0, 0, 0)


@pytest.mark.parametrize("amount", ["0", "0.0000000001", "1e30", "NaN", "many", None])
def test_an_amount_that_is_none_is_refused(api: Api, amount: str | None) -> None:
    with api.client() as client:
        assert client.post(CREDITS, json={"amount": amount}).status_code == 400


@pytest.mark.parametrize("cap", ["total_max", "month_max"])
def test_a_cap_of_a_key_stops_that_key_alone(either_api: Api, shop: httpx.Client, cap: str) -> None:
    raw = either_api.run(either_api._new_key(either_api.account))
    key_id = raw.removeprefix("sk-").partition("_")[0]
    capped = shop.patch(f"/v1/admin/keys/{key_id}/credits", json={cap: "0.25"}).json()
    assert capped[cap] == 0.25
    with either_api.client(raw) as other:
        assert [buy(other).status_code for _ in range(3)] == [200, 200, 402]
        assert buy(shop).status_code == 200
        shop.patch(f"/v1/admin/keys/{key_id}/credits", json={cap: None})
        assert buy(other).status_code == 200


def test_a_cap_of_an_account_counts_what_all_its_keys_spend(either_api: Api, shop: httpx.Client) -> None:
    shop.patch(CREDITS, json={"month_max": "0.2"})
    raw = either_api.run(either_api._new_key(either_api.account))
    with either_api.client(raw) as other:
        assert [buy(shop).status_code, buy(other).status_code, buy(shop).status_code] == [200, 200, 402]
    assert shop.get(CREDITS).json()["caps"]["month"] == 0.2


def test_a_dry_run_tells_the_input_and_the_price_and_creates_nothing(shop: httpx.Client) -> None:
    answer = shop.post("/v1/predict", json=CREATE | {"input": {"prompt": "a fox", "n": 4}, "dry_run": True})
    found = answer.json()
    assert answer.status_code == 200
    assert found["dry_run"] is True
    assert found["input"]["num_outputs"] == 4
    assert found["input"]["steps"] == 25
    assert found["estimate"] == {"credits": 0.4, "nanocredits": 400_000_000, "is_upper_bound": True}
    assert found["pricing"]["amount"] == 0.1
    assert shop.get("/v1/predictions").json()["pagination"]["total"] == 0


def test_a_dry_run_is_refused_for_what_a_create_is_refused_for(shop: httpx.Client) -> None:
    wrong = {"model": "truefusion", "input": {"prompt": "a fox", "steps": 900}, "dry_run": True}
    assert refused(shop.post("/v1/predict", json=wrong)) == (422, "INVALID_INPUT")
    assert refused(shop.post("/v1/predict", json=CREATE | {"dry_run": "yes"})) == (422, "VALIDATION_ERROR")


def test_a_dry_run_of_a_model_priced_by_time_tells_what_its_longest_run_costs(shop: httpx.Client) -> None:
    body = {"model": "deepbrain", "input": {"prompt": "Hello?"}, "dry_run": True}
    assert shop.post("/v1/predictions", json=body).json()["estimate"]["credits"] == 0.6


def test_usage_tells_what_was_created_and_charged_by_day_model_and_key(
    either_api: Api, shop: httpx.Client
) -> None:
    finish(either_api, buy(shop).json()["id"], 0.1)
    deleted = buy(shop).json()["id"]
    finish(either_api, deleted, 0.1)
    shop.delete(f"/v1/predictions/{deleted}")
    either_api.fail(either_api.begin(either_api.create("deepbrain")["id"]), "raised", "No.")
    found = shop.get("/v1/usage", params={"group_by": "model,key"}).json()
    key_id = either_api.key.removeprefix("sk-").partition("_")[0]
    pictures = {each["model"]: each for each in found["data"]}["truefusion"]
    assert (pictures["predictions"], pictures["succeeded"], pictures["credits_used"]) == (2, 2, 0.2)
    assert pictures["key"] == key_id
    assert found["total"] == {
        "predictions": 3,
        "succeeded": 2,
        "failed": 1,
        "canceled": 0,
        "credits_used": 0.2,
        "nanocredits_used": 200_000_000,
    }
    (day,) = shop.get("/v1/usage").json()["data"]
    assert day["day"] == shop.get("/v1/predictions").json()["data"][0]["created_at"][:10]
    past = shop.get("/v1/usage", params={"from": "2020-01-01", "to": "2020-12-31"}).json()
    assert (past["data"], past["total"]["predictions"]) == ([], 0)


def test_usage_is_the_callers_own(either_api: Api, shop: httpx.Client) -> None:
    buy(shop)
    with either_api.client(either_api.other_account()) as stranger:
        found = stranger.get("/v1/usage", params={"group_by": "account"}).json()
        assert found["data"] == []
        assert found["balance"]["spent"] == 0
        assert buy(stranger).status_code == 200
        (mine,) = stranger.get("/v1/usage", params={"group_by": "account"}).json()["data"]
        assert mine["predictions"] == 1
        assert stranger.get("/v1/usage", params={"account": "*"}).status_code == 403
    assert shop.get("/v1/usage").json()["total"]["predictions"] == 1
    found = shop.get("/v1/usage", params={"account": "*", "group_by": "account"}).json()
    assert [each["predictions"] for each in found["data"]] == [1, 1]
    assert found["balance"] is None
    assert shop.get("/v1/usage", params={"account": "nobody"}).status_code == 404


def test_usage_tells_in_how_long_half_and_most_were_done(either_api: Api, shop: httpx.Client) -> None:
    for _ in range(3):
        finish(either_api, buy(shop).json()["id"], 0.1)
    buy(shop)
    found = shop.get("/v1/usage", params={"group_by": "model", "durations": "true"}).json()
    took = sorted(
        each["metrics"]["total_time"] if "total_time" in each["metrics"] else _seconds(each)
        for each in shop.get("/v1/predictions", params={"status": "succeeded"}).json()["data"]
    )
    (mine,) = found["data"]
    assert mine["seconds_p50"] == pytest.approx(took[1], abs=0.002)
    assert mine["seconds_p95"] == mine["seconds_p99"] == pytest.approx(took[2], abs=0.002)
    assert found["total"]["seconds_p50"] == mine["seconds_p50"]
    assert "seconds_p50" not in shop.get("/v1/usage").json()["total"]


def test_durations_of_groups_in_which_nothing_succeeded_are_null(shop: httpx.Client) -> None:
    buy(shop)
    (day,) = shop.get("/v1/usage", params={"durations": "true"}).json()["data"]
    assert day["seconds_p50"] is day["seconds_p99"] is None
    empty = shop.get("/v1/usage", params={"durations": "true", "from": "2020-01-01", "to": "2020-12-31"})
    assert empty.json()["total"]["seconds_p50"] is None


def test_usage_comes_as_csv(either_api: Api, shop: httpx.Client) -> None:
    finish(either_api, buy(shop).json()["id"], 0.1)
    answer = shop.get("/v1/usage", params={"group_by": "day,model", "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["model"] == "truefusion"
    assert (row["predictions"], row["succeeded"], float(row["credits_used"])) == ("1", "1", 0.1)


def _seconds(shown: dict[str, Any]) -> float:
    ended, created = (datetime.fromisoformat(shown[name]) for name in ("completed_at", "created_at"))
    return (ended - created).total_seconds()


@pytest.mark.parametrize(
    ("query", "error_id"),
    [
        ({"group_by": "colour"}, "INVALID_PARAMETER"),
        ({"format": "pdf"}, "INVALID_PARAMETER"),
        ({"durations": "perhaps"}, "INVALID_PARAMETER"),
        ({"from": "yesterday"}, "INVALID_DATE_FORMAT"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "INVALID_DATE_RANGE"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "INVALID_DATE_RANGE"),
    ],
)
def test_a_question_about_usage_that_makes_no_sense_is_refused(
    api: Api, query: dict[str, str], error_id: str
) -> None:
    with api.client() as client:
        assert refused(client.get("/v1/usage", params=query)) == (400, error_id)


def test_only_operators_see_and_change_credits(either_api: Api) -> None:
    with either_api.client(either_api.other_account()) as stranger:
        assert stranger.get(CREDITS).status_code == 403
        assert stranger.post(CREDITS, json={"amount": 1}).status_code == 403
        assert stranger.patch("/v1/admin/keys/any/credits", json={}).status_code == 403
