"""The operator's routes under /v1/admin/, over TCP."""

from pathlib import Path

from servers import Foretell, foretell

MANIFEST = """
name = "Shout"
type = "text"
description = "Says it louder."
predictor = "predict.py:Predictor"
"""
PREDICTOR = """
from cog import BasePredictor, Input

class Predictor(BasePredictor):
    def predict(self, prompt: str = Input(description="What to say.")) -> str:
        return prompt.upper()
"""


def test_a_registered_folder_can_be_called_at_once(server: Foretell, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shout"
    folder.mkdir()
    (folder / "model.toml").write_text(MANIFEST)
    (folder / "predict.py").write_text(PREDICTOR)
    with server.client() as client:
        made = client.post("/v1/admin/models", json={"folder": str(folder)})
        assert (made.status_code, made.json()["ready"]) == (201, True)
        body = {"model": "shout", "input": {"prompt": "hello"}, "await": True}
        assert client.post("/v1/predict", json=body).json()["output"] == "HELLO"
        listed = client.get("/v1/admin/models").json()["data"]
        assert {"shout", "echo"} <= {each["namespace"] for each in listed}


def test_a_folder_that_is_no_model_is_refused_with_the_reason(server: Foretell, tmp_path: Path) -> None:
    with server.client() as client:
        refused = client.post("/v1/admin/models", json={"folder": str(tmp_path)})
    assert refused.status_code == 400
    assert "model.toml" in refused.json()["error"]["message"]


def test_nobody_but_an_operator_passes(server: Foretell, data: Path) -> None:
    foretell("accounts", "create", "guest", data=data)
    member = foretell("keys", "create", "guest", "--account", "guest", data=data).stdout.strip()
    routes = [("GET", "accounts"), ("GET", "keys"), ("GET", "models"), ("POST", "keys"), ("POST", "models")]
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
