"""A secret input reaches the model and nobody else: not the disk, not the log, not a webhook."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import KEY, Foretell, Receiver, running, until

SECRET = "sk-live-4f9a0c77e1b2"
RUNNER = """
import os, subprocess, sys
from typing import Optional
from cog import BaseRunner, Secret

class Runner(BaseRunner):
    def run(self, key: Secret, how: str, spare: Optional[Secret] = None) -> str:
        value = key.get_secret_value()
        print(key, repr(key), f"{key}", [key], flush=True)
        if how == "prints":
            print("printed", value)
            sys.stderr.write(f"written {value}")
        if how == "halves":
            print("half " + value[:7], end="", flush=True)
            print(value[7:] + " whole", flush=True)
        if how == "beneath":
            os.write(1, f"beneath {value}\\n".encode())
            subprocess.run(["echo", "another program", value], check=True)
        if how == "raises":
            raise ValueError(f"{value} is no key of ours")
        return str(len(value))
"""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    folder = tmp_path_factory.mktemp("models") / "keeper"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(RUNNER)
    with running(data, "--sandbox", "--port", "0", "--key", KEY, "--models", str(folder)) as started:
        yield started


def ended(server: Foretell, how: str, **more: Any) -> dict[str, Any]:
    with server.client() as client:
        given = {"key": SECRET, "how": how}
        body = {"model": "keeper", "input": given, "await": True, **more}
        found: dict[str, Any] = client.post("/v1/predict", json=body).json()
        assert found["input"]["key"] == "**********"
        return found


def said(server: Foretell, prediction: dict[str, Any]) -> str:
    """All that its stream tells."""
    with server.client() as client:
        accepts = {"accept": "text/event-stream"}
        return client.get(f"/v1/predictions/{prediction['id']}/stream", headers=accepts).text


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("prints", "written **********"),
        ("halves", "half **********"),
        ("beneath", "another program **********"),
    ],
)
def test_a_log_does_not_show_the_secret_however_it_came_there(server: Foretell, how: str, words: str) -> None:
    found = ended(server, how)
    assert (found["status"], found["output"]) == ("succeeded", str(len(SECRET)))
    log = said(server, found)
    assert words in log
    assert SECRET not in log and SECRET[7:] not in log


def test_an_error_does_not_show_the_secret(server: Foretell) -> None:
    found = ended(server, "raises")
    assert found["status"] == "failed"
    assert found["error_message"] == "********** is no key of ours"
    assert "Traceback" in said(server, found)
    assert SECRET not in said(server, found) + str(found)


def test_a_webhook_does_not_show_the_secret(server: Foretell, receiver: Receiver) -> None:
    events = ["started", "completed", "failed"]
    found = ended(server, "raises", webhook={"url": receiver.url, "events": events})
    until(lambda: "failed" in receiver.statuses(found["id"]), about="the webhook")
    told = [each for each in receiver.got if each["body"]["id"] == found["id"]]
    assert all(each["body"]["input"]["key"] == "**********" for each in told)
    assert not any(SECRET.encode() in each["raw"] for each in told)


def test_a_refusal_does_not_show_the_secret(server: Foretell) -> None:
    with server.client() as client:
        body = {"model": "keeper", "input": {"key": [SECRET], "how": 3}}
        refused = client.post("/v1/predict", json=body)
    assert refused.status_code == 422 and "how: 3 is not a string" in refused.text
    assert SECRET not in refused.text


def test_nothing_in_the_data_directory_nor_in_the_servers_log_has_the_secret(
    server: Foretell, data: Path
) -> None:
    made = ended(server, "prints")
    with server.client() as client:
        assert SECRET not in client.get("/v1/predictions").text
    files = [path for path in data.rglob("*") if path.is_file()]
    assert any(made["id"].encode() in path.read_bytes() for path in files)
    assert [str(path) for path in files if SECRET.encode() in path.read_bytes()] == []
