"""GET /, /healthz and /readyz."""

from collections.abc import Callable

import strict
from served_api import Api


def test_the_door_says_what_this_is_and_where_to_go(api: Api) -> None:
    with api.anyone() as client:
        body = client.get("/").json()
    assert body["name"] == "foretell"
    assert body["urls"]["models"] == f"{api.address}/v1/models"


def test_a_serving_process_is_alive_and_ready(api: Api) -> None:
    with api.anyone() as client:
        assert client.get("/healthz").json()["state"] == "alive"
        assert client.get("/readyz").json()["state"] == "ready"


def test_a_stopping_server_is_alive_but_not_ready(api_with: Callable[..., Api]) -> None:
    api = api_with()
    api.stop_waiting()
    with api.anyone() as client:
        assert client.get("/healthz").status_code == 200
        strict.check_refusal(client.get("/readyz"), 503, "SERVICE_UNAVAILABLE")


def test_an_answer_is_sent_at_once_also_on_a_connection_that_is_kept(api: Api) -> None:
    with api.anyone() as client:
        seconds = sorted(client.get("/healthz").elapsed.total_seconds() for _ in range(21))
    assert seconds[10] < 0.03, "small answers wait for the caller's acknowledgement, which takes 40 ms"
