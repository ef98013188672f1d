"""GET /v1/predictions."""

from typing import Any

import pytest

import strict
from served_api import Api

FOX = {"input": {"prompt": "a fox"}}


def created(api: Api, key: str, count: int, model: str = "truefusion") -> list[str]:
    """The ids of new predictions, newest first."""
    with api.client(key) as client:
        bodies = [client.post("/v1/predictions", json=FOX | {"model": model}).json() for _ in range(count)]
    return [each["id"] for each in reversed(bodies)]


def listed(api: Api, key: str, **query: Any) -> dict[str, Any]:
    with api.client(key) as client:
        answer = client.get("/v1/predictions", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    for each in body["data"]:
        strict.check(strict.PREDICTION, each)
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [each["id"] for each in body["data"]]


def test_pages_are_consistent_newest_first_and_only_the_callers_own(either_api: Api) -> None:
    api = either_api
    key = api.other_account()
    created(api, api.other_account(), 2)
    expected = created(api, key, 5)
    pages = [listed(api, key, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert [each for page in pages for each in ids(page)] == expected
    assert pages[1]["pagination"] == {"current_page": 2, "per_page": 2, "total": 5, "last_page": 3}
    assert pages[3]["data"] == []


def test_an_empty_list_has_one_page(api: Api) -> None:
    body = listed(api, api.other_account())
    assert body == {"data": [], "pagination": {"current_page": 1, "per_page": 20, "total": 0, "last_page": 1}}


def test_model_and_status_narrow_the_list(api: Api) -> None:
    key = api.other_account()
    pictures, texts = created(api, key, 2), created(api, key, 1, "deepbrain")
    with api.client(key) as client:
        client.post(f"/v1/predictions/{pictures[0]}/cancel")
    assert ids(listed(api, key, model="deepbrain")) == texts
    assert ids(listed(api, key, model="skytells/truefusion")) == pictures
    assert (
        ids(listed(api, key, status="canceled")) == ids(listed(api, key, status="cancelled")) == pictures[:1]
    )
    assert ids(listed(api, key, status="starting", model="truefusion")) == pictures[1:]


@pytest.mark.parametrize("names", [("from", "to"), ("since", "until")])
def test_days_are_inclusive_and_in_utc(api: Api, names: tuple[str, str]) -> None:
    key = api.other_account()
    [prediction_id] = created(api, key, 1)
    today = listed(api, key)["data"][0]["created_at"][:10]
    first, last = names
    assert ids(listed(api, key, **{first: today, last: today})) == [prediction_id]
    assert ids(listed(api, key, **{last: "2020-01-01"})) == []
    assert ids(listed(api, key, **{first: "2999-01-01"})) == []


def test_the_last_day_that_a_calendar_has_may_end_a_list(either_api: Api) -> None:
    key = either_api.other_account()
    expected = created(either_api, key, 1)
    assert ids(listed(either_api, key, **{"from": "0001-01-01", "to": "9999-12-31"})) == expected


@pytest.mark.parametrize(
    ("query", "status", "error_id"),
    [
        ("per_page=0", 400, "INVALID_PARAMETER"),
        ("per_page=51", 400, "INVALID_PARAMETER"),
        ("per_page=ten", 400, "INVALID_PARAMETER"),
        ("page=0", 400, "INVALID_PARAMETER"),
        ("page=-1", 400, "INVALID_PARAMETER"),
        ("page=²", 400, "INVALID_PARAMETER"),
        ("page=99999999999999999999", 400, "INVALID_PARAMETER"),
        ("status=done", 400, "INVALID_PARAMETER"),
        ("from=2026-13-01", 400, "INVALID_DATE_FORMAT"),
        ("to=yesterday", 400, "INVALID_DATE_FORMAT"),
        ("from=2026-1-1", 400, "INVALID_DATE_FORMAT"),
        ("from=2026-02-02&to=2026-02-01", 400, "INVALID_DATE_RANGE"),
        ("page=1&page=2", 400, "INVALID_PARAMETER_COMBINATION"),
        ("from=2026-02-02&since=2026-02-02", 400, "INVALID_PARAMETER_COMBINATION"),
        ("model=nope", 404, "MODEL_NOT_FOUND"),
    ],
)
def test_what_is_wrong_with_a_query_has_its_own_id(api: Api, query: str, status: int, error_id: str) -> None:
    with api.client() as client:
        strict.check_refusal(client.get(f"/v1/predictions?{query}"), status, error_id)


def test_text_key_and_source_narrow_the_list(either_api: Api) -> None:
    with either_api.client() as client:
        wishes = ["a red fox", 'a "Blue" whale', "100% wool", "1000 wool"]
        made = [
            client.post("/v1/predict", json={"model": "deepbrain", "input": {"prompt": each}}).json()["id"]
            for each in wishes
        ]

        def found(**query: str) -> list[str]:
            page = client.get("/v1/predictions", params=query).json()
            assert page["pagination"]["total"] == len(page["data"])
            return [each["id"] for each in page["data"]]

        assert found(text="FOX") == [made[0]]
        assert found(text='"blue"') == [made[1]]
        assert found(text="0%") == [made[2]]
        assert found(text="nowhere") == []
        key = client.get("/v1/keys").json()["data"][0]["id"]
        assert found(key=key) == made[::-1]
        assert found(key="another") == []
        assert found(source="api") == made[::-1]
        assert found(source="dashboard") == []
