"""Deltas make one message, as OpenAI's clients put them together."""

from typing import Any

import pytest

from foretell.chat import merged


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
