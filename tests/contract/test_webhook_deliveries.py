"""How webhooks are signed, tried again, and survive: the general key, a secret of the key's own, restarts."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import strict
from contract import callers
from contract.listener import Delivered, Listener
from servers import KEY, Foretell, foretell, running, until

ECHO = {"model": "echo", "input": {"prompt": "ünïcödé 😀"}}


def ended(caller: httpx.Client, url: str) -> str:
    body = ECHO | {"await": True}
    return str(
        caller.post("/predict", json=body | {"webhook": {"url": url, "events": ["completed"]}}).json()["id"]
    )


def test_a_listener_with_the_raw_key_accepts_and_rejects_what_was_tampered_with(server: Foretell) -> None:
    listener = Listener(KEY)
    with callers.newer_javascript(server) as caller:
        [only] = listener.heard(ended(caller, listener.url), 1)
    listener.close()
    assert only.answered == 200
    signature = only.headers["x-skytells-signature"]
    assert (len(signature), signature) == (64, signature.lower())
    assert not listener.accepts(only.headers, only.raw.replace(b"succeeded", b"cancelled"))
    assert not Listener("sk-another").accepts(only.headers, only.raw)


def test_a_keys_own_secret_signs_in_its_place(server: Foretell) -> None:
    secret, listener = "a secret of ours", Listener("a secret of ours")
    with server.client() as operator:
        made = operator.post("/v1/admin/keys", json={"name": "enterprise"}).json()
        path = f"/v1/admin/keys/{made['id']}/webhook-secret"
        assert operator.post(path, json={}).json() == {"secret": None}
        assert operator.post(path, json={"secret": secret}).json() == {"secret": secret}
    with callers.newer_javascript(server) as caller:
        caller.headers["x-api-key"] = made["key"]
        [only] = listener.heard(ended(caller, listener.url), 1)
    listener.close()
    assert only.answered == 200


def test_the_accounts_secret_signs_by_standard_webhooks_too(server: Foretell) -> None:
    listener = Listener(KEY)
    with server.client() as operator, callers.newer_javascript(server) as caller:
        secret = operator.post("/v1/admin/accounts/default/webhook-secret", json={}).json()["secret"]
        [only] = listener.heard(ended(caller, listener.url), 1)
    listener.close()
    assert only.headers["webhook-signature"] == standard(secret, only)


def test_a_failed_delivery_is_repeated_byte_by_byte_also_by_the_next_server(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    listener = Listener(KEY, failures=(500,))
    with running(tmp_path, *options) as first, callers.curl(first) as caller:
        prediction_id = ended(caller, listener.url)
        noted(caller, prediction_id, attempts=1)
        first.kill()
    with running(tmp_path, *options):
        refused, accepted = listener.heard(prediction_id, 2)
    listener.close()
    assert (refused.answered, accepted.answered) == (500, 200)
    assert refused.raw == accepted.raw
    for name in ("x-skytells-signature", "webhook-id"):
        assert refused.headers[name] == accepted.headers[name]
    assert [each.headers["x-foretell-attempt"] for each in (refused, accepted)] == ["1", "2"]


def test_what_ended_just_before_the_server_was_killed_is_told_by_the_next_one(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    listener = Listener(KEY)
    with running(tmp_path, *options) as first, callers.curl(first) as caller:
        ids = [ended(caller, listener.url) for _ in range(5)]
        first.kill()
    with running(tmp_path, *options):
        for each in ids:
            assert listener.heard(each, 1)[-1].body["status"] == "succeeded"
    listener.close()
    # What was under way when the server died may come twice, and is then the same.
    assert all(len({came.raw for came in listener.of(each)}) == 1 for each in ids)


def test_every_attempt_is_listed_and_what_was_told_is_told_again_by_hand(server: Foretell) -> None:
    listener = Listener(KEY, failures=(410,))
    with callers.curl(server) as caller:
        prediction_id = ended(caller, listener.url)
        given_up = noted(caller, prediction_id, attempts=1)
        assert (given_up["event"], given_up["state"], given_up["next_at"]) == ("completed", "dead", None)
        assert given_up["attempts"][0]["status"] == 410
        path = f"/predictions/{prediction_id}/deliveries/{given_up['id']}/resend"
        for attempts in (2, 3):
            assert caller.post(path).json()["state"] == "pending"
            after = noted(caller, prediction_id, attempts=attempts)
            assert (after["state"], after["attempts"][-1]["status"]) == ("delivered", 200)
    listener.close()
    assert len({(each.raw, each.headers["webhook-id"]) for each in listener.of(prediction_id)}) == 1


def test_strangers_see_no_deliveries_not_even_of_a_public_prediction(server: Foretell) -> None:
    with callers.curl(server) as caller, server.client() as operator:
        body = ECHO | {"privacy": "public", "webhook": "https://example.com/hook"}
        shown = caller.post("/predict", json=body).json()
        path = f"/predictions/{shown['id']}/deliveries"
        assert httpx.get(f"{server.address}/v1{path}").status_code == 401
        strict.check_refusal(caller.post(f"{path}/unknown/resend"), 404, "NOT_FOUND")
        operator.post("/v1/admin/accounts", json={"name": "stranger"})
        key = operator.post("/v1/admin/keys", json={"name": "k", "account": "stranger"}).json()["key"]
        caller.headers["x-api-key"] = key
        strict.check_refusal(caller.get(path), 404, "PREDICTION_NOT_FOUND")


def test_the_commands_list_deliveries_and_send_one_again(data: Path) -> None:
    listener = Listener(KEY)
    made = json.loads(foretell("run", "echo", "-i", "prompt=x", "--json", data=data).stdout)
    quiet = foretell("webhooks", "deliveries", "--prediction", made["id"], "--json", data=data)
    assert json.loads(quiet.stdout) == []
    address = (data / "address").read_text()
    with httpx.Client(base_url=f"{address}/v1", headers={"x-api-key": KEY}) as caller:
        prediction_id = ended(caller, listener.url)
        delivery = noted(caller, prediction_id, attempts=1)
    listed = foretell("webhooks", "deliveries", "--prediction", prediction_id, data=data).stdout
    assert delivery["id"] in listed
    assert "delivered" in listed
    assert foretell("webhooks", "redeliver", delivery["id"], data=data).returncode == 0
    assert len(listener.heard(prediction_id, 2)) == 2
    listener.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a server that runs: commands go through it."""
    found = tmp_path_factory.mktemp("secrets")
    with running(found, "--sandbox", "--port", "0", "--key", KEY) as server:
        (found / "address").write_text(server.address)
        yield found


