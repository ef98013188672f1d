"""`foretell accounts`, `keys` and `webhooks`, with a server running and without."""

import base64
import json
from pathlib import Path

from servers import KEY, Foretell, foretell, running


def test_a_key_is_printed_alone_and_opens_until_it_is_revoked(server: Foretell, data: Path) -> None:
    key = foretell("keys", "create", "laptop", data=data).stdout.strip()
    assert server.client(key).get("/v1/models").status_code == 200
    (listed,) = [each for each in keys(data) if each["name"] == "laptop"]
    assert listed["last4"] == key[-4:]
    assert foretell("keys", "revoke", listed["id"], data=data).returncode == 0
    assert server.client(key).get("/v1/models").status_code == 401


def test_a_members_key_is_refused_where_operators_are_meant(server: Foretell, data: Path) -> None:
    assert foretell("accounts", "create", "shop", data=data).returncode == 0
    key = foretell("keys", "create", "till", "--account", "shop", data=data).stdout.strip()
    assert server.client(key).get("/v1/models").status_code == 200
    assert server.client(key).get("/v1/admin/accounts").status_code == 403
    assert server.client().get("/v1/admin/accounts").status_code == 200


def test_the_commands_work_without_a_server_too(tmp_path: Path) -> None:
    assert foretell("accounts", "create", "shop", data=tmp_path).returncode == 0
    key = foretell("keys", "create", "till", "--account", "shop", data=tmp_path).stdout.strip()
    assert key.startswith("sk-")
    names = [
        each["name"] for each in json.loads(foretell("accounts", "list", "--json", data=tmp_path).stdout)
    ]
    assert names == ["default", "shop"]


def test_an_account_that_exists_and_one_that_does_not_are_refusals_in_a_sentence(tmp_path: Path) -> None:
    taken = foretell("accounts", "create", "default", data=tmp_path)
    assert (taken.returncode, taken.stdout) == (1, "")
    assert "already" in taken.stderr
    absent = foretell("keys", "create", "a", "--account", "nobody", data=tmp_path)
    assert absent.returncode == 1
    assert "nobody" in absent.stderr
    assert "Traceback" not in taken.stderr + absent.stderr


def test_the_webhook_secret_stays_until_it_is_rotated(server: Foretell, data: Path) -> None:
    first = foretell("webhooks", "secret", data=data).stdout.strip()
    assert len(base64.b64decode(first.removeprefix("whsec_"))) >= 24
    assert foretell("webhooks", "secret", data=data).stdout.strip() == first
    assert foretell("webhooks", "secret", "--rotate", data=data).stdout.strip() != first


def test_a_configured_key_is_good_whenever_the_configuration_says_it(tmp_path: Path) -> None:
    def opens(*options: str) -> bool:
        with running(tmp_path, "--sandbox", "--port", "0", *options) as server:
            found = server.client().get("/v1/models").status_code == 200
            assert server.stop() == 0
            return found

    assert opens("--key", KEY)
    assert foretell("keys", "list", data=tmp_path).returncode == 0
    assert opens("--key", KEY)
    assert not opens()
    assert opens("--key", KEY)


def test_limits_are_set_shown_and_taken_away_by_commands(server: Foretell, data: Path) -> None:
    made = foretell("accounts", "create", "trial", "--requests-per-minute", "2", data=data)
    assert made.returncode == 0
    key = foretell(
        "keys", "create", "t", "--account", "trial", "--concurrency", "7", data=data
    ).stdout.strip()
    (listed,) = [each for each in keys(data) if each["name"] == "t"]
    assert (listed["requests_per_minute"], listed["concurrency_max"]) == (None, 7)
    assert foretell("keys", "limits", listed["id"], "--concurrency", "0", data=data).returncode == 0
    table = foretell("accounts", "list", data=data).stdout
    assert next(line for line in table.splitlines() if line.startswith("trial")).split()[3:6] == [
        "2",
        "any",
        "active",
    ]
    body = {"model": "echo", "input": {"prompt": "hi"}}
    with server.client(key) as client:
        statuses = [client.post("/v1/predict", json=body).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        said = foretell("accounts", "limits", "trial", "--requests-per-minute", "0", data=data).stderr
        assert "any predictions within 60 seconds" in said
        assert client.post("/v1/predict", json=body).status_code == 200


def test_a_suspended_account_is_out_until_it_is_resumed(server: Foretell, data: Path) -> None:
    foretell("accounts", "create", "left", data=data)
    key = foretell("keys", "create", "l", "--account", "left", data=data).stdout.strip()
    with server.client(key) as client:
        assert foretell("accounts", "suspend", "left", data=data).returncode == 0
        assert client.get("/v1/models").json()["error"]["error_id"] == "ACCOUNT_SUSPENDED"
        assert foretell("accounts", "resume", "left", data=data).returncode == 0
        assert client.get("/v1/models").status_code == 200
    absent = foretell("accounts", "suspend", "nobody", data=data)
    assert (absent.returncode, "nobody" in absent.stderr) == (1, True)


def keys(data: Path) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = json.loads(foretell("keys", "list", "--json", data=data).stdout)
    return listed
