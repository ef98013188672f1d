"""What a server brings in before it needs it, and what only once it does: so that it starts soon, and is small."""

import re
from pathlib import Path

from servers import KEY, Foretell, running

LATER = {
    "cryptography",
    "httpcore",
    "httpx",
    "imagesize",
    "jinja2",
    "obstore",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "rich",
    "tinytag",
    "typer",
    "yaml",
}
"""What serves webhooks, strangers' files, pages, figures, buckets, terminals: each holds one to twelve megabytes."""


def brought_in(server: Foretell) -> set[str]:
    """The modules that the server's process has imported up to now."""
    return set(re.findall(r"^import time:.*\| +(\S+)$", server.said(), re.MULTILINE))


def test_a_server_that_made_a_prediction_has_not_brought_in_what_serves_other_things(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    with running(tmp_path, *options, PYTHONPROFILEIMPORTTIME="1") as server, server.client() as client:
        body = {"model": "echo", "input": {"prompt": "a red fox"}, "await": True}
        answer = client.post("/v1/predict", json=body).json()
        assert answer["status"] == "succeeded", answer
        assert "foretell.main.server" in brought_in(server)
        assert brought_in(server) & LATER == set()


def test_what_is_asked_for_later_is_brought_in_then(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    with running(tmp_path, *options, PYTHONPROFILEIMPORTTIME="1") as server, server.client() as client:
        assert not {"jinja2", "prometheus_client"} & brought_in(server)
        assert client.get("/docs", follow_redirects=True).status_code == 200
        assert client.get("/metrics").status_code == 200
        assert {"jinja2", "prometheus_client"} <= brought_in(server)
