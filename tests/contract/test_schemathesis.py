"""A real sandbox server does what its OpenAPI document says, and nothing that the document allows breaks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers import KEY, Foretell, clean_environment, running

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FORETELL_SCHEMATHESIS_EXAMPLES", "3")
"""Requests made up at random for each operation, beside those for each of its examples, fields and bounds."""


@pytest.mark.timeout(900)
def test_the_server_keeps_the_word_of_its_document(tmp_path: Path) -> None:
    # What it prunes is nobody else's.
    cache = {"FORETELL_CACHE": str(tmp_path / "cache")}
    with running(tmp_path / "data", "--sandbox", "--key", KEY, "--port", "0", **cache) as server:
        tried = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
                *("run", f"{server.address}/openapi.json", "--header", f"x-api-key: {KEY}"),
                *("--max-examples", EXAMPLES, "--workers", "2", "--continue-on-failure", "--no-color"),
                *seed(),
            ],
            cwd=tmp_path,
            env=clean_environment(SCHEMATHESIS_HOOKS=str(HERE / "schemathesis_hooks.py"), **people(server)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert tried.returncode == 0, tried.stdout + tried.stderr
        with server.client() as client:
            assert client.get("/readyz").json()["state"] == "ready"


def people(server: Foretell) -> dict[str, str]:
    """Who asks, and another account and key, for requests that suspend and revoke."""
    with server.client() as client:
        (account,) = client.get("/v1/admin/accounts").json()["data"]
        (key,) = client.get("/v1/admin/keys").json()["data"]
        another = client.post("/v1/admin/accounts", json={"name": "another"}).json()
        anothers = client.post("/v1/admin/keys", json={"name": "another", "account": "another"}).json()
    ours = f"{account['id']} {account['name']} {key['id']}"
    return {"OURS": ours, "ANOTHERS_ACCOUNT": another["id"], "ANOTHERS_KEY": anothers["id"]}


def seed() -> tuple[str, ...]:
    """The same requests each time, unless more of them are asked for: then others each time."""
    return () if "FORETELL_SCHEMATHESIS_EXAMPLES" in os.environ else ("--seed", "1")
