"""What a predictor can be, and what the node hears of its runs."""

from child.node_end import Child


def test_a_class_with_predict_is_set_up_once_and_run_many_times(child: Child) -> None:
    ready = child.set_up("""
from cog import BasePredictor
class Predictor(BasePredictor):
    def setup(self):
        self.count = 0
    def predict(self, text: str) -> str:
        self.count += 1
        return f"{text} {self.count}"
""")
    assert (ready["type"], ready["streaming"], ready["concurrency"]) == ("ready", False, 1)
    assert child.run("a", text="x")["value"] == "x 1"
    assert child.run("b", text="y")["value"] == "y 2"


def test_setup_and_every_run_are_in_the_same_thread(child: Child) -> None:
    child.set_up("""
import threading
from cog import BaseRunner
class Predictor(BaseRunner):
    def setup(self):
        self.thread = threading.get_ident()
    def run(self) -> bool:
        return threading.get_ident() == self.thread
""")
    assert child.run("a")["value"] is True
    assert child.run("b")["value"] is True


def test_a_plain_function_is_a_predictor(child: Child) -> None:
    child.set_up("def double(n: int) -> int:\n    return 2 * n\n", predictor="predict.py:double")
    assert child.run(n=21)["value"] == 42


def test_a_class_need_not_descend_from_anything(child: Child) -> None:
    child.set_up("class Predictor:\n    def run(self) -> str:\n        return 'plain'\n")
    assert child.run()["value"] == "plain"


def test_a_setup_that_wants_weights_gets_none_of_them(child: Child) -> None:
    child.set_up("""
class Predictor:
    def setup(self, weights):
        self.weights = weights
    def run(self) -> bool:
        return self.weights is None
""")
    assert child.run()["value"] is True


def test_a_generator_streams_each_item_and_ends_without_a_value(child: Child) -> None:
    ready = child.set_up(
        """
from cog import ConcatenateIterator
def predict(n: int) -> ConcatenateIterator[str]:
    for i in range(n):
        yield f"{i} "
""",
        predictor="predict.py:predict",
    )
    assert ready["streaming"] is True
    assert "value" not in child.run(n=4)
    assert child.values() == ["0 ", "1 ", "2 ", "3 "]


def test_an_item_is_sent_when_it_is_yielded_and_not_at_the_end(child: Child) -> None:
    child.set_up(
        """
import pathlib, time
from typing import Iterator
def predict(gate: str) -> Iterator[str]:
    yield "first"
    while not pathlib.Path(gate).exists():
        time.sleep(0.005)
    yield "second"
""",
        predictor="predict.py:predict",
    )
    gate = child.folder / "gate"
    child.begin(gate=str(gate))
    child.wait_for(lambda frame: frame["type"] == "output")
    gate.touch()
    assert child.ending()["type"] == "done"
    assert child.values() == ["first", "second"]


def test_a_function_may_return_an_iterator_that_it_did_not_write_itself(child: Child) -> None:
    child.set_up(
        """
from typing import Iterator
def predict() -> Iterator[int]:
    return iter([1, 2])
""",
        predictor="predict.py:predict",
    )
    assert child.run()["type"] == "done"
    assert child.values() == [1, 2]


def test_asynchronous_setup_and_predict_run_on_one_loop(child: Child) -> None:
    child.set_up("""
import asyncio
class Predictor:
    async def setup(self):
        self.loop = asyncio.get_running_loop()
    async def predict(self) -> bool:
        return asyncio.get_running_loop() is self.loop
""")
    assert child.run()["value"] is True


def test_an_asynchronous_setup_goes_with_a_synchronous_predict(child: Child) -> None:
    child.set_up("""
class Predictor:
    async def setup(self):
        self.word = "set"
    def predict(self) -> str:
        return self.word
""")
    assert child.run()["value"] == "set"


def test_an_asynchronous_generator_streams(child: Child) -> None:
    ready = child.set_up(
        """
from cog import AsyncConcatenateIterator
async def predict() -> AsyncConcatenateIterator[str]:
    yield "a"
    yield "b"
""",
        predictor="predict.py:predict",
    )
    assert ready["streaming"] is True
    assert child.run()["type"] == "done"
    assert child.values() == ["a", "b"]


MEETING = """
import asyncio
class Predictor:
    async def setup(self):
        self.here, self.met = 0, asyncio.Event()
    async def predict(self, name: str) -> str:
        self.here += 1
        if self.here == {together}:
            self.met.set()
        await self.met.wait()
        print(name)
        return name
"""


def test_an_asynchronous_predictor_takes_as_many_at_once_as_it_is_said_to(child: Child) -> None:
    assert child.set_up(MEETING.format(together=3), concurrency=3)["concurrency"] == 3
    for name in "abc":
        child.begin(name, name=name)
    assert {child.ending(name)["value"] for name in "abc"} == {"a", "b", "c"}
    assert {name: child.log(name) for name in "abc"} == {"a": "a\n", "b": "b\n", "c": "c\n"}


def test_a_run_beyond_that_waits_for_its_turn(child: Child) -> None:
    child.set_up(
        """
import asyncio
async def predict(wait: bool) -> str:
    print("on")
    await asyncio.sleep(100 if wait else 0)
    return "finished"
""",
        predictor="predict.py:predict",
        concurrency=2,
    )
    for name in "abc":
        child.begin(name, wait=name != "c")
    for name in "ab":
        child.wait_for_log("on\n", name)
    assert child.log("c") == ""
    child.send(type="cancel", id="b")
    assert child.ending("b")["type"] == "canceled"
    assert child.ending("c")["value"] == "finished"


def test_a_synchronous_predictor_takes_one_at_a_time_whatever_is_said(child: Child) -> None:
    ready = child.set_up(
        "def predict() -> str:\n    return ''\n", predictor="predict.py:predict", concurrency=8
    )
    assert ready["concurrency"] == 1


def test_runs_that_come_during_setup_wait_for_it(child: Child) -> None:
    child.begin("a")
    child.begin("b")
    child.send(type="cancel", id="a")
    assert child.ending("a")["type"] == "canceled"
    child.set_up("def predict() -> str:\n    return 'done'\n", predictor="predict.py:predict")
    assert child.ending("b")["value"] == "done"


def test_the_last_frame_says_what_was_used(child: Child) -> None:
    child.set_up(
        """
import time
def predict() -> str:
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    return ""
""",
        predictor="predict.py:predict",
    )
    done = child.run()
    assert done["cpu_seconds"] >= 0.04
    assert done["run_seconds"] >= 0.04
    assert 5e6 < done["memory_bytes"] < 1e9


def test_weights_are_had_by_name_and_a_wrong_name_is_told_the_right_ones(child: Child) -> None:
    child.set_up(
        """
from foretell import weights
def predict(name: str) -> str:
    return str(weights(name))
""",
        predictor="predict.py:predict",
        weights={"unet.onnx": "/cache/ab/unet.onnx", "vae.onnx": "/cache/cd"},
    )
    assert child.run("a", name="unet.onnx")["value"] == "/cache/ab/unet.onnx"
    message = child.run("b", name="unet.pt")["message"]
    assert "unet.pt" in message and "unet.onnx, vae.onnx" in message
