"""The operator's routes under /v1/admin/, over TCP."""

from pathlib import Path
from typing import Any

from servers import Foretell, foretell, until


def test_a_folder_that_is_no_model_is_told_with_the_reason(server: Foretell, tmp_path: Path) -> None:
    with server.client() as client:
        begun = client.post("/v1/admin/models", json={"source": str(tmp_path)})
        assert begun.status_code == 202
        path = f"/v1/admin/additions/{begun.json()['id']}"
        ended = until(lambda: ended_of(client.get(path).json()), about="the end of the addition")
        assert (ended["state"], ended["steps"][-1]["name"]) == ("failed", "reading")
        assert "models init" in ended["error"]
        assert client.post("/v1/admin/models", json={"source": ""}).status_code == 422
        assert client.post("/v1/admin/models", json={"folder": "/srv"}).status_code == 400


def ended_of(addition: dict[str, Any]) -> dict[str, Any] | None:
    return None if addition["state"] == "running" else addition


def test_nobody_but_an_operator_passes(server: Foretell, data: Path) -> None:
    foretell("accounts", "create", "guest", data=data)
    member = foretell("keys", "create", "guest", "--account", "guest", data=data).stdout.strip()
    routes = [("GET", "accounts"), ("GET", "keys"), ("GET", "models"), ("POST", "keys"), ("POST", "models")]
    routes += [
        ("POST", "models/echo/rollback"),
        ("DELETE", "models/echo"),
        ("POST", "models/echo/test"),
        ("POST", "prune"),
    ]
    routes += [("GET", "additions"), ("GET", "models/echo/logs")]
    for method, route in routes:
        with server.client(member) as client:
            assert client.request(method, f"/v1/admin/{route}").status_code == 403
        with server.client("sk-wrong") as client:
            assert client.request(method, f"/v1/admin/{route}").status_code == 401


def test_a_key_that_is_not_there_cannot_be_revoked(server: Foretell) -> None:
    with server.client() as client:
        assert client.delete("/v1/admin/keys/nokey").status_code == 404


def test_a_name_has_to_be_sound(server: Foretell) -> None:
    with server.client() as client:
        for name in ("", "  ", "a\nb", "x" * 101):
            assert client.post("/v1/admin/accounts", json={"name": name}).status_code == 400
        assert client.post("/v1/admin/accounts", json={"name": "twice"}).status_code == 201
        assert client.post("/v1/admin/accounts", json={"name": "twice"}).status_code == 409
