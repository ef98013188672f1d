"""The server is killed while callers wait for quick predictions: what was answered is there, the rest whole or not."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from crash.test_every_step import kept_after_all, nothing_can_be_written
from predictions import model
from servers import KEY, Foretell, running, until

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
WARMING = 20
TELLS_THAT_IT_RAN = """
    import os
    def predict(mark: str = "") -> str:
        if mark:
            os.close(os.open(mark, os.O_CREAT))
        return "ran"
    """


def awaited(client: httpx.Client, name: str, **given: object) -> dict[str, Any]:
    answer = client.post("/v1/predictions", json={"model": name, "input": given, "await": True})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["status"] == "succeeded"
    return found


def warm(server: Foretell, name: str, **given: object) -> None:
    """It has shown that it is quick."""
    with server.client() as client:
        for _ in range(WARMING):
            awaited(client, name, **given)


def test_killed_between_a_quick_run_and_its_write_it_knows_nothing_of_it(tmp_path: Path) -> None:
    data, mark = tmp_path / "data", tmp_path / "mark"
    models = model(tmp_path / "models", "quick", TELLS_THAT_IT_RAN)
    settings = {"FORETELL_ISOLATION": "none"}
    with running(data, *OPTIONS, "--models", models, **settings) as server, server.client() as client:
        warm(server, "quick")
        failures: list[BaseException] = []

        def call() -> None:
            try:
                awaited(client, "quick", mark=str(mark))
            except httpx.HTTPError as error:
                failures.append(error)

        with nothing_can_be_written(data):
            caller = threading.Thread(target=call)
            caller.start()
            until(mark.exists, about="the run")
            server.kill()
            caller.join()
        assert len(failures) == 1
    with running(data, *OPTIONS, "--models", models, **settings) as server, server.client() as client:
        assert client.get("/v1/predictions").json()["pagination"]["total"] == WARMING
        assert awaited(client, "quick")["output"] == "ran"
    assert kept_after_all(data) == []


@pytest.mark.parametrize("attempt", range(3))
def test_every_answer_that_callers_got_before_a_kill_is_there_after_it(tmp_path: Path, attempt: int) -> None:
    answered: dict[str, str] = {}
    with running(tmp_path, *OPTIONS) as server:
        warm(server, "echo", prompt="hello")

        def call(caller: int) -> None:
            with server.client() as client, suppress(httpx.HTTPError):
                for number in range(10_000):
                    found = awaited(client, "echo", prompt=f"{caller} {number}")
                    answered[found["id"]] = found["output"]

        callers = [threading.Thread(target=call, args=(each,)) for each in range(8)]
        for each in callers:
            each.start()
        until(lambda: len(answered) > 200 * (attempt + 1), about="answers")
        server.kill()
        for each in callers:
            each.join()
    with running(tmp_path, *OPTIONS) as server, server.client() as client:
        for prediction_id, output in answered.items():
            found = client.get(f"/v1/predictions/{prediction_id}").json()
            assert (found["status"], found["output"]) == ("succeeded", output)
        # What nobody was told of has ended or will: nothing is there by half.
        until(
            lambda: not client.get("/v1/predictions", params={"status": "processing"}).json()["data"],
            about="the rest",
        )
        total = client.get("/v1/predictions").json()["pagination"]["total"]
        assert len(answered) + WARMING <= total <= len(answered) + WARMING + len(callers)
        assert kept_after_all(tmp_path, *answered) == []