def test_the_command_gives_makes_and_takes_away_a_keys_secret(data: Path) -> None:
    made = key(data)
    assert secret(data, made) == ""
    assert secret(data, made, "--set", "a secret of ours") == secret(data, made) == "a secret of ours"
    fresh = secret(data, made, "--rotate")
    assert len(fresh) == 64
    assert secret(data, made) == fresh
    assert secret(data, made, "--remove") == secret(data, made) == ""


def test_a_revoked_key_keeps_no_secret_and_gets_none(data: Path) -> None:
    made = key(data)
    secret(data, made, "--rotate")
    foretell("keys", "revoke", made, data=data)
    assert secret(data, made) == ""
    refused = foretell("webhooks", "key-secret", made, "--rotate", data=data)
    assert refused.returncode == 1
    assert "revoked" in refused.stderr


@pytest.mark.parametrize(
    ("key_id", "options", "sentence"),
    [
        ("nobodys", [], "There is no key 'nobodys'."),
        (None, ["--set", "short"], "8 to 256"),
        (None, ["--rotate", "--remove"], "Wish for one of"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence(
    data: Path, key_id: str | None, options: list[str], sentence: str
) -> None:
    refused = foretell("webhooks", "key-secret", key_id or key(data), *options, data=data)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert sentence in refused.stderr


def noted(caller: httpx.Client, prediction_id: str, *, attempts: int) -> dict[str, Any]:
    """The prediction's only delivery, once so many attempts are written down."""

    def found() -> dict[str, Any] | None:
        [delivery] = strict.success(
            caller.get(f"/predictions/{prediction_id}/deliveries"), strict.DELIVERIES
        )["data"]
        return delivery if len(delivery["attempts"]) >= attempts else None

    return until(found, about=f"attempt {attempts}")


def standard(secret: str, delivered: Delivered) -> str:
    headers = delivered.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + delivered.raw
    made = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def key(data: Path) -> str:
    """The id of a new key."""
    made: dict[str, Any] = json.loads(foretell("keys", "create", "k", "--json", data=data).stdout)
    return str(made["id"])


def secret(data: Path, key_id: str, *options: str) -> str:
    return foretell("webhooks", "key-secret", key_id, *options, data=data).stdout.strip()
