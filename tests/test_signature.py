"""A predictor's inputs and outputs are known from its source alone."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from foretell import signature
from predictors import field, read


def output(annotation: str) -> dict[str, Any]:
    return read(f"def predict() -> {annotation}: ...").output_schema


FILE = {"type": "string", "format": "uri"}


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("str", {"type": "string"}),
        ("int", {"type": "integer"}),
        ("float", {"type": "number"}),
        ("bool", {"type": "boolean"}),
        ("Path", FILE),
        ("cog.Path", FILE),
        ("CogPath", FILE),
        ("PathLike", FILE),
        ("Image", FILE),
        ("File", FILE),
        ("Secret", {"type": "string", "format": "password", "writeOnly": True, "x-cog-secret": True}),
        ("Any", {}),
        ("list", {"type": "array", "items": {}}),
        ("list[str]", {"type": "array", "items": {"type": "string"}}),
        ("t.List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("List[Path]", {"type": "array", "items": FILE}),
        ("dict", {"type": "object"}),
        ("Dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("Dict[str, Any]", {"type": "object"}),
        ("Annotated[dict, Opaque]", {"type": "object"}),
        ("Annotated[int, 'a note']", {"type": "integer"}),
        ("Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
        ("Literal[1, 'b']", {"type": ["integer", "string"], "enum": [1, "b"]}),
        ("Size", {"type": "string", "enum": ["s", "l"]}),
        ("Union[int, str]", {"type": ["integer", "string"]}),
        ("int | str", {"type": ["integer", "string"]}),
        ("'int'", {"type": "integer"}),
        (
            "Union[str, List[str]]",
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        ),
    ],
)
def test_a_type_has_its_schema(annotation: str, schema: dict[str, Any]) -> None:
    assert field(f"x: {annotation}") == schema
    assert read(f"def predict(x: {annotation}): ...").input_schema["required"] == ["x"]


@pytest.mark.parametrize(
    "parameter",
    [
        "x: Optional[int]",
        "x: int | None",
        "x: Union[None, int] = None",
        "x: int = None",
        "x: int = Input(default=None)",
        "x: t.Optional[int] = Input(description='')",
    ],
)
def test_what_may_be_left_out_is_null(parameter: str) -> None:
    assert field(parameter) == {"type": ["integer", "null"], "default": None}
    assert read(f"def predict({parameter}): ...").input_schema["required"] == []


@pytest.mark.parametrize(
    ("parameter", "schema"),
    [
        ("x: Optional[Path]", {"type": ["string", "null"], "format": "uri", "default": None}),
        ("x: Optional[Size]", {"type": ["string", "null"], "enum": ["s", "l", None], "default": None}),
        (
            "x: str = Input(default=None, choices=['a'])",
            {"type": ["string", "null"], "enum": ["a", None], "default": None},
        ),
        (
            "x: Optional[Union[str, List[str]]]",
            {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "null"},
                ],
                "default": None,
            },
        ),
    ],
)
def test_null_is_allowed_wherever_it_can_be_meant(parameter: str, schema: dict[str, Any]) -> None:
    assert field(parameter) == schema
    assert jsonschema_rs.is_valid(schema, None)


@pytest.mark.parametrize(
    ("parameter", "schema"),
    [
        (
            "x: int = Input(default=3, ge=-1, le=MAX)",
            {"type": "integer", "minimum": -1, "maximum": 64, "default": 3},
        ),
        ("x: int = Input(3)", {"type": "integer", "default": 3}),
        ("x: int = Input(...)", {"type": "integer"}),
        ("x: float = 1", {"type": "number", "default": 1}),
        (
            "x: str = Input(min_length=1, max_length=9, regex='^a')",
            {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"},
        ),
        ("x: list[str] = Input(max_length=2)", {"type": "array", "items": {"type": "string"}, "maxItems": 2}),
        (
            "x: list[str] = Input(choices=SIZES)",
            {"type": "array", "items": {"type": "string", "enum": ["s", "m", "l"]}},
        ),
        ("x: list[str] = ('a', 'b')", {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]}),
        (
            "x: str = Input(description='Two ' 'parts.', deprecated=True)",
            {"type": "string", "description": "Two parts.", "deprecated": True},
        ),
        ("x: Path = Input(accept='image/*')", {"type": "string", "format": "uri", "x-accept": "image/*"}),
    ],
)
def test_an_input_is_described(parameter: str, schema: dict[str, Any]) -> None:
    assert field(parameter) == schema


def test_an_input_may_be_described_once_for_several_predictors() -> None:
    beside = "from cog import Input\nMOST = 9\nSTEPS = Input(default=4, le=MOST, description='How many.')"
    code = "import inputs\nfrom inputs import STEPS\ndef predict(steps: int = STEPS, more: int = inputs.STEPS): ..."
    found = signature.read(code, predictor="predict.py:predict", resolve={"inputs": beside}.get)
    steps, more = found.input_schema["properties"].values()
    assert steps == {**more, "title": "Steps", "x-order": 0}
    assert (steps["default"], steps["maximum"], steps["description"]) == (4, 9, "How many.")


def test_fields_keep_their_order_and_have_a_title() -> None:
    schema = read("def predict(num_steps: int, prompt: str = '', *, z: bool = False): ...").input_schema
    assert [(name, field["title"], field["x-order"]) for name, field in schema["properties"].items()] == [
        ("num_steps", "Num Steps", 0),
        ("prompt", "Prompt", 1),
        ("z", "Z", 2),
    ]
    assert {key: schema[key] for key in ("type", "title", "required", "additionalProperties")} == {
        "type": "object",
        "title": "Input",
        "required": ["num_steps"],
        "additionalProperties": False,
    }


ITERATOR = {"title": "Output", "type": "array", "items": {"type": "string"}, "x-cog-array-type": "iterator"}
CONCATENATED = {**ITERATOR, "x-cog-array-display": "concatenate"}


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("str", {"title": "Output", "type": "string"}),
        ("Path", {"title": "Output", **FILE}),
        ("List[Path]", {"title": "Output", "type": "array", "items": FILE}),
        ("Any", {}),
        ("dict", {}),
        ("Dict[str, Any]", {}),
        ("None", {}),
        ("Iterator[str]", ITERATOR),
        ("AsyncIterator[str]", ITERATOR),
        ("typing.Iterator[Path]", {**ITERATOR, "items": FILE}),
        ("ConcatenateIterator[str]", CONCATENATED),
        ("cog.AsyncConcatenateIterator[str]", CONCATENATED),
        ("'ConcatenateIterator[str]'", CONCATENATED),
        ("ConcatenateIterator", CONCATENATED),
        (
            "Output",
            {
                "title": "Output",
                "type": "object",
                "required": ["text"],
                "properties": {
                    "text": {"title": "Text", "type": "string"},
                    "image": {"title": "Image", "type": ["string", "null"], "format": "uri"},
                },
            },
        ),
        (
            "Point",
            {
                "title": "Point",
                "type": "object",
                "required": ["x"],
                "properties": {"x": {"title": "X", "type": "number"}, "y": {"title": "Y", "type": "number"}},
            },
        ),
        (
            "Loose",
            {
                "title": "Loose",
                "type": "object",
                "properties": {"width": {"title": "Width", "type": "integer"}},
            },
        ),
    ],
)
def test_an_output_has_its_schema(annotation: str, schema: dict[str, Any]) -> None:
    assert output(annotation) == schema


@pytest.mark.parametrize(
    ("code", "streaming", "is_async", "kind"),
    [
        ("def predict() -> str: ...", False, False, "function"),
        ("async def predict() -> str: ...", False, True, "function"),
        ("def predict():\n    yield 1", True, False, "function"),
        (
            "def predict():\n    def inner():\n        yield 1\n    return list(inner())",
            False,
            False,
            "function",
        ),
        ("async def predict() -> AsyncIterator[str]:\n    yield 'a'", True, True, "function"),
        ("class predict:\n    @cog.streaming\n    def run(self) -> str: ...", True, False, "class"),
        ("class predict(BasePredictor):\n    async def predict(self) -> str: ...", False, True, "class"),
    ],
)
def test_what_kind_of_predictor_it_is_shows(code: str, streaming: bool, is_async: bool, kind: str) -> None:
    found = read(code)
    assert (found.streaming, found.is_async, found.kind) == (streaming, is_async, kind)


def test_the_concurrency_of_a_decorator_is_read() -> None:
    code = "class P:\n    @cog.concurrent(max=MAX // 8)\n    async def run(self) -> str: ...\n"
    assert read(code, predictor="p.py:P").concurrency == 8
    assert read("def predict() -> str: ...").concurrency is None


def test_an_inherited_method_is_read_where_it_stands() -> None:
    code = "class Base(BasePredictor):\n    def predict(self, x: int): ...\nclass P(Base):\n    pass\n"
    assert list(read(code, predictor="p.py:P").input_schema["properties"]) == ["x"]


def test_every_schema_is_one_that_a_validator_accepts() -> None:
    everything = Path(__file__).parent / "node" / "predictors" / "takes_everything" / "predict.py"
    schema = signature.read(everything.read_text(), predictor="predict.py:Predictor").input_schema
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(
        {"text": "words", "seed": None, "either": "x", "box": {"width": 1, "height": 2}}
    )
    assert not validator.is_valid({"text": "words", "box": {"width": 1}})
    assert not validator.is_valid({"text": "words", "colour": "red"})
