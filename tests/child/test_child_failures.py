"""How a run fails, and what its failure says."""

import pytest

from child.node_end import Child

FUNCTION = "predict.py:predict"


@pytest.fixture(scope="module")
def asked(shared: Child) -> Child:
    """A predictor that does what it is told."""
    shared.set_up("def predict(body: str):\n    exec(body, globals())\n", predictor=FUNCTION)
    return shared


def failed(child: Child, body: str) -> tuple[str, str]:
    frame = child.run(str(len(child.frames)), body=body)
    assert frame["type"] == "failed"
    return frame["code"], frame["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('steps and\\n  seed  disagree')", "steps and seed disagree"),
        ("raise RuntimeError('no memory')", "RuntimeError: no memory"),
        ("raise ValueError", "ValueError"),
        ("{}['x']", "KeyError: 'x'"),
        ("import sys; sys.exit(3)", "the predictor called sys.exit(3)"),
        ("raise SystemExit", "the predictor called sys.exit()"),
        ("raise KeyboardInterrupt", "the predictor raised KeyboardInterrupt"),
        ("import cog; raise cog.CancelationException", "the predictor raised CancelationException"),
        ("def again(): again()\nagain()", "RecursionError: maximum recursion depth exceeded"),
        ("raise ValueError('x' * 5000)", "x" * 1000),
    ],
)
def test_whatever_a_predictor_raises_fails_the_run_in_one_line(asked: Child, body: str, message: str) -> None:
    assert failed(asked, body) == ("raised", message)


def test_an_input_that_is_too_long_to_read_is_told_apart(asked: Child) -> None:
    body = "import foretell\nraise foretell.InputTooLong('9 words, and 8 fit')"
    assert failed(asked, body) == ("input_too_long", "9 words, and 8 fit")


def test_an_exception_that_cannot_be_printed_is_named(asked: Child) -> None:
    head = "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no')"
    assert failed(asked, f"{head}\nraise Odd") == ("raised", "Odd")


def test_the_traceback_begins_in_the_authors_code(child: Child) -> None:
    child.set_up("def deep():\n    1 / 0\ndef predict():\n    deep()\n", predictor=FUNCTION)
    lines = child.run()["traceback"].splitlines()
    assert lines[1].endswith("in predict")
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_after_a_failure_the_next_run_is_as_good_as_any(child: Child) -> None:
    child.set_up(
        "import sys\ndef predict(n: int) -> int:\n    return n if n else sys.exit()\n", predictor=FUNCTION
    )
    assert child.run("a", n=0)["type"] == "failed"
    assert child.run("b", n=7)["value"] == 7


def test_an_asynchronous_predictor_that_exits_fails_alone(child: Child) -> None:
    child.set_up(
        "import sys\nasync def predict(n: int) -> int:\n    return n if n else sys.exit(4)\n",
        predictor=FUNCTION,
    )
    assert child.run("a", n=0)["message"] == "the predictor called sys.exit(4)"
    assert child.run("b", n=7)["value"] == 7


def test_a_generator_that_raises_has_given_what_it_yielded_before(child: Child) -> None:
    child.set_up("def predict():\n    yield 'a'\n    raise ValueError('broke')\n", predictor=FUNCTION)
    assert child.run()["message"] == "broke"
    assert child.values() == ["a"]


def test_a_generator_whose_item_is_refused_is_closed(child: Child) -> None:
    child.set_up(
        """
from typing import Iterator
def predict() -> Iterator[str]:
    try:
        yield 1
    finally:
        print("closed")
""",
        predictor=FUNCTION,
    )
    assert child.run()["code"] == "bad_output"
    assert child.log() == "closed\n"


def test_a_missing_input_fails_the_run(child: Child) -> None:
    child.set_up("def predict(text: str) -> str:\n    return text\n", predictor=FUNCTION)
    assert "text" in child.run()["message"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(1)", "the predictor called sys.exit(1)"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("class Predictor: pass", "UnusablePredictor: predict.py:Predictor has neither run() nor predict()"),
        (
            "class Predictor:\n    def run(self): ...\n    def predict(self): ...",
            "UnusablePredictor: predict.py:Predictor has both run() and predict(); keep run()",
        ),
        ("", "UnusablePredictor: predict.py has no Predictor"),
        (
            "class Predictor:\n    def setup(self): raise ValueError('no GPU')\n    def run(self): ...",
            "no GPU",
        ),
        (
            "class Predictor:\n  async def setup(self): raise ValueError('no')\n  async def run(self): ...",
            "no",
        ),
        (
            "from cog import Input\nclass Predictor:\n    def run(self, x: list = Input(default=[])): ...",
            "TypeError: the default [] of an Input could be changed by a run; use None and fill it in",
        ),
        (
            "from cog import Input\nclass Predictor:\n  def run(self, x=Input(default_factory=list)): ...",
            "TypeError: Input() takes no default_factory; use None, and make the value in the run",
        ),
    ],
)
def test_a_predictor_that_cannot_be_set_up_says_why_and_ends(child: Child, code: str, message: str) -> None:
    frame = child.set_up(code)
    assert (frame["type"], frame["message"]) == ("setup_failed", message)
    assert child.process.wait(10) == 1


def test_what_setup_printed_is_heard_before_its_failure(child: Child) -> None:
    child.set_up("print('loading')\nraise ValueError('no')")
    assert child.log(None) == "loading\n"
    assert "raise ValueError('no')" in child.frames[-1]["traceback"]
