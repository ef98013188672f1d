"""The server is killed at each step of a prediction's life: what was acknowledged ends once, the rest is not there."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from foretell.config import Config
from predictions import create, end, model, once_each, processing
from promises import Memory, broken, rest
from servers import KEY, Foretell, Receiver, running, until

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
GIVES_A_FILE = """
    import time
    from cog import Path
    def predict(seconds: float = 0.3) -> Path:
        Path("note.txt").write_text("x" * 100_000)
        time.sleep(seconds)
        return Path("note.txt")
    """
GIVES_A_FILE_AND_GOES_ON = """
    import time
    from collections.abc import Iterator
    from cog import Path
    def predict(seconds: float = 2.0) -> Iterator[Path]:
        for name in ("one.txt", "two.txt"):
            Path(name).write_text(name)
            yield Path(name)
            time.sleep(seconds)
    """
WAITS_FOR_ITS_GATE = """
    import os, time
    from collections.abc import Iterator
    def predict(flag: str, gate: str) -> Iterator[str]:
        open(flag, "a").write("begun ")
        while not os.path.exists(gate):
            time.sleep(0.01)
            yield "waits "
        yield "done"
    """
ANSWERS_BEHIND_ITS_GATE = """
    import os, time
    def predict(flag: str, gate: str) -> str:
        open(flag, "w").close()
        while not os.path.exists(gate):
            time.sleep(0.01)
        return "done"
    """


@contextmanager
def nothing_can_be_written(data: Path) -> Iterator[None]:
    """Holds the lock that every commit needs."""
    holder = sqlite3.connect(data / "foretell.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def is_held(data: Path, prediction_id: str) -> bool:
    """Whether a node has it."""
    with closing(sqlite3.connect(data / "foretell.db")) as reader:
        [[node]] = reader.execute("SELECT node FROM predictions WHERE id = ?", (prediction_id,))
    return node is not None


def blobs(data: Path) -> list[Path]:
    return [path for path in (data / "blobs").rglob("*") if path.is_file()]


def kept_after_all(data: Path, *made: str, receiver: Receiver | None = None) -> list[str]:
    """Which promises about these predictions were not kept, once nothing is left to do."""
    config = Config(data=str(data))
    rest(config)
    memory = Memory(made=dict.fromkeys(made, "made"), subscribed=set(made) if receiver else set())
    return broken(config, memory, receiver)


def post_without_waiting(server: Foretell, body: dict[str, object]) -> socket.socket:
    """A create that the server has begun to read: it asked for the body, and has it."""
    address = urlsplit(server.address)
    assert address.hostname and address.port
    caller = socket.create_connection((address.hostname, address.port), timeout=10)
    data = json.dumps(body).encode()
    head = f"POST /v1/predict HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nexpect: 100-continue\r\n"
    caller.sendall(f"{head}content-length: {len(data)}\r\n\r\n".encode())
    assert b"100 Continue" in caller.recv(1000)
    caller.sendall(data)
    return caller


def test_killed_before_the_commit_of_a_create_it_knows_nothing_of_it(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as server:
        with nothing_can_be_written(tmp_path):
            caller = post_without_waiting(server, {"model": "echo", "input": {"prompt": "lost"}})
            caller.settimeout(0.5)
            with pytest.raises(TimeoutError):
                caller.recv(1000)
            server.kill()
        assert caller.recv(1000) == b""
        caller.close()
    with running(tmp_path, *OPTIONS) as server, server.client() as client:
        assert client.get("/v1/predictions").json()["pagination"]["total"] == 0
        assert end(server, create(server, "echo", {"prompt": "next"})["id"])["output"] == "next"


def test_killed_after_the_commit_and_before_a_model_has_it_it_runs_it_after_the_start(
    tmp_path: Path, receiver: Receiver
) -> None:
    shelf = Path(__file__).parents[1] / "node" / "predictors"
    with running(tmp_path, *OPTIONS, "--models", str(shelf)) as server, server.client() as client:
        made = create(server, "hangs_in_setup", {}, receiver)
        path = f"/v1/predictions/{made['id']}"
        loading = lambda: client.get(path).json()["metadata"].get("phase") == "loading"  # noqa: E731
        until(loading, about="the load")
        behind = create(server, "echo", {"prompt": "behind"}, receiver)
        server.kill()
    with running(tmp_path, *OPTIONS, "--models", str(shelf)) as server, server.client() as client:
        assert end(server, behind["id"])["output"] == "behind"
        canceled = client.post(f"/v1/predictions/{made['id']}/cancel").json()
        assert (canceled["status"], canceled["started_at"]) == ("canceled", None)
        assert kept_after_all(tmp_path, made["id"], behind["id"], receiver=receiver) == []
    told = {each["body"]["id"]: each["headers"]["x-foretell-event"] for each in once_each(receiver)}
    assert told == {made["id"]: "canceled", behind["id"]: "completed"}


def test_killed_between_an_output_and_the_end_it_keeps_the_files_of_the_last_attempt_alone(
    tmp_path: Path, receiver: Receiver
) -> None:
    data, models = tmp_path / "data", model(tmp_path / "models", "goes_on", GIVES_A_FILE_AND_GOES_ON)
    with running(data, *OPTIONS, "--models", models) as server:
        made = create(server, "goes_on", {}, receiver)
        processing(server, made["id"])
        until(lambda: blobs(data), about="the first file")
        server.kill()
    with running(data, *OPTIONS, "--models", models) as server:
        ended = end(server, made["id"])
        assert (ended["status"], len(ended["output"])) == ("succeeded", 2)
        assert kept_after_all(data, made["id"], receiver=receiver) == []


def test_killed_between_telling_a_model_to_run_and_writing_that_it_began_it_runs_it_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    data, models = tmp_path / "data", model(tmp_path / "models", "gated", WAITS_FOR_ITS_GATE)
    options = (*OPTIONS, "--models", models)
    flags, gates = [tmp_path / "flag-0", tmp_path / "flag-1"], [tmp_path / "gate-0", tmp_path / "gate-1"]
    given = [{"flag": str(flag), "gate": str(gate)} for flag, gate in zip(flags, gates, strict=True)]
    with running(data, *options, FORETELL_ISOLATION="none") as server, server.client() as client:
        first = create(server, "gated", given[0])
        until(flags[0].exists, about="the first run")
        second = create(server, "gated", given[1], receiver)
        path = f"/v1/predictions/{second['id']}"
        until(lambda: is_held(data, second["id"]), about="its being held")
        with nothing_can_be_written(data):
            gates[0].touch()
            until(flags[1].exists, about="the second run")
            found = client.get(path).json()
            assert (found["status"], found["started_at"], found["output"]) == ("starting", None, None)
            server.kill()
    assert receiver.statuses(second["id"]) == []
    gates[1].touch()
    with running(data, *options, FORETELL_ISOLATION="none") as server:
        assert [end(server, each["id"])["status"] for each in (first, second)] == ["succeeded"] * 2
        assert flags[1].read_text() == "begun begun "
        assert kept_after_all(data, first["id"], second["id"], receiver=None) == []
        until(lambda: "succeeded" in receiver.statuses(second["id"]), about="the last webhook")
    told = [each["headers"]["x-foretell-event"] for each in once_each(receiver)]
    assert sorted(told) == ["completed", "processing", "started"]


def test_killed_between_telling_a_model_to_run_and_the_commit_of_its_create_it_knows_nothing_of_it(
    tmp_path: Path,
) -> None:
    data, models = tmp_path / "data", model(tmp_path / "models", "gated", ANSWERS_BEHIND_ITS_GATE)
    options, gate = (*OPTIONS, "--models", models), tmp_path / "gate"
    given = [{"flag": str(tmp_path / f"flag-{number}"), "gate": str(gate)} for number in range(3)]
    with running(data, *options, FORETELL_ISOLATION="none") as server:
        first = create(server, "gated", given[0])
        gate.touch()
        end(server, first["id"])
        gate.unlink()
        with nothing_can_be_written(data):
            caller = post_without_waiting(server, {"model": "gated", "input": given[1], "await": True})
            until((tmp_path / "flag-1").exists, about="the run")
            server.kill()
        assert caller.recv(1000) == b""
        caller.close()
    gate.touch()
    with running(data, *options, FORETELL_ISOLATION="none") as server, server.client() as client:
        assert client.get("/v1/predictions").json()["pagination"]["total"] == 1
        assert end(server, create(server, "gated", given[2])["id"])["status"] == "succeeded"


@pytest.mark.parametrize("attempt", range(3))
def test_killed_as_soon_as_the_last_file_lies_there_it_ends_once_with_one_file(
    tmp_path: Path, attempt: int
) -> None:
    data, models = tmp_path / "data", model(tmp_path / "models", "file", GIVES_A_FILE)
    with running(data, *OPTIONS, "--models", models) as server:
        made = create(server, "file", {})
        until(lambda: blobs(data), about="the file")
        server.kill()
    with running(data, *OPTIONS, "--models", models) as server:
        assert end(server, made["id"])["status"] == "succeeded"
        assert kept_after_all(data, made["id"]) == []


def test_killed_while_an_end_cannot_be_written_it_runs_the_prediction_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    with running(tmp_path, *OPTIONS) as server:
        made = create(server, "slow", {"seconds": 1}, receiver)
        processing(server, made["id"])
        until(lambda: "started" in receiver.statuses(made["id"]), about="the first webhook")
        with nothing_can_be_written(tmp_path):
            with server.client() as client:
                path = f"/v1/predictions/{made['id']}"
                until(lambda: "done" in (client.get(path).json()["output"] or ""), about="all of the output")
                assert client.get(path).json()["status"] == "processing"
            server.kill()
    with running(tmp_path, *OPTIONS) as server:
        ended = end(server, made["id"])
        assert (ended["status"], ended["output"].count("done")) == ("succeeded", 1)
        assert kept_after_all(tmp_path, made["id"], receiver=receiver) == []


def test_killed_in_the_middle_of_a_delivery_it_sends_the_same_bytes_again(tmp_path: Path) -> None:
    holding = Receiver()
    holding.may_answer.clear()
    with running(tmp_path, *OPTIONS) as server:
        made = create(server, "echo", {"prompt": "tell"}, holding)
        until(lambda: holding.got, about="the webhook")
        server.kill()
    holding.may_answer.set()
    with running(tmp_path, *OPTIONS) as server:
        assert end(server, made["id"])["status"] == "succeeded"
        until(lambda: "succeeded" in holding.statuses(made["id"]), about="the last webhook", seconds=90)
        assert kept_after_all(tmp_path, made["id"], receiver=holding) == []
    first_id = holding.got[0]["headers"]["webhook-id"]
    sent = [each["raw"] for each in holding.got if each["headers"]["webhook-id"] == first_id]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    holding.close()
