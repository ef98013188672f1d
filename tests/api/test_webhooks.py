"""What a create says about webhooks."""

from typing import Any

import pytest

import strict
from foretell.prediction import Subscription
from served_api import Api

URL = "https://example.com/hook"
TERMINAL = ("completed", "failed", "canceled")


def kept(api: Api, **body: Any) -> tuple[dict[str, Any], Subscription]:
    """The echo of a subscription, and what is kept of it."""
    shown = api.create(**body)
    found = api.get(shown["id"]).webhook
    assert found is not None
    return shown["webhook"], found


def test_a_string_asks_for_the_terminal_events_and_is_echoed_as_an_object(api: Api) -> None:
    echo, found = kept(api, webhook=URL)
    assert echo == {"url": URL, "events": []}
    assert (found.events, found.spelling) == (TERMINAL, "canceled")


@pytest.mark.parametrize(
    ("names", "events", "spelling"),
    [
        ([], TERMINAL, "cancelled"),
        (["succeeded", "failed"], ("completed", "failed"), "canceled"),
        (["completed", "started"], ("completed", "started"), "cancelled"),
        (["prediction.succeeded"], ("completed",), "cancelled"),
        (["processing", "unknown"], ("processing",), "canceled"),
        (["*"], ("started", "processing", "completed", "failed", "canceled"), "cancelled"),
    ],
)
def test_an_object_names_its_events_in_any_of_the_known_words(
    api: Api, names: list[str], events: tuple[str, ...], spelling: str
) -> None:
    echo, found = kept(api, webhook={"url": URL, "events": names})
    assert echo == {"url": URL, "events": names}
    assert (found.events, found.spelling) == (events, spelling)


def test_a_filter_means_any_end_by_completed(api: Api) -> None:
    echo, found = kept(api, webhook=URL, webhook_events_filter=["start", "completed", "output"])
    assert echo == {"url": URL, "events": ["start", "completed", "output"]}
    assert (found.events, found.spelling) == (("started", *TERMINAL), "canceled")


@pytest.mark.parametrize("webhook", [None, "", {}, {"url": None, "events": []}])
def test_no_address_means_no_webhook(api: Api, webhook: Any) -> None:
    shown = api.create(webhook=webhook)
    assert shown["webhook"] == {"url": None, "events": []}
    assert api.get(shown["id"]).webhook is None


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com", "https://", "https://user:pass@example.com/", "javascript:x"]
)
def test_an_address_that_can_never_be_called_is_refused(api: Api, url: str) -> None:
    with api.client() as client:
        body = {"model": "truefusion", "input": {"prompt": "a fox"}, "webhook": {"url": url, "events": []}}
        strict.check_refusal(client.post("/v1/predict", json=body), 400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    "webhook",
    [
        f"https://example.com/{'x' * 2_048}",
        {"url": URL, "events": ["x"] * 51},
        {"url": URL, "events": ["x" * 101]},
    ],
    ids=["address", "names", "name"],
)
def test_a_subscription_has_limits(api: Api, webhook: Any) -> None:
    with api.client() as client:
        body = {"model": "truefusion", "input": {"prompt": "a fox"}, "webhook": webhook}
        strict.check_refusal(client.post("/v1/predict", json=body), 400, "INVALID_PARAMETER")


def test_the_raw_key_is_sealed_once_at_the_first_webhook(api: Api) -> None:
    key = api.other_account()
    key_id = key.removeprefix("sk-").split("_")[0]
    body: dict[str, Any] = {"model": "truefusion", "input": {"prompt": "a fox"}}
    with api.client(key) as client:
        assert client.post("/v1/predict", json=body).status_code == 200
        assert api.run(api.store.sealed_key(key_id)) is None
        assert client.post("/v1/predict", json=body | {"webhook": URL}).status_code == 200
        sealed = api.run(api.store.sealed_key(key_id))
        assert sealed is not None
        assert client.post("/v1/predict", json=body | {"webhook": URL}).status_code == 200
    assert api.run(api.store.sealed_key(key_id)) == sealed
    assert key.encode() not in sealed
    assert api.services.seal.open(sealed) == key.encode()
