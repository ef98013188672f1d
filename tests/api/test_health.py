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
