"""/v1/keys: an account's own keys, which give no more than they have; and what is written down of it all."""

import time
from typing import Any

import httpx
import pytest

import strict
from foretell.account import Key, key_digest
from served_api import Api
from servers import until

FOX = {"model": "truefusion", "input": {"prompt": "a fox"}}
HOOK = {"webhook": {"url": "http://127.0.0.1:9/hook", "events": ["completed"]}}


def made(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/v1/keys", json={"name": "t", **wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_key_is_made_seen_changed_and_revoked_by_its_own_account(either_api: Api) -> None:
    api = either_api
    with api.client(api.other_account()) as client:
        key = made(client, name="web page", scopes=["read"], models=["true*"], expires_in_seconds=3_600)
        raw = key.pop("key")
        assert (key["scopes"], key["models"], key["last4"]) == (["read"], ["true*"], raw[-4:])
        assert client.get(f"/v1/keys/{key['id']}").json() == key
        assert key["id"] in [each["id"] for each in client.get("/v1/keys").json()["data"]]
        with api.client(raw) as page:
            assert page.get("/v1/predictions").status_code == 200
            assert page.post("/v1/predict", json=FOX).status_code == 403
            change = {"scopes": ["run"], "models": None, "expires_in_seconds": None, "name": "till"}
            changed = client.patch(f"/v1/keys/{key['id']}", json=change).json()
            assert (changed["scopes"], changed["models"], changed["expires_at"]) == (["run"], None, None)
            assert changed["name"] == "till"
            until(lambda: page.post("/v1/predict", json=FOX).status_code == 200, about="the news", seconds=4)
            assert client.delete(f"/v1/keys/{key['id']}").json()["revoked_at"] is not None
            until(lambda: page.get("/v1/models").status_code == 401, about="the refusal", seconds=4)
        strict.check_refusal(client.patch(f"/v1/keys/{key['id']}", json={}), 409, "CONFLICT")
        strict.check_refusal(client.post(f"/v1/keys/{key['id']}/rotate", json={}), 409, "CONFLICT")


MORE = [
    {"scopes": ["manage", "run"]},
    {"models": None},
    {"models": ["*"]},
    {"models": ["deep*"]},
    {"models": ["truefusion", "embed"]},
    {"expires_in_seconds": None},
    {"expires_in_seconds": 7_200},
    {"requests_per_minute": None},
    {"requests_per_minute": 11},
    {"concurrency_max": 3},
]
LESS = [
    {},
    {"scopes": ["read"]},
    {"models": ["true*"]},
    {"models": ["truefusion", "Vendor/TrueFusion-pro"]},
    {"models": []},
    {"expires_in_seconds": 60},
    {"requests_per_minute": 10, "concurrency_max": 1},
]
HAS = {
    "scopes": ["manage", "read"],
    "models": ["true*"],
    "expires_in_seconds": 3_600,
    "requests_per_minute": 10,
    "concurrency_max": 2,
}


@pytest.mark.parametrize("wanted", MORE, ids=str)
def test_a_key_gives_no_more_than_it_has_to_a_new_key_or_an_old_one(api: Api, wanted: dict[str, Any]) -> None:
    with api.client(api.other_account()) as owner, api.client(made(owner, **HAS)["key"]) as lesser:
        strict.check_refusal(lesser.post("/v1/keys", json={"name": "t", **wanted}), 403, "FORBIDDEN")
        own = next(each["id"] for each in lesser.get("/v1/keys").json()["data"] if each["models"])
        before = lesser.get(f"/v1/keys/{own}").json()
        strict.check_refusal(lesser.patch(f"/v1/keys/{own}", json=wanted), 403, "FORBIDDEN")
        assert lesser.get(f"/v1/keys/{own}").json() == before


@pytest.mark.parametrize("wanted", LESS, ids=str)
def test_what_a_new_key_is_not_told_it_has_from_the_key_that_makes_it(
    api: Api, wanted: dict[str, Any]
) -> None:
    with api.client(api.other_account()) as owner, api.client(made(owner, **HAS)["key"]) as lesser:
        found, own = made(lesser, **wanted), lesser.get("/v1/keys").json()["data"][-1]
        for name in HAS.keys() - wanted.keys() - {"expires_in_seconds"}:
            assert found[name] == HAS[name]
        if "expires_in_seconds" not in wanted:
            assert found["expires_at"] is not None
        assert own["id"]


def test_a_lesser_key_is_not_given_the_next_secret_of_a_greater_one(api: Api) -> None:
    with api.client(api.other_account()) as owner:
        greater, lesser = made(owner), made(owner, scopes=["manage"])
        with api.client(lesser["key"]) as client:
            path = f"/v1/keys/{greater['id']}/rotate"
            strict.check_refusal(client.post(path, json={}), 403, "FORBIDDEN")
            assert client.post(f"/v1/keys/{lesser['id']}/rotate", json={}).status_code == 200
        with api.client(greater["key"]) as client:
            assert client.get("/v1/models").status_code == 200


def test_an_operators_lesser_key_gives_no_more_than_it_has_either(api: Api) -> None:
    with api.client() as operator, api.client(made(operator, scopes=["manage"])["key"]) as lesser:
        wanted = {"name": "t", "account": "default", "scopes": ["run"]}
        strict.check_refusal(lesser.post("/v1/admin/keys", json=wanted), 403, "FORBIDDEN")
        assert lesser.post("/v1/admin/keys", json={"name": "t"}).json()["scopes"] == ["manage"]


def test_both_secrets_open_while_they_overlap_and_then_the_new_one_alone(either_api: Api) -> None:
    api = either_api
    with api.client(api.other_account()) as owner:
        key = made(owner)
        found = owner.post(f"/v1/keys/{key['id']}/rotate", json={"overlap_seconds": 1.5}).json()
        assert found["id"] == key["id"] and found["key"] != key["key"]
        assert found["former_until_at"] is not None
        with api.client(key["key"]) as former, api.client(found["key"]) as current:
            assert former.get("/v1/models").status_code == 200
            assert current.get("/v1/models").status_code == 200
            until(lambda: former.get("/v1/models").status_code == 401, about="the end", seconds=5)
            assert current.get("/v1/models").status_code == 200


def test_a_rotation_without_an_overlap_ends_the_former_secret_at_once(api: Api) -> None:
    with api.client(api.other_account()) as owner:
        key = made(owner)
        with api.client(key["key"]) as former:
            assert former.get("/v1/models").status_code == 200
            found = owner.post(f"/v1/keys/{key['id']}/rotate", json={}).json()
            until(lambda: former.get("/v1/models").status_code == 401, about="the end", seconds=4)
        with api.client(found["key"]) as current:
            assert current.get("/v1/models").status_code == 200


def test_webhooks_are_signed_with_the_former_secret_until_the_new_one_is_in_use(either_api: Api) -> None:
    api = either_api
    with api.client(api.other_account()) as owner:
        key = made(owner)

        def signs() -> str | None:
            sealed = api.run(api.store.signing_secret(key["id"]))
            return None if sealed is None else api.services.seal.open(sealed).decode()

        def create(raw: str) -> None:
            with api.client(raw) as client:
                assert client.post("/v1/predict", json={**FOX, **HOOK}).status_code == 200

        def rotate(**rotation: float) -> str:
            raw: str = owner.post(f"/v1/keys/{key['id']}/rotate", json=rotation).json()["key"]
            return raw

        first: str = key["key"]
        create(first)
        second = rotate(overlap_seconds=600)
        assert signs() == first
        create(first)
        assert signs() == first
        create(second)
        assert signs() == second
        third = rotate()
        assert signs() == third
        fourth = rotate(overlap_seconds=600)
        create(third)
        assert signs() == third
        create(fourth)
        create(third)
        assert signs() == fourth


def test_a_key_that_expires_is_refused_from_then_on_although_it_was_just_used(api: Api) -> None:
    with api.client(api.other_account()) as owner:
        began = time.monotonic()
        with api.client(made(owner, expires_in_seconds=1)["key"]) as client:
            assert client.get("/v1/models").status_code == 200
            until(lambda: client.get("/v1/models").status_code == 401, about="the end", seconds=4)
            assert 0.9 < time.monotonic() - began < 2.5


def test_a_key_that_the_configuration_fixes_is_not_rotated(api_with: Any) -> None:
    api = api_with(key="sk-fixed")
    digest = key_digest("sk-fixed")
    fixed = Key(id="fixed", account_id=api.account.id, name="f", sha256=digest, last4="ixed", created_at=1)
    api.run(api.store.create_key(fixed))
    with api.client("sk-fixed") as operator:
        strict.check_refusal(operator.post("/v1/keys/fixed/rotate", json={}), 409, "CONFLICT")


def test_who_did_what_is_written_down_with_it(either_api: Api) -> None:
    api = either_api
    with api.client() as operator:
        operator.post("/v1/admin/accounts", json={"name": "shop"}).raise_for_status()
        body = {"name": "till", "account": "shop"}
        key = operator.post("/v1/admin/keys", json=body, headers={"x-request-id": "req-of-mine"}).json()
        with api.client(key["key"]) as till:
            prediction = till.post("/v1/predictions", json=FOX).json()["id"]
            till.delete(f"/v1/predictions/{prediction}").raise_for_status()
            upload = till.post("/v1/files", files={"file": ("a.txt", b"a", "text/plain")}).json()["id"]
            till.delete(f"/v1/files/{upload}").raise_for_status()
            rotated = till.post(f"/v1/keys/{key['id']}/rotate", json={}).json()["key"]
        operator.patch("/v1/admin/accounts/shop", json={"suspended": True}).raise_for_status()
        operator.post("/v1/admin/accounts/shop/webhook-secret", json={"rotate": True}).raise_for_status()
        refused = operator.post("/v1/admin/keys", json={"name": "t", "account": "nobody"})
        assert refused.status_code == 404
        assert rotated
        gone = made(operator)["id"]
        operator.delete(f"/v1/keys/{gone}").raise_for_status()
        strict.check_refusal(operator.post(f"/v1/keys/{gone}/rotate", json={}), 409, "CONFLICT")
        found = operator.get("/v1/admin/audit").json()["data"]
        shop = operator.get("/v1/admin/accounts").json()["data"][-1]["id"]
        told = [(each["account"], each["action"], each["subject"]) for each in reversed(found)]
        assert told == [
            ("default", "account.create", "shop"),
            ("default", "key.create", key["id"]),
            ("shop", "prediction.delete", prediction),
            ("shop", "file.delete", upload),
            ("shop", "key.rotate", key["id"]),
            ("default", "account.suspend", shop),
            ("default", "account.webhook_secret", shop),
            ("default", "key.create", gone),
            ("default", "key.revoke", gone),
        ]
        created = found[-2]
        assert (created["request_id"], created["address"]) == ("req-of-mine", "127.0.0.1")
        assert found[-3]["key_id"] == key["id"]


def test_the_log_of_deeds_is_narrowed_and_paged(either_api: Api) -> None:
    with either_api.client() as operator:
        for name in ("shop", "bar", "inn"):
            operator.post("/v1/admin/accounts", json={"name": name}).raise_for_status()
        body = {"name": "till", "account": "shop"}
        operator.post("/v1/admin/keys", json=body).raise_for_status()
        found = operator.get("/v1/admin/audit").json()["data"]
        path = "/v1/admin/audit?account=default&action=account.create&limit=2"
        assert operator.get(path).json()["data"] == found[1:3]
        older = operator.get(f"/v1/admin/audit?before={found[0]['id']}&limit=2").json()["data"]
        assert older == found[1:3]
        wrong = operator.get("/v1/admin/audit?action=dance")
        strict.check_refusal(wrong, 400, "INVALID_PARAMETER")


def test_the_log_of_deeds_forgets_what_is_too_old_and_what_is_too_much(either_api: Api) -> None:
    api = either_api
    with api.client() as operator:
        for number in range(5):
            operator.post("/v1/admin/accounts", json={"name": f"a{number}"}).raise_for_status()

        def subjects() -> list[str]:
            return [each["subject"] for each in operator.get("/v1/admin/audit").json()["data"]]

        assert subjects() == ["a4", "a3", "a2", "a1", "a0"]
        assert api.run(api.store.forget_deeds(0, 3)) == 2
        assert subjects() == ["a4", "a3", "a2"]
        assert api.run(api.store.forget_deeds(0, 3)) == 0
        now = time.time_ns() // 1_000
        assert api.run(api.store.forget_deeds(now + 60_000_000)) == 3
        assert subjects() == []


def test_a_key_that_may_spend_only_so_much_makes_no_keys_that_would_spend_beside_it(api: Api) -> None:
    with api.client(api.other_account()) as owner, api.client() as operator:
        capped = made(owner)
        caps = {"month_max": "5"}
        operator.patch(f"/v1/admin/keys/{capped['id']}/credits", json=caps).raise_for_status()
        with api.client(capped["key"]) as client:
            strict.check_refusal(client.post("/v1/keys", json={"name": "t"}), 403, "FORBIDDEN")
            path = f"/v1/keys/{made(owner)['id']}/rotate"
            strict.check_refusal(client.post(path, json={}), 403, "FORBIDDEN")


def test_what_was_created_under_an_idempotency_key_is_not_told_to_a_key_without_its_model(api: Api) -> None:
    with api.client(api.other_account()) as owner:
        other = made(owner, models=["deepbrain"])["key"]
        again = {"idempotency-key": "once"}
        assert owner.post("/v1/predict", json=FOX, headers=again).status_code == 200
        assert owner.post("/v1/predict", json=FOX, headers=again).status_code == 200
        with api.client(other) as client:
            refused = client.post("/v1/predict", json=FOX, headers=again)
            strict.check_refusal(refused, 403, "FORBIDDEN")
