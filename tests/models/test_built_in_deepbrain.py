"""The language model, loaded with its real weights in its real environment and run."""

import json
from typing import Any

import psutil
import pytest

from child.node_end import Child
from foretell.chat import merged
from models.loaded import Load, done, metrics

pytestmark = pytest.mark.needs("models")


def test_deepbrain_answers_word_by_word_and_the_same_for_the_same_seed(load: Load) -> None:
    child = load("deepbrain")
    question = {"prompt": "What is the capital of France?", "max_tokens": 40, "seed": 2}
    done(child, "a", **question)
    done(child, "b", **question)
    assert "Paris" in "".join(child.values("a"))
    assert len(child.values("a")) > 3
    assert child.values("a") == child.values("b")
    assert metrics(child)["tokens_in"] > 5
    assert metrics(child)["tokens_out"] >= len(child.values("a"))


def test_deepbrain_stops_when_canceled_has_counted_until_then_and_goes_on(load: Load) -> None:
    child = load("deepbrain")
    child.begin("long", prompt="Tell me a very long story.", max_tokens=2048, seed=1)
    child.wait_for(lambda frame: frame["type"] == "output")
    child.send(type="cancel", id="long")
    assert child.ending("long")["type"] == "canceled"
    assert 0 < metrics(child, "long")["tokens_out"] < 2048
    done(child, "next", prompt="Say hello.", max_tokens=5)
    assert child.values("next")


def test_deepbrain_listens_on_no_port(load: Load) -> None:
    child = load("deepbrain")
    assert psutil.Process(child.process.pid).net_connections(kind="inet") == []


def test_deepbrain_loads_however_long_the_path_of_its_folder_is(load: Load) -> None:
    child = load("deepbrain", within=f"{'deep/' * 40}down")
    done(child, prompt="Say hello.", max_tokens=5)
    assert child.values("a")


def test_deepbrain_says_why_it_cannot_take_a_prompt(load: Load) -> None:
    child = load("deepbrain")
    assert "prompt or messages" in child.run("none")["message"]
    assert "4096" in child.run("long", prompt="word " * 5000)["message"]


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Current weather in a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["city", "unit"],
            },
        },
    },
    {"type": "function", "function": {"name": "clock", "description": "Tells the time"}},
]


def message(child: Child, id: str = "a") -> dict[str, Any]:
    return merged(frame["delta"] for frame in child.of("delta", id))


def test_deepbrain_that_must_call_a_function_gives_arguments_of_its_schema(load: Load) -> None:
    child = load("deepbrain")
    done(child, prompt="How warm is it in Rome?", tools=TOOLS[:1], tool_choice="required", seed=1)
    said = message(child)
    assert said["finish_reason"] == "tool_calls"
    (call,) = said["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"])["city"] == "Rome"
    assert child.values() == []
    done(child, "b", prompt="Tell me a story.", tools=TOOLS, tool_choice="required")
    assert message(child, "b")["tool_calls"][0]["function"]["name"] in {"get_weather", "clock"}
    named = {"type": "function", "function": {"name": "clock"}}
    done(child, "c", prompt="How warm is it in Rome?", tools=TOOLS, tool_choice=named)
    assert message(child, "c")["tool_calls"][0]["function"] == {"name": "clock", "arguments": "{}"}


def test_deepbrain_may_talk_although_it_has_functions_and_speaks_after_a_result(load: Load) -> None:
    child = load("deepbrain")
    done(child, "joke", prompt="Tell me a joke.", tools=TOOLS, seed=1, max_tokens=20)
    assert child.values("joke") and "tool_calls" not in message(child, "joke")
    call = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    talk = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "It is noon."},
    ]
    done(child, "after", messages=talk, tools=TOOLS, seed=1, max_tokens=20)
    assert child.values("after") and "tool_calls" not in message(child, "after")


def test_deepbrain_answers_in_the_form_it_is_asked_for_and_says_why_it_ended(load: Load) -> None:
    child = load("deepbrain")
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "age": {"type": "integer", "maximum": 99},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    done(child, prompt="Describe a person.", response_format=wanted, seed=1)
    assert json.loads("".join(child.values())).keys() == {"name", "age"}
    assert message(child) == {"finish_reason": "stop"}
    done(child, "short", prompt="Tell me a story.", max_tokens=3)
    assert message(child, "short") == {"finish_reason": "length"}
    assert metrics(child, "short")["tokens_out"] == 3


def test_deepbrain_says_how_likely_each_token_was(load: Load) -> None:
    child = load("deepbrain")
    done(child, prompt="Say hi.", logprobs=True, top_logprobs=2, max_tokens=3, seed=1)
    tokens = message(child)["logprobs"]["content"]
    assert "".join(each["token"] for each in tokens) == "".join(child.values())
    assert all(each["logprob"] <= 0 and len(each["top_logprobs"]) == 2 for each in tokens)


def test_deepbrain_refuses_a_schema_that_is_none(load: Load) -> None:
    child = load("deepbrain")
    parameters = {"properties": {"a": {"type": "nonsense"}}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    ending = child.run(prompt="x", tools=tools, tool_choice="required")
    assert ending["message"].startswith("The JSON schema cannot be followed, at #/properties/a")
    assert child.of("delta") == []
