"""Predictions of a real server, made and waited for."""

from typing import Any

from servers import Foretell, until

ENDINGS = ("succeeded", "failed", "canceled", "cancelled")
SECONDS = 280.0


def create(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    with server.client() as client:
        answer = client.post("/v1/predict", json={"model": model, "input": given})
        assert answer.is_success, answer.text
        return answer.json()


def seen(server: Foretell, id: str) -> dict[str, Any]:
    with server.client() as client:
        return client.get(f"/v1/predictions/{id}").json()


def ended(server: Foretell, id: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        now = seen(server, id)
        return now if now["status"] in ENDINGS else None

    return until(found, about=f"the end of {id}", seconds=SECONDS)


def run(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    """The prediction when it has ended well."""
    found = ended(server, create(server, model, **given)["id"])
    assert found["status"] == "succeeded", found["error"]
    return found
