"""What can be known of a predictor's file without running it, and what is said of the rest."""

from pathlib import Path
from typing import Any

import pytest

from foretell import signature
from foretell.errors import Error
from foretell.signature.source import SignatureError
from predictors import field, read


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("SIZES", ["s", "m", "l"]),
        ("SIZES[:2]", ["s", "m"]),
        ("list(RATIOS)", ["1:1", "16:9"]),
        ("RATIOS.keys()", ["1:1", "16:9"]),
        ("[*RATIOS, 'x']", ["1:1", "16:9", "x"]),
        ("sorted(SCHEDULERS)", ["fast", "good"]),
        ("[f'{w}x{h}' for w, h in RATIOS.values()]", ["1024x1024", "1344x768"]),
        ("('a',) * 1 + ('b',)", ["a", "b"]),
        ("'a b'.split()", ["a", "b"]),
        ("[{'k': 'v'}['k']]", ["v"]),
        ("[str(n) for n in range(1, 4)]", ["1", "2", "3"]),
        ("[', '.join(SIZES)]", ["s, m, l"]),
    ],
)
def test_choices_may_be_what_constants_add_up_to(expression: str, value: list[str]) -> None:
    assert field(f"x: str = Input(choices={expression})")["enum"] == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-3", -3),
        ("2 * MAX - 1", 127),
        ("7 // 2", 3),
        ("max(1, MAX)", 64),
        ("len(SIZES)", 3),
        ("RATIOS['1:1'][0]", 1024),
        ("not True", False),
        ("1e3", 1000.0),
        ("Size.large", "l"),
        ("Size.large.value", "l"),
        ("Point.y", 0.0),
    ],
)
def test_a_default_may_be_an_expression(expression: str, value: Any) -> None:
    assert field(f"x: Any = {expression}")["default"] == value


def test_a_default_may_be_a_member_of_the_type() -> None:
    assert field("x: Size = Size.large") == {"type": "string", "enum": ["s", "l"], "default": "l"}


def test_what_a_class_does_not_have_is_not_taken_from_the_file_around_it() -> None:
    with pytest.raises(SignatureError, match=r"`Size\.MAX` cannot be known"):
        field("x: int = Size.MAX")


def test_a_class_may_hold_the_constants() -> None:
    code = "class P:\n    MOST = MAX * 2\n    def run(self, x: int = Input(le=MOST)): ...\n"
    assert read(code, predictor="p.py:P").input_schema["properties"]["x"]["maximum"] == 128


def test_constants_types_and_bases_are_found_in_the_modules_beside() -> None:
    beside = {
        "shared": (
            "from cog import BaseModel, Path\nfrom deeper import SIZES\n"
            "class Shared(BaseModel):\n    image: Path\n"
        ),
        "deeper": "import shared\nSIZES = ['s']\n",
        "bases": (
            "import shared\nclass Base:\n"
            "    def run(self, x: str = Input(choices=shared.SIZES)) -> shared.Shared: ..."
        ),
    }
    code = "from bases import Base\nclass P(Base): ...\n"
    found = signature.read(code, predictor="p.py:P", resolve=beside.get)
    assert found.input_schema["properties"]["x"]["enum"] == ["s"]
    assert found.output_schema["properties"]["image"]["format"] == "uri"


def test_a_star_import_is_looked_into() -> None:
    code = "from cog import *\nfrom shared import *\ndef predict(x: int = LIMIT) -> Path: ...\n"
    found = signature.read(code, predictor="p.py:predict", resolve={"shared": "LIMIT = 3"}.get)
    assert found.input_schema["properties"]["x"]["default"] == 3
    assert found.output_schema["format"] == "uri"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def predict(x): ...", "the input x has no type"),
        ("def predict(x: np.ndarray): ...", "`np.ndarray` is not a type"),
        ("def predict(x: tuple[int, int]): ...", "`tuple[int, int]` is not a type"),
        ("def predict(*x: int): ...", "no *, ** or /"),
        ("def predict(x: int = random()): ...", "`random()` cannot be known"),
        ("def predict(x: int = Input(default=unknown)): ...", "`unknown` cannot be known"),
        ("def predict(x: str = Input(choices=[SCHEDULERS['fast']])): ...", "`Fast` cannot be known"),
        ("def predict(x: int = 1 / 0): ...", "division by zero"),
        ("def predict(x: int = 10 ** 10 ** 10): ...", "cannot be known"),
        ("def predict(x: str = 'x' * 10 ** 9): ...", "cannot be known"),
        ("def predict(x: str = '%999999999d' % 1): ...", "cannot be known"),
        ("def predict(x: list = list(range(10 ** 9))): ...", "cannot evaluate"),
        ("A = B\nB = A\ndef predict(x: int = A): ...", "cannot be known"),
        ("def predict(x: list = []): ...", "a default that a run could change"),
        ("def predict(x: list = Input(default_factory=list)): ...", "cannot be described by default_factory"),
        ("def predict(x: int = Input(default=9, le=5)): ...", "would itself refuse"),
        ("def predict(x: int = Input(choices=['a'])): ...", "would itself refuse"),
        ("def predict(x: str = Input(choices=[])): ...", "choices that are not a list"),
        ("def predict(x: str = Input(ge=1)): ...", "ge or le, and is not a number"),
        ("def predict(x: str = Input(regex='(')): ...", "makes no schema"),
        ("class Foo: ...\ndef predict() -> Foo: ...", "Foo is neither a BaseModel"),
        ("class predict: ...", "predict has neither run() nor predict()"),
        (
            "class predict:\n    def run(self): ...\n    def predict(self): ...",
            "has both run() and predict()",
        ),
        ("class Node(BaseModel):\n    next: 'Node'\ndef predict() -> Node: ...", "is not a type"),
        ("def other(): ...", "no class or function predict"),
        ("def predict(:", "not Python"),
        ("def predict(x: int = 1" + " + 1" * 700 + "): ...", "too deep"),
        ("def predict(x: int = " + "[" * 3000 + "]" * 3000 + "): ...", "not Python"),
        ("def predict(x: 'not a type'): ...", "'not a type' is not a type"),
        ("def predict(x: int = {[]: 1}): ...", "unhashable"),
    ],
)
def test_what_cannot_be_read_is_refused_by_file_and_line(code: str, words: str) -> None:
    with pytest.raises(SignatureError) as refused:
        read(code)
    assert isinstance(refused.value, Error)
    assert refused.value.message.startswith("predict.py")
    assert words in refused.value.message


def test_the_place_of_a_fault_is_its_line() -> None:
    with pytest.raises(SignatureError, match=r"^predict\.py:3: the input x has no type$"):
        signature.read("\n\ndef predict(x): ...", predictor="predict.py:predict")
    with pytest.raises(SignatureError, match=r"^beside\.py:1: `now\(\)` cannot be known"):
        signature.read(
            "from beside import A\ndef predict(x: int = A): ...",
            predictor="predict.py:predict",
            resolve={"beside": "A = now()"}.get,
        )


def test_nothing_is_run_while_it_is_read(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w')\nimport nowhere\ndef predict(x: int = 1): ...\n"
    signature.read(code, predictor="p.py:predict")
    assert not mark.exists()
