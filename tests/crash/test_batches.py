"""Kills in the middle of batches, over HTTP: everything that was acknowledged ends once, and every promise is kept."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from foretell.config import Config
from predictions import create, end, model
from promises import Memory, broken, rest
from servers import KEY, Foretell, Receiver, running, until

SLOW = """
    import os, time
    class Predictor:
        def predict(self, word: str, flags: str, seconds: float = 0.2) -> str:
            time.sleep(seconds)
            return word
        def predict_batch(self, inputs):
            open(f"{inputs[0]['flags']}/{len(inputs)}-{time.monotonic_ns()}", "w").close()
            time.sleep(inputs[0]["seconds"])
            return [each["word"] for each in inputs]
    """
BATCHING = "\n[batching]\nsize = 8\nwait_ms = 20\n"
COUNT = 24


def batched(models: Path) -> str:
    path = model(models, "batched", SLOW)
    described = models / "batched" / "model.toml"
    described.write_text(described.read_text().replace("py:predict", "py:Predictor") + BATCHING)
    return path


def in_batches(flags: Path) -> list[int]:
    """How many were in each that has begun, of those with more than one."""
    return [int(each.name.partition("-")[0]) for each in flags.iterdir()]


def asked(server: Foretell, flags: Path, seconds: float, receiver: Receiver) -> dict[str, str]:
    """Words by the id of the predictions that are to give them; returns in the middle of a batch."""

    def ask(number: int) -> tuple[str, str]:
        given: dict[str, Any] = {"word": f"{number}", "flags": str(flags), "seconds": seconds}
        return create(server, "batched", given, receiver)["id"], f"{number}"

    with ThreadPoolExecutor(8) as pool:
        made = dict(pool.map(ask, range(COUNT)))
    until(lambda: in_batches(flags), about="a batch")
    return made


def kept(data: Path, made: dict[str, str], receiver: Receiver) -> list[str]:
    config = Config(data=str(data))
    rest(config)
    return broken(config, Memory(made=dict.fromkeys(made, "made"), subscribed=set(made)), receiver)


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    folder = tmp_path / "flags"
    folder.mkdir()
    return folder


def test_a_server_that_is_killed_in_the_middle_of_a_batch_loses_none_of_it(
    tmp_path: Path, flags: Path, receiver: Receiver
) -> None:
    data = tmp_path / "data"
    options = ("--port", "0", "--key", KEY, "--models", batched(tmp_path / "models"))
    with running(data, *options) as server:
        made = asked(server, flags, 1.0, receiver)
        server.kill()
    with running(data, *options) as server:
        found = {each: end(server, each) for each in made}
        assert {each: one["output"] for each, one in found.items()} == made
        assert kept(data, made, receiver) == []


def test_a_model_that_is_killed_in_the_middle_of_a_batch_loses_none_of_it(
    tmp_path: Path, flags: Path, receiver: Receiver
) -> None:
    data = tmp_path / "data"
    with running(data, "--port", "0", "--key", KEY, "--models", batched(tmp_path / "models")) as server:
        made = asked(server, flags, 1.0, receiver)
        (child,) = (
            each
            for each in psutil.Process(server.process.pid).children(recursive=True)
            if "--fd" in each.cmdline()
        )
        os.kill(child.pid, signal.SIGKILL)
        found = {each: end(server, each) for each in made}
        assert {each: one["output"] for each, one in found.items()} == made
        assert kept(data, made, receiver) == []


def test_cancels_in_the_middle_of_batches_end_those_and_no_others(
    tmp_path: Path, flags: Path, receiver: Receiver
) -> None:
    data = tmp_path / "data"
    with running(data, "--port", "0", "--key", KEY, "--models", batched(tmp_path / "models")) as server:
        made = asked(server, flags, 1.0, receiver)
        with server.client() as client:
            answers = {each: client.post(f"/v1/predictions/{each}/cancel") for each in list(made)[::3]}
        # One that was in the first batch may have ended before its cancel came.
        canceled = {each for each, answer in answers.items() if answer.status_code == 200}
        assert {answer.status_code for answer in answers.values()} <= {200, 409} and canceled
        found = {each: end(server, each) for each in made}
        assert {each for each, one in found.items() if one["status"] == "canceled"} == canceled
        assert {each: one["output"] for each, one in found.items() if each not in canceled} == {
            each: word for each, word in made.items() if each not in canceled
        }
        assert max(in_batches(flags)) > 1
        assert kept(data, made, receiver) == []
