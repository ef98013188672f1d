"""Which models chat; and deltas make one message, as OpenAI's clients put them together."""

from typing import Any

import pytest

from foretell.chat import chats, is_for_chat, merged, picture_input
from foretell.model import Version
from served_api import version


def call(index: int, **said: Any) -> dict[str, Any]:
    """A delta with a piece of one tool call; `name` and `arguments` are its function's."""
    function = {name: said.pop(name) for name in ("name", "arguments") if name in said}
    return {"tool_calls": [{"index": index, **said, "function": function}]}


def test_no_deltas_make_an_empty_message() -> None:
    assert merged([]) == {}


def test_the_arguments_of_a_tool_call_are_joined_and_its_name_is_said_once() -> None:
    pieces = [
        call(0, id="call_1", type="function", name="weather", arguments=""),
        call(0, arguments='{"city"'),
        call(0, arguments=':"Rome"}'),
    ]
    assert merged(pieces) == {
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
            }
        ]
    }


def test_tool_calls_are_told_apart_and_ordered_by_their_index() -> None:
    pieces = [
        call(1, id="b", name="second", arguments="{"),
        call(0, id="a", name="first", arguments="{}"),
        call(1, arguments="}"),
    ]
    calls = merged(pieces)["tool_calls"]
    assert [(each["id"], each["function"]["name"], each["function"]["arguments"]) for each in calls] == [
        ("a", "first", "{}"),
        ("b", "second", "{}"),
    ]


def test_calls_without_an_index_count_by_their_place() -> None:
    said = {
        "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "function": {"name": "g", "arguments": "{}"}},
        ]
    }
    assert [each["id"] for each in merged([said])["tool_calls"]] == ["a", "b"]


@pytest.mark.parametrize("name", ["reasoning_content", "refusal"])
def test_texts_that_come_in_pieces_are_joined(name: str) -> None:
    assert merged([{name: "I "}, {name: None}, {name: "can't."}]) == {name: "I can't."}


def test_the_last_finish_reason_wins() -> None:
    assert merged([{"finish_reason": "stop"}, {"finish_reason": "length"}, {"finish_reason": None}]) == {
        "finish_reason": "length"
    }


def test_the_tokens_of_logprobs_follow_one_another() -> None:
    pieces = [
        {"logprobs": {"content": [{"token": "a"}], "refusal": None}},
        {"logprobs": {"content": [{"token": "b"}]}},
    ]
    assert merged(pieces) == {"logprobs": {"content": [{"token": "a"}, {"token": "b"}]}}


@pytest.mark.parametrize(
    "odd",
    [
        {"tool_calls": "none"},
        {"tool_calls": ["none"]},
        {"tool_calls": None},
    ],
)
def test_what_is_not_of_the_form_is_left_out(odd: dict[str, Any]) -> None:
    assert merged([odd, {"finish_reason": "stop"}]) == {"finish_reason": "stop"}


def test_a_call_whose_function_is_not_of_the_form_still_is_a_call() -> None:
    odd = {"tool_calls": [{"index": 0, "id": 7, "function": "f"}]}
    assert merged([odd]) == {
        "tool_calls": [{"id": "", "type": "function", "function": {"name": "", "arguments": ""}}]
    }


def test_the_deltas_are_left_as_they_were() -> None:
    pieces = [
        call(0, id="a", name="f", arguments="{"),
        call(0, arguments="}"),
        {"logprobs": {"content": [1]}},
    ]
    before = repr(pieces)
    merged(pieces)
    assert repr(pieces) == before


TEXT = {"type": "string"}
ADDRESS = {"type": "string", "format": "uri"}
PIECES = {"type": "array", "items": TEXT, "x-cog-array-display": "concatenate"}
PAGE = {"type": "object", "properties": {"text": TEXT}}


def model(output: dict[str, Any], *inputs: str, files: tuple[str, ...] = ()) -> Version:
    properties = dict.fromkeys(inputs, TEXT) | dict.fromkeys(files, ADDRESS)
    schema = {"type": "object", "properties": properties}
    return version("mine", "text", schema, output_schema=output)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (model(PIECES, "messages"), True),
        (model(TEXT, "prompt"), True),
        (model(PAGE, files=("image",)), True),
        (model(TEXT, files=("image_url",)), True),
        (model(TEXT, files=("audio",)), False),
        (model(TEXT, files=("image", "mask")), False),
        (model(TEXT, "text"), False),
        (model(ADDRESS, "prompt"), False),
        (model({"type": "array", "items": TEXT}, "prompt"), False),
        (model({"type": "object"}, "prompt"), False),
    ],
)
def test_a_model_chats_that_says_text_to_messages_a_prompt_or_a_picture(
    found: Version, expected: bool
) -> None:
    assert chats(found) is expected


@pytest.mark.parametrize(
    ("found", "name", "expected"),
    [
        (model(TEXT, "messages"), "mine", True),
        (model(TEXT, "messages", "prompt"), "mine", False),
        (model(TEXT, "messages", "prompt"), "gpt-5", True),
        (model(TEXT, "prompt"), "gpt-5", True),
        (model(TEXT, files=("image",)), "gpt-5", False),
        (model(ADDRESS, "prompt"), "dall-e", False),
    ],
)
def test_a_chat_model_is_for_chat_under_the_names_of_others(
    found: Version, name: str, expected: bool
) -> None:
    assert is_for_chat(found, name) is expected


def test_the_picture_of_a_model_is_its_only_file_if_it_is_called_so() -> None:
    assert picture_input(model(TEXT, "prompt", files=("image",))) == "image"
    assert picture_input(model(TEXT, files=("image", "mask"))) is None
    assert picture_input(model(TEXT, files=("file",))) is None
