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

from contract import callers
from contract.listener import Delivered, Listener
from servers import KEY, Foretell, foretell, running


def ended(caller: httpx.Client, url: str) -> str:
    body = {"model": "echo", "input": {"prompt": "ünïcödé 😀"}, "await": True}
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
        listener.heard(prediction_id, 1)
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


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a server that runs: commands go through it."""
    found = tmp_path_factory.mktemp("secrets")
    with running(found, "--sandbox", "--port", "0", "--key", KEY):
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
