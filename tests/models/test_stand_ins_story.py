"""The stand-in for a chat model: text, calls and JSON, always alike and always of the form that is asked for."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from child.node_end import Child, Frame
from foretell import catalog
from foretell.chat import merged

MODELS = {version.model: version for version in catalog.sandbox()}
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
    "required": ["city"],
}
TOOLS = [
    {"type": "function", "function": {"name": "get_clock"}},
    {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}},
]
RECURSIVE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#"}, "minItems": 0},
        "parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["name", "children", "parent"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    manifest = MODELS["deepbrain"].manifest
    with Child(tmp_path_factory.mktemp("story")) as child:
        child.send(
            type="setup",
            folder=manifest.folder,
            predictor=manifest.predictor,
            paths=list(manifest.paths),
            concurrency=1,
        )
        child.wait_for(lambda frame: frame["type"] == "ready")
        yield child


class Answer:
    """What one run said."""

    def __init__(self, child: Child, **inputs: Any) -> None:
        id = f"run-{len(list((child.folder / 'runs').glob('*')))}"
        self.ending: Frame = child.run(id, **inputs)
        self.pieces = child.values(id)
        self.text = "".join(self.pieces)
        self.message = merged(frame["delta"] for frame in child.of("delta", id))
        self.metrics = {frame["name"]: frame["value"] for frame in child.of("metric", id)}


def said(text: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_it_says_back_what_was_said_word_by_word_and_counts_the_words(story: Child) -> None:
    parts = [{"type": "text", "text": "Say it"}, {"type": "text", "text": " back."}]
    answer = Answer(story, messages=[{"role": "system", "content": "Be brief."}, *said(parts)])
    assert answer.pieces == ["Say", " it", " back."]
    assert answer.message == {"finish_reason": "stop"}
    assert (answer.metrics["tokens_in"], answer.metrics["tokens_out"]) == (5, 3)


@pytest.mark.parametrize(
    ("given", "text", "reason"),
    [
        ({"max_tokens": 2}, "one two", "length"),
        ({"max_tokens": 4}, "one two three four", "stop"),
        ({"stop": ["three", "two "]}, "one ", "stop"),
        ({"stop": ["three"], "max_tokens": 1}, "one", "length"),
        ({"stop": ["five", ""]}, "one two three four", "stop"),
    ],
)
def test_it_ends_where_it_is_told_to_and_says_why(story: Child, given: Any, text: str, reason: str) -> None:
    answer = Answer(story, prompt="one two three four", **given)
    assert (answer.text, answer.message["finish_reason"]) == (text, reason)
    assert answer.metrics["tokens_out"] == len(answer.pieces)


@pytest.mark.parametrize(
    ("prompt", "choice", "called"),
    [
        ("How is the weather in Rome?", "auto", "get_weather"),
        ("Please get_clock now.", "auto", "get_clock"),
        ("Tell me a story.", "required", "get_clock"),
        ("How is the weather?", {"type": "function", "function": {"name": "get_clock"}}, "get_clock"),
        ("Tell me a story; do not get it wrong.", "auto", None),
        ("How is the weather?", "none", None),
    ],
)
def test_it_calls_the_function_that_is_spoken_of_or_must_be_called(
    story: Child, prompt: str, choice: Any, called: str | None
) -> None:
    answer = Answer(story, prompt=prompt, tools=TOOLS, tool_choice=choice)
    calls = answer.message.get("tool_calls", [])
    assert [call["function"]["name"] for call in calls] == ([called] if called else [])
    assert answer.message["finish_reason"] == ("tool_calls" if called else "stop")
    assert answer.text == ("" if called else prompt)


def test_its_arguments_fit_the_functions_schema_and_are_always_the_same(story: Child) -> None:
    first, again = (Answer(story, prompt="The weather?", tools=TOOLS).message for _ in range(2))
    assert first == again
    (call,) = first["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"city": "city", "unit": "celsius"}
    assert call["id"].startswith("call_")


def test_after_a_result_it_speaks(story: Child) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    turns = [
        *said("How is the weather?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "The weather is fine."},
    ]
    assert Answer(story, messages=turns, tools=TOOLS).text == "The weather is fine."


@pytest.mark.parametrize(
    "schema",
    [
        WEATHER,
        RECURSIVE,
        {"type": "array", "items": {"type": "integer", "minimum": 5}, "minItems": 3},
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 30}}},
        {"type": "string", "maxLength": 3},
        {"type": "string", "pattern": "^[0-9]{3,}$"},
        {"type": "string", "format": "date-time"},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "integer", "multipleOf": 7, "minimum": 10},
        {"type": "number", "maximum": -2.5},
        {"type": ["null", "string"]},
        {"const": {"a": 1}},
        {"oneOf": [{"type": "boolean"}, {"type": "string"}]},
        {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"required": ["b"]}]},
        {"$defs": {"p": {"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/$defs/q"}}},
                   "q": {"type": "number"}}, "$ref": "#/$defs/p"},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
        {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
        {"type": "object", "properties": {"": {"type": "string"}}, "additionalProperties": False},
        {},
        {"type": "object"},
    ],
)  # fmt: skip
def test_it_answers_with_json_that_fits_the_schema(story: Child, schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    answer = Answer(story, prompt="Hello.", response_format=wanted)
    assert answer.ending["type"] == "done", answer.ending
    checker = jsonschema_rs.Draft202012Validator(schema)
    checker.validate(json.loads(answer.text))


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "string", "pattern": "^(?:xy){9}$"}, "pattern"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "no number"),
        ({"$ref": "#"}, "refers to itself"),
        ({"$ref": "#/$defs/nothing"}, "which is not there"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "no end"),
    ],
)
def test_it_says_for_which_schema_it_finds_no_value(story: Child, schema: Any, complaint: str) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    ending = Answer(story, prompt="Hello.", response_format=wanted).ending
    assert ending["type"] == "failed" and complaint in ending["message"]


def test_it_answers_with_some_json_object(story: Child) -> None:
    answer = Answer(story, prompt="Say hello.", response_format={"type": "json_object"})
    assert json.loads(answer.text) == {"answer": "Say hello."}


def test_it_says_how_likely_its_words_are(story: Child) -> None:
    tokens = Answer(story, prompt="Hello there", logprobs=True, top_logprobs=2).message["logprobs"]["content"]
    assert [each["token"] for each in tokens] == ["Hello", " there"]
    assert [each["token"] for each in tokens[0]["top_logprobs"]] == ["Hello", "Hello-1"]
    assert bytes(tokens[1]["bytes"]) == b" there"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "Give a prompt or messages"),
        ({"prompt": "x", "tools": [{"type": "retrieval"}]}, "tools[0]"),
        ({"prompt": "x", "tool_choice": "required"}, "there are no tools"),
        ({"prompt": "x", "response_format": {"type": "xml"}}, "response_format.type"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
    ],
)
def test_it_refuses_what_the_real_model_refuses(story: Child, given: Any, complaint: str) -> None:
    ending = Answer(story, **given).ending
    assert ending["type"] == "failed" and complaint in ending["message"]
