"""POST /v1/responses: what is answered when the answer is whole."""

import json
from typing import Any

import pytest

from responding import Talks, checked, prediction_of, text_of
from servers import until

SEVERE = {"filtered": True, "severity": "high"}
FUNCTION = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": True}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"at":"sea"}'}}


def test_an_answer_is_a_response_in_every_field(talks: Talks) -> None:
    body = talks.answered("Hello!", instructions="Be kind.", metadata={"mood": "good"}, user="u-1")
    assert (body["status"], text_of(body)) == ("completed", "Hello!")
    assert body["usage"]["input_tokens"] == 7
    assert body["usage"]["total_tokens"] == 10
    assert (body["instructions"], body["metadata"], body["user"]) == ("Be kind.", {"mood": "good"}, "u-1")
    assert body["temperature"] == 0.5
    assert [each["source_type"] for each in body["content_filters"]] == ["prompt", "completion"]
    assert body == talks.get(body["id"]).json()


def test_a_model_is_asked_with_what_its_caller_says(talks: Talks) -> None:
    schema = {"type": "json_schema", "name": "place", "schema": {"type": "object"}, "strict": True}
    given = [
        {"role": "developer", "content": [{"type": "input_text", "text": "Use tools."}]},
        {"role": "user", "content": "And now?"},
    ]
    body = talks.answered(
        "{}",
        input=given,
        instructions="Be kind.",
        max_output_tokens=9_000,
        temperature=0.25,
        tools=[FUNCTION],
        tool_choice={"type": "function", "name": "weather"},
        text={"format": schema},
    )
    asked = talks.api.get(prediction_of(body)).input
    assert asked["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "system", "content": "Use tools."},
        {"role": "user", "content": "And now?"},
    ]
    assert (asked["max_tokens"], asked["temperature"]) == (2048, 0.25)
    assert asked["tools"] == [
        {
            "type": "function",
            "function": {"name": "weather", "parameters": {"type": "object"}, "strict": True},
        }
    ]
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert asked["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert body["max_output_tokens"] == 9_000
    assert body["tools"] == [FUNCTION]
    assert body["text"]["format"] == schema


def test_a_call_of_a_function_is_an_item_of_the_output(talks: Talks) -> None:
    body = talks.answered("", {"tool_calls": [CALL], "finish_reason": "tool_calls"}, tools=[FUNCTION])
    [item] = body["output"]
    assert body["status"] == "completed"
    assert (item["type"], item["call_id"], item["name"]) == ("function_call", "call_1", "weather")
    assert json.loads(item["arguments"]) == {"at": "sea"}


def test_thoughts_come_before_the_answer(talks: Talks) -> None:
    body = talks.answered("Four.", {"reasoning_content": "Two and two."})
    assert [each["type"] for each in body["output"]] == ["reasoning", "message"]
    assert body["output"][0]["content"] == [{"type": "reasoning_text", "text": "Two and two."}]


@pytest.mark.parametrize(
    ("finish_reason", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_an_answer_that_ends_early_is_incomplete_and_says_why(
    talks: Talks, finish_reason: str, reason: str
) -> None:
    body = talks.answered("Once upon", {"finish_reason": finish_reason})
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert body["output"][0]["status"] == "incomplete"
    assert body["completed_at"] is None


def test_a_harmful_prompt_is_shown_as_blocked(talks: Talks) -> None:
    with talks.asked() as (waiting, hold):
        moderation = {"prompt": {"violence": SEVERE}, "output": None}
        talks.finish(hold, "", message={"finish_reason": "content_filter"}, moderation=moderation)
        body = checked(waiting.result())
    prompt, completion = body["content_filters"]
    assert (prompt["blocked"], completion["blocked"]) == (True, False)
    assert prompt["content_filter_results"]["violence"] == SEVERE


def test_a_model_with_a_prompt_alone_answers_too(talks: Talks) -> None:
    body = talks.answered("Hello!", model="plain", input="Hi.")
    assert talks.api.get(prediction_of(body)).input == {"prompt": "Hi."}
    items = talks.get(body["id"], "/input_items").json()["data"]
    assert items[0]["content"] == [{"type": "input_text", "text": "Hi."}]


def test_a_run_that_fails_is_an_error(talks: Talks) -> None:
    with talks.asked() as (waiting, hold):
        talks.api.fail(hold, "raised", "The model is confused.")
        answer = waiting.result()
    error = answer.json()["error"]
    assert (answer.status_code, error["error_id"]) == (500, "INFERENCE_ERROR")
    assert error["message"] == "The model is confused."


def test_a_reader_who_leaves_cancels_the_run(talks: Talks) -> None:
    prediction_id = prediction_of(talks.read_first()["response"])
    until(lambda: talks.api.get(prediction_id).status.value == "canceled", about="the cancel")
    assert talks.api.get(prediction_id).metadata["canceled_by"] == "caller_left"


def test_what_is_not_stored_cannot_be_fetched_or_continued(talks: Talks) -> None:
    body = talks.answered("Hello!", store=False)
    assert body["store"] is False
    assert talks.get(body["id"]).status_code == 404
    answer = talks.post({"model": "talker", "input": "Go on.", "previous_response_id": body["id"]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "previous_response_id")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": [{"role": "king", "content": "Hi."}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": 3}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0].type"),
    ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].file_id"),
    ({"input": [{"type": "web_search_call"}]}, "input[0].type"),
    ({"input": [{"type": "function_call", "name": "f", "arguments": ""}]}, "input[0].call_id"),
    ({"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "input"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].id"),
    ({"previous_response_id": "resp_nothing"}, "previous_response_id"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "other"}}, "tool_choice"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ({"model": "plain", "text": {"format": {"type": "json_object"}}}, "text.format"),
    ({"model": "plain", "tools": [FUNCTION]}, "tools"),
    ({"temperature": 3}, "temperature"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"metadata": {str(each): "x" for each in range(17)}}, "metadata"),
    ({"background": True, "store": False}, "background"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt"),
]


@pytest.mark.parametrize(("change", "param"), REFUSED, ids=[param for _, param in REFUSED])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_cannot_be_asked_is_refused_by_its_name(
    talks: Talks, change: dict[str, Any], param: str, stream: bool
) -> None:
    given = {"model": "talker", "input": "Hello?", "stream": stream} | change
    answer = talks.post({name: value for name, value in given.items() if value is not None})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param), error


def test_models_that_do_not_chat_are_refused(talks: Talks) -> None:
    assert talks.post({"model": "embed", "input": "Hi."}).json()["error"]["error_id"] == "MODEL_NOT_SUPPORTED"
    assert talks.post({"model": "nobody", "input": "Hi."}).json()["error"]["error_id"] == "MODEL_NOT_FOUND"
