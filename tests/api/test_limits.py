"""Limits over HTTP: refused with 429 and when to come back, and every create says what is left."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import strict
from foretell.account import Role
from foretell.allowance import Allowance
from served_api import Api

CREATE = {"model": "truefusion", "input": {"prompt": "a fox"}}
NEWEST = {
    "x-skytells-ratelimit-limit-requests",
    "x-skytells-ratelimit-remaining-requests",
    "x-skytells-ratelimit-window",
    "x-skytells-ratelimit-limit-tokens-in",
    "x-skytells-ratelimit-remaining-tokens-in",
    "x-skytells-ratelimit-limit-tokens-out",
    "x-skytells-ratelimit-remaining-tokens-out",
}
STREAMS = {"x-ratelimit-limit-streams", "x-ratelimit-remaining-streams"}


def told(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "ratelimit" in name}


@pytest.fixture
def limited(either_api: Api) -> Iterator[httpx.Client]:
    """A client whose account may create three predictions a minute."""
    with either_api.client() as client:
        changed = client.patch("/v1/admin/accounts/default", json={"requests_per_minute": 3})
        assert changed.json()["requests_per_minute"] == 3
        yield client


def test_without_limits_the_newest_family_says_so_and_the_older_says_nothing(api: Api) -> None:
    with api.client() as client:
        answer = client.post("/v1/predict", json=CREATE)
    found = told(answer)
    assert found.keys() == NEWEST | STREAMS
    assert {found[name] for name in NEWEST} == {"-"}
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/predictions"])
def test_every_create_says_what_is_left_after_it(limited: httpx.Client, path: str) -> None:
    before = time.time()
    for left in ("2", "1", "0"):
        answer = limited.post(path, json=CREATE)
        found = told(answer)
        assert answer.status_code == 200
        assert found["x-skytells-ratelimit-limit-requests"] == found["x-ratelimit-limit-rpm"] == "3"
        assert found["x-skytells-ratelimit-remaining-requests"] == found["x-ratelimit-remaining-rpm"] == left
        assert found["x-skytells-ratelimit-window"] == "60"
        assert found["x-skytells-ratelimit-limit-tokens-in"] == "-"
        assert before + 59 <= int(found["x-ratelimit-reset"]) <= time.time() + 61
        assert "retry-after" not in answer.headers


def test_the_one_too_many_is_refused_with_429_and_when_to_come_back(limited: httpx.Client) -> None:
    for _ in range(3):
        limited.post("/v1/predict", json=CREATE)
    answer = limited.post("/v1/predict", json=CREATE)
    assert answer.status_code == 429
    strict.check(strict.ERROR, answer.json())
    assert answer.json()["error"]["error_id"] == "RATE_LIMIT_EXCEEDED"
    assert "This account" in answer.json()["response"]
    assert 55 <= int(answer.headers["retry-after"]) <= 60
    assert told(answer)["x-skytells-ratelimit-remaining-requests"] == "0"


def test_of_many_callers_at_once_as_many_pass_as_are_allowed(either_api: Api) -> None:
    with either_api.client() as client, ThreadPoolExecutor(16) as threads:
        client.patch("/v1/admin/accounts/default", json={"requests_per_minute": 10})
        answers = list(threads.map(lambda _: client.post("/v1/predict", json=CREATE), range(40)))
    statuses = [each.status_code for each in answers]
    assert (statuses.count(200), statuses.count(429)) == (10, 30)


def test_reading_and_refused_creates_do_not_count(limited: httpx.Client) -> None:
    for _ in range(5):
        assert limited.get("/v1/predictions").status_code == 200
        assert told(limited.get("/v1/models")) == {}
        wrong = limited.post("/v1/predict", json={"model": "truefusion", "input": {}})
        assert (wrong.status_code, told(wrong)) == (422, {})
    answer = limited.post("/v1/predict", json=CREATE)
    assert told(answer)["x-skytells-ratelimit-remaining-requests"] == "2"


def test_a_key_may_have_a_narrower_limit_than_its_account(limited: httpx.Client) -> None:
    made = limited.post("/v1/admin/keys", json={"name": "narrow", "requests_per_minute": 1}).json()
    assert (made["requests_per_minute"], made["concurrency_max"]) == (1, None)
    narrow = {"x-api-key": made["key"]}
    assert limited.post("/v1/predict", json=CREATE, headers=narrow).status_code == 200
    refused = limited.post("/v1/predict", json=CREATE, headers=narrow)
    assert refused.json()["response"] == "This key may create 1 prediction within 60 seconds, and has."
    assert limited.post("/v1/predict", json=CREATE).status_code == 200


def test_a_limit_counts_at_once_and_can_be_taken_away(limited: httpx.Client) -> None:
    made = limited.post("/v1/admin/keys", json={"name": "k"}).json()
    own = {"x-api-key": made["key"]}
    assert limited.post("/v1/predict", json=CREATE, headers=own).status_code == 200
    path = f"/v1/admin/keys/{made['id']}"
    assert limited.patch(path, json={"concurrency_max": 1}).json()["concurrency_max"] == 1
    refused = limited.post("/v1/predict", json=CREATE, headers=own)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert told(refused)["x-ratelimit-limit-concurrent"] == "1"
    assert told(refused)["x-ratelimit-remaining-concurrent"] == "0"
    changed = limited.patch(path, json={"requests_per_minute": 9}).json()
    assert (changed["requests_per_minute"], changed["concurrency_max"]) == (9, 1)
    assert limited.patch(path, json={"concurrency_max": None}).json()["concurrency_max"] is None
    assert limited.post("/v1/predict", json=CREATE, headers=own).status_code == 200


def test_concurrency_counts_a_model_whatever_name_it_is_asked_for_by(limited: httpx.Client) -> None:
    limited.patch("/v1/admin/accounts/default", json={"requests_per_minute": None, "concurrency_max": 1})
    assert limited.post("/v1/predict", json=CREATE).status_code == 200
    assert limited.post("/v1/predict", json={**CREATE, "model": "FLUX.2-pro"}).status_code == 429
    assert limited.post("/v1/predict", json={**CREATE, "model": "deepbrain"}).status_code == 200


def test_the_server_s_own_limits_hold_for_accounts_that_have_none(api_with: Callable[..., Api]) -> None:
    served = api_with(requests_per_minute=2, concurrency_per_model=1)
    shop = served.run(
        served.store.create_account(
            "shop", Role.MEMBER, allowance=Allowance(requests_per_minute=9, concurrency_max=5)
        )
    )
    with served.client() as client:
        assert client.post("/v1/predict", json=CREATE).status_code == 200
        busy = client.post("/v1/predict", json=CREATE)
        assert "under way at once" in busy.json()["response"]
        key = client.post("/v1/admin/keys", json={"name": "shop", "account": shop.name}).json()["key"]
        answer = client.post("/v1/predict", json=CREATE, headers={"x-api-key": key})
    assert told(answer)["x-ratelimit-limit-rpm"] == "9"
    assert told(answer)["x-ratelimit-remaining-concurrent"] == "4"


@pytest.mark.parametrize(
    "body", [{"requests_per_minute": 0}, {"concurrency_max": -1}, {"requests_per_minute": "9"}]
)
def test_a_limit_is_a_number_above_nothing(api: Api, body: dict[str, object]) -> None:
    with api.client() as client:
        assert client.patch("/v1/admin/accounts/default", json=body).status_code == 400
        assert client.patch("/v1/admin/accounts/nobody", json={}).status_code == 404
        assert client.patch("/v1/admin/keys/nokey", json={}).status_code == 404


def test_browsers_may_read_the_headers(api: Api) -> None:
    with api.client(origin="https://shop.example") as client:
        answer = client.post("/v1/predict", json=CREATE)
    exposed = {each.strip().lower() for each in answer.headers["access-control-expose-headers"].split(",")}
    assert told(answer).keys() <= exposed
    assert {"retry-after", "x-ratelimit-reset", "x-ratelimit-remaining-concurrent"} <= exposed


def test_a_stream_says_what_is_left_in_its_head(limited: httpx.Client) -> None:
    body = {"model": "deepbrain", "input": {"prompt": "hi"}, "stream": True}
    with limited.stream("POST", "/v1/predict", json=body, headers={"accept": "text/event-stream"}) as answer:
        found = told(answer)
    assert found["x-ratelimit-remaining-rpm"] == "2"
    assert int(found["x-ratelimit-remaining-streams"]) < int(found["x-ratelimit-limit-streams"])


def test_a_suspended_account_is_refused_until_it_is_resumed(either_api: Api) -> None:
    key = either_api.other_account()
    with either_api.client() as operator, either_api.client(key) as member:
        (other,) = [
            each for each in operator.get("/v1/admin/accounts").json()["data"] if each["name"] != "default"
        ]
        path = f"/v1/admin/accounts/{other['id']}"
        assert member.get("/v1/models").status_code == 200
        assert operator.patch(path, json={"suspended": True}).json()["suspended_at"]
        refused = member.get("/v1/models")
        assert (refused.status_code, refused.json()["error"]["error_id"]) == (403, "ACCOUNT_SUSPENDED")
        assert operator.patch(path, json={"suspended": False}).json()["suspended_at"] is None
        assert member.get("/v1/models").status_code == 200
