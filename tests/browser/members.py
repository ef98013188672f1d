"""Members of a server: accounts of their own, so that what a test counts is its own."""

from dataclasses import dataclass
from typing import Any

import httpx

from foretell.ids import new_token
from servers import SECONDS, Foretell, until


@dataclass(frozen=True)
class Member:
    """An account that is no operator, with a key that may do everything."""

    name: str
    key: str
    server: Foretell

    def client(self) -> httpx.Client:
        return self.server.client(self.key)

    def run(self, model: str, count: int = 1, **input: Any) -> list[dict[str, Any]]:
        """Predictions that have ended, the oldest first."""
        with self.client() as client:
            made = [
                client.post("/v1/predictions", json={"model": model, "input": input})
                .raise_for_status()
                .json()
                for _ in range(count)
            ]
            return [ended(client, each["id"]) for each in made]


def new_member(server: Foretell) -> Member:
    name = f"member {new_token()[:8]}"
    with server.client() as client:
        client.post("/v1/admin/accounts", json={"name": name}).raise_for_status()
        made = client.post("/v1/admin/keys", json={"name": "first", "account": name}).raise_for_status()
    return Member(name, made.json()["key"], server)


def ended(client: httpx.Client, prediction_id: str) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/predictions/{prediction_id}").raise_for_status().json()
        return found if found["completed_at"] else None

    return until(find, about="the end of a prediction", seconds=SECONDS)
