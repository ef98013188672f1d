"""Keys: who is let in, and as whom."""

import asyncio
import sqlite3
import time
from collections.abc import Callable

import httpx
import pytest

import strict
from foretell.account import Key, key_digest, new_key
from foretell.api.auth import Keys
from foretell.errors import Error
from served_api import Api
from servers import until

ROUTES = [
    ("POST", "/v1/predict"),
    ("POST", "/v1/predictions"),
    ("GET", "/v1/predictions"),
    ("GET", "/v1/predictions/some-id"),
    ("GET", "/v1/predictions/some-id/stream"),
    ("POST", "/v1/predictions/some-id/cancel"),
    ("DELETE", "/v1/predictions/some-id"),
    ("DELETE", "/v1/predictions/some-id/delete"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/truefusion"),
    ("GET", "/v1/model/truefusion"),
    ("POST", "/v1/files"),
    ("GET", "/v1/files/some-id"),
    ("DELETE", "/v1/files/some-id"),
    ("GET", "/v1/admin/accounts"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", [None, "wrong", "sk-abcdefghijkl_" + "0" * 56, "\u00e4"], ids=str)
def test_no_key_and_a_wrong_key_are_refused_on_every_route(
    api: Api, method: str, path: str, key: str | None
) -> None:
    headers = {} if key is None else {"x-api-key": key.encode()}
    with api.anyone() as client:
        strict.check_refusal(client.request(method, path, headers=headers), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "Key"])
def test_a_key_may_come_as_authorization(api: Api, scheme: str) -> None:
    with api.anyone(authorization=f"{scheme} {api.key}") as client:
        assert client.get("/v1/predictions").status_code == 200


def test_the_key_header_wins_over_authorization(api: Api) -> None:
    with api.client(authorization="Bearer wrong") as client:
        assert client.get("/v1/predictions").status_code == 200
    with api.client("wrong", authorization=f"Bearer {api.key}") as client:
        strict.check_refusal(client.get("/v1/predictions"), 401, "UNAUTHORIZED")


def test_a_key_is_good_for_reading_while_nothing_can_be_written(api_with: Callable[..., Api]) -> None:
    api = api_with()
    unused = api.other_account()
    other = sqlite3.connect(api.services.config.data_path / "foretell.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with api.client(unused) as client:
        assert client.get("/v1/predictions").status_code == 200
    other.close()


def test_a_revoked_key_is_refused_at_once(either_api: Api) -> None:
    api = either_api
    key = api.other_account()
    with api.client(key) as client:
        assert client.get("/v1/predictions").status_code == 200
        api.run(api.store.revoke_key(key.removeprefix("sk-").split("_")[0]))
        until(lambda: client.get("/v1/predictions").status_code == 401, about="the refusal", seconds=4)


def test_a_key_that_was_read_just_before_it_was_revoked_is_not_trusted_after(api: Api) -> None:
    key = api.other_account()

    async def work() -> None:
        keys = Keys(api.services)
        reading = asyncio.create_task(keys.caller(key))
        await asyncio.sleep(0)  # it has begun to read
        keys.forget()
        await reading
        await api.store.revoke_key(key.removeprefix("sk-").split("_")[0])
        with pytest.raises(Error, match="not valid"):
            await keys.caller(key)

    api.run(work())


def test_an_expired_key_is_refused(api: Api) -> None:
    key_id, raw = new_key()
    now = time.time_ns() // 1_000
    key = Key(
        id=key_id,
        account_id=api.account.id,
        name="old",
        sha256=key_digest(raw),
        last4=raw[-4:],
        created_at=now - 2_000_000,
        expires_at=now - 1_000_000,
    )
    api.run(api.store.create_key(key))
    with api.client(raw) as client:
        strict.check_refusal(client.get("/v1/predictions"), 401, "UNAUTHORIZED")


def test_a_configured_key_is_found_by_its_digest_and_only_while_configured(
    api_with: Callable[..., Api],
) -> None:
    api = api_with(key="sk-test")
    for name, word in {"fixed": "sk-test", "former": "sk-former"}.items():
        key = Key(
            id=name, account_id=api.account.id, name=name, sha256=key_digest(word), last4="test", created_at=1
        )
        api.run(api.store.create_key(key))
    with api.client("sk-test") as client:
        assert client.get("/v1/predictions").status_code == 200
    with api.client("sk-former") as client:
        strict.check_refusal(client.get("/v1/predictions"), 401, "UNAUTHORIZED")


def test_a_members_key_does_not_reach_the_operators_routes(api: Api) -> None:
    with api.client(api.other_account()) as client:
        strict.check_refusal(client.get("/v1/admin/accounts"), 403, "FORBIDDEN")


def test_the_private_socket_needs_no_key_and_reaches_everything_or_the_account_it_names(api: Api) -> None:
    other = api.other_account()
    with api.client(other) as client:
        fox = {"model": "truefusion", "input": {"prompt": "a fox"}}
        prediction_id = client.post("/v1/predictions", json=fox).json()["id"]
    account_id = api.get(prediction_id).account_id
    with httpx.Client(
        transport=httpx.HTTPTransport(uds=str(api.socket)), base_url="http://local"
    ) as operator:
        assert prediction_id in [each["id"] for each in operator.get("/v1/predictions").json()["data"]]
        default, acting = {"x-foretell-account": "default"}, {"x-foretell-account": account_id}
        refused = operator.get(f"/v1/predictions/{prediction_id}", headers=default)
        strict.check_refusal(refused, 404, "PREDICTION_NOT_FOUND")
        assert operator.get(f"/v1/predictions/{prediction_id}", headers=acting).status_code == 200
        canceled = operator.post(f"/v1/predictions/{prediction_id}/cancel").json()
        assert canceled["success"] is True
        deleted = operator.delete(f"/v1/predictions/{prediction_id}").json()
        assert deleted["success"] is True
        nobody = operator.get("/v1/predictions", headers={"x-foretell-account": "nobody"})
        strict.check_refusal(nobody, 404, "NOT_FOUND")


def test_the_account_header_means_nothing_to_callers_from_outside(api: Api) -> None:
    prediction_id = api.create()["id"]
    with api.client(api.other_account(), **{"x-foretell-account": "default"}) as client:
        strict.check_refusal(client.get(f"/v1/predictions/{prediction_id}"), 404, "PREDICTION_NOT_FOUND")
