"""Cog's names mean in the child what they mean in Cog."""

from typing import Any

import pytest

from child.node_end import Child

FUNCTION = "predict.py:predict"


def test_names_are_also_where_cog_itself_keeps_them(child: Child) -> None:
    code = """
import warnings
import cog
from cog import ExperimentalFeatureWarning, FieldInfo, URLFile, URLPath, emit_metric
from cog.input import Input
from cog.model import BaseModel
from cog.predictor import BasePredictor, BaseRunner
from cog.types import ConcatenateIterator, File, Path, Secret
warnings.filterwarnings("ignore", category=ExperimentalFeatureWarning)

class Predictor(BasePredictor):
    def setup(self, weights=None):
        super().setup(weights)
        emit_metric("in_setup", 1)
    def predict(self, x: int = Input(default=1)) -> list:
        emit_metric("counted", 2)
        same = [Path is cog.Path, Secret is cog.Secret, BaseModel is cog.BaseModel, Input is cog.Input]
        return [all(same), cog.__version__.split(".")[0]]
"""
    assert child.set_up(code)["type"] == "ready"
    assert child.run()["value"] == [True, "0"]
    assert [(frame["name"], frame["value"]) for frame in child.of("metric")] == [("counted", 2)]


def test_decorators_stand_with_and_without_parentheses(child: Child) -> None:
    code = """
from cog import BaseRunner, concurrent, streaming
class Runner(BaseRunner):
    @streaming()
    @concurrent
    async def run(self) -> str:
        return "done"
"""
    ready = child.set_up(code, predictor="predict.py:Runner")
    assert (ready["streaming"], ready["concurrency"]) == (True, 1)
    assert child.run()["value"] == "done"


@pytest.mark.parametrize(
    ("decorator", "message"),
    [
        ("@concurrent(max=0)", "concurrent(max=...) takes 1 or more"),
        ("@concurrent(max='2')", "TypeError: concurrent(max=...) takes a whole number"),
        ("@concurrent(max=2)", "TypeError: concurrent(max=...) of more than 1 needs an async def"),
    ],
)
def test_a_concurrency_that_cannot_be_is_refused(child: Child, decorator: str, message: str) -> None:
    code = f"from cog import concurrent\n{decorator}\ndef predict() -> str: ...\n"
    assert child.set_up(code, predictor=FUNCTION)["message"] == message


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (
            "class Out(BaseModel):\n  a: int\n  b: list = field(default_factory=list)\nout = Out(1)",
            {"a": 1, "b": []},
        ),
        ("class Out(BaseModel):\n  a: int = 1\n  b: str\nout = Out(b='x')", {"a": 1, "b": "x"}),
        ("class Out(BaseModel):\n  a: ClassVar[int] = 5\n  b: int = 1\nout = Out()", {"b": 1}),
        ("class Out(BaseModel):\n  a: int\n  def __post_init__(self): self.a += 1\nout = Out(1)", {"a": 2}),
        ("class Out(BaseModel):\n  a: int\n  def __init__(self): self.a = 3\nout = Out()", {"a": 3}),
        ("class Out(BaseModel, frozen=True):\n  a: int\nout = replace(Out(1), a=4)", {"a": 4}),
        ("@dataclass\nclass Out(BaseModel, auto_dataclass=False):\n  a: int\nout = Out(1)", {"a": 1}),
        ("class Out(BaseModel):\n  a: int\nout = Out(**asdict(Out(a=6)))", {"a": 6}),
        (
            "class Out(BaseModel):\n  a: int\nout = {'same': Out(1) == Out(1), 'other': Out(1) == Out(2)}",
            {"same": True, "other": False},
        ),
    ],
)
def test_an_output_with_named_parts_is_a_dataclass(child: Child, code: str, value: Any) -> None:
    head = "from dataclasses import asdict, dataclass, field, replace\nfrom typing import Any, ClassVar\n"
    body = f"{head}from cog import BaseModel\n{code}\ndef predict() -> Any:\n  return out\n"
    assert child.set_up(body, predictor=FUNCTION)["type"] == "ready"
    assert child.run()["value"] == value


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("def healthcheck(self): return False", "Unhealthy: healthcheck() says that the model cannot go on"),
        (
            "async def healthcheck(self): return 0",
            "Unhealthy: healthcheck() says that the model cannot go on",
        ),
        (
            "def healthcheck(self): raise OSError('no device')",
            "Unhealthy: healthcheck() raised OSError: no device",
        ),
    ],
)
@pytest.mark.parametrize("define", ["def", "async def"])
def test_a_model_that_is_unhealthy_after_its_setup_has_failed_to_load(
    child: Child, define: str, check: str, message: str
) -> None:
    code = f"class Predictor:\n  {check}\n  {define} run(self) -> str: ...\n"
    frame = child.set_up(code)
    assert (frame["type"], frame["message"]) == ("setup_failed", message)
    assert child.process.wait(10) == 1


@pytest.mark.parametrize("define", ["def", "async def"])
def test_a_model_that_a_run_has_made_unhealthy_ends_after_it_has_told_of_the_failure(
    child: Child, define: str
) -> None:
    code = f"""
class Predictor:
  well = True
  def healthcheck(self): return self.well
  {define} run(self, is_last: bool) -> str:
    self.well = not is_last
    raise ValueError("it failed")
"""
    assert child.set_up(code)["type"] == "ready"
    assert child.run("a", is_last=False)["message"] == "it failed"
    assert child.run("b", is_last=True)["message"] == "it failed"
    assert child.process.wait(10) == 1
    assert b"healthcheck() says that the model cannot go on" in child.pipe("stderr")


def test_a_healthcheck_that_does_not_end_ends_the_process(child: Child) -> None:
    code = """
import time
class Predictor:
  def healthcheck(self):
    while True: time.sleep(0.01)
  def run(self) -> str: ...
"""
    (child.folder / "model").mkdir()
    (child.folder / "model" / "predict.py").write_text(code)
    child.send(type="setup", folder=str(child.folder / "model"), predictor="predict.py:Predictor")
    assert child.process.wait(20) == 1
    assert b"healthcheck() took longer than 5 seconds" in child.pipe("stderr")


def test_a_cog_directory_is_shown_in_the_working_directory(child: Child) -> None:
    model = child.folder / "model"
    (model / "data").mkdir(parents=True)
    (model / "data" / "words.txt").write_text("from beside")
    (model / "cog.yaml").write_text("run: predict.py:predict")
    (model / ".hidden").write_text("")
    code = """
import os
def predict() -> list:
    with open("data/words.txt") as file, open("made.txt", "w") as made:
        made.write("x")
        return [file.read(), sorted(os.listdir())]
"""
    child.set_up(code, predictor=FUNCTION)
    read, seen = child.run()["value"]
    assert read == "from beside"
    assert {"cog.yaml", "data", "predict.py", "made.txt"} <= set(seen) and ".hidden" not in seen
    assert not (model / "made.txt").exists()
