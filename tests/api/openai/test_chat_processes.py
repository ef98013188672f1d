"""Chat completions of real processes: who leaves, a server that stops, a node elsewhere, a node that is lost."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from databases import postgres_database
from servers import KEY, SECONDS, Foretell, running, until

SLOW = {"model": "slow", "messages": [{"role": "user", "content": "Take your time."}]}
PATH = "/v1/chat/completions"


class Caller:
    """One call on a thread of its own: its answer, or the data of the stream so far."""

    def __init__(self, server: Foretell, body: dict[str, Any]) -> None:
        self.answer: httpx.Response | None = None
        self.data: list[str] = []
        self._server = server
        self._thread = threading.Thread(target=self._run, args=(body,), daemon=True)
        self._thread.start()

    def _run(self, body: dict[str, Any]) -> None:
        with self._server.client() as client, client.stream("POST", PATH, json=body) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    self.data.append(line.removeprefix("data: "))
                elif not line.startswith(":") and line:
                    self.data.append(line)
            self.answer = answer

    def ended(self) -> httpx.Response:
        self._thread.join(SECONDS)
        assert self.answer is not None
        return self.answer

    def texts(self) -> str:
        chunks = [json.loads(each) for each in self.data if each.startswith("{")]
        deltas = [choice["delta"] for chunk in chunks for choice in chunk.get("choices", ())]
        return "".join(each.get("content") or "" for each in deltas)


def the_prediction(server: Foretell) -> dict[str, Any]:
    """The only prediction there is."""

    def found() -> dict[str, Any] | None:
        listed: list[dict[str, Any]] = client.get("/v1/predictions").json()["data"]
        return listed[0] if listed else None

    with server.client() as client:
        return until(found, about="a prediction")


@contextmanager
def sandbox(data: Path, **settings: str) -> Iterator[Foretell]:
    with running(data, "--sandbox", "--key", KEY, "--port", "0", **settings) as server:
        yield server


def test_whoever_closes_a_stream_stops_the_run(tmp_path: Path) -> None:
    with sandbox(tmp_path) as server, server.client() as client:
        with client.stream("POST", PATH, json=SLOW | {"stream": True}) as answer:
            lines = answer.iter_lines()
            assert "assistant" in next(lines)
        canceled = until(lambda: _canceled(server), about="the cancel", seconds=10)
        assert canceled["metadata"]["canceled_by"] == "caller_left"
        until(lambda: "stopped_by" in _canceled(server).get("metadata", {}), about="the stop", seconds=20)


def _canceled(server: Foretell) -> dict[str, Any]:
    found = the_prediction(server)
    return found if found["status"] == "canceled" else {}


def test_a_stopping_server_sends_its_callers_away_and_runs_nothing_for_nobody(tmp_path: Path) -> None:
    with sandbox(tmp_path, FORETELL_SHUTDOWN_SECONDS="0.2") as server:
        caller = Caller(server, SLOW)
        until(lambda: the_prediction(server)["status"] == "processing", about="the run")
        assert server.stop() == 0
        answer = caller.ended()
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    with sandbox(tmp_path) as server:
        assert the_prediction(server)["status"] == "canceled"


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[tuple[Foretell, Foretell]]:
    """An API and a node that are processes of their own."""
    quick = {"FORETELL_LOST_SECONDS": "3", "FORETELL_HEARTBEAT_SECONDS": "0.5", "FORETELL_SANDBOX": "1"}
    with postgres_database() as database, ExitStack() as stack:
        options = ("--database", database)
        api = running(tmp_path, *options, "--port", "0", "--key", KEY, command="api", **quick)
        node = running(tmp_path, *options, command="node", **quick)
        yield stack.enter_context(api), stack.enter_context(node)


@pytest.mark.needs("postgres")
def test_a_stream_is_whole_when_the_model_runs_in_another_process(apart: tuple[Foretell, Foretell]) -> None:
    api, _ = apart
    caller = Caller(api, SLOW | {"stream": True})
    assert caller.ended().status_code == 200
    ticks = "".join(f"{tick / 10:.1f} s\n" for tick in range(1, 31))
    assert caller.texts() == f"{ticks}done\n"
    assert caller.data[-1] == "[DONE]"


@pytest.mark.needs("postgres")
def test_a_node_that_dies_in_the_middle_ends_the_stream_with_an_error(
    apart: tuple[Foretell, Foretell], tmp_path: Path
) -> None:
    api, node = apart
    caller = Caller(api, SLOW | {"stream": True})
    until(lambda: "0.1 s" in caller.texts(), about="the first words")
    children = node.children()
    node.process.send_signal(signal.SIGKILL)
    for each in children:
        each.kill()
    quick = {"FORETELL_SANDBOX": "1", "FORETELL_HEARTBEAT_SECONDS": "0.5", "FORETELL_LOST_SECONDS": "3"}
    database = next(each for each in node.process.args if str(each).startswith("postgres"))  # type: ignore[union-attr]
    with running(tmp_path, "--database", str(database), command="node", **quick):
        caller.ended()
    error = json.loads(caller.data[-1])["error"]
    assert error["error_id"] == "INFERENCE_ERROR"
    assert "lost" in error["message"]
