"""POST /v1/chat/completions, answered whole."""

from collections.abc import Callable
from typing import Any

import pytest

from foretell.prediction import Status
from openai_calls import HELLO, Leaving, chat, newest, refusal, succeed
from served_api import Api
from servers import until

PATH = "/v1/chat/completions"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CAT = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}}


def ask(api: Api, **body: Any) -> Any:
    with api.client() as client:
        return client.post(PATH, json={"model": "talker", "messages": HELLO, **body})


def given(api: Api, **body: Any) -> dict[str, Any]:
    """The input of the prediction that a body makes."""
    call = chat(api, **body)
    hold = call.begun()
    found = api.get(hold.prediction_id).input
    succeed(api, hold, "Yes.")
    assert call.ended().status == 200
    return found


def test_a_completion_is_a_prediction_in_openais_words(openai_api: Api) -> None:
    call = chat(openai_api, user="someone", metadata={"a": "b"}, store=True)
    hold = call.begun()
    succeed(openai_api, hold, "Good day.", tokens_in=12, tokens_out=3)
    answer = call.answer()
    prediction = openai_api.get(hold.prediction_id)
    assert prediction.request == {"endpoint": "chat.completions"}
    assert prediction.input["messages"] == HELLO
    assert answer["id"] == f"chatcmpl-{prediction.id}"
    assert (answer["object"], answer["model"]) == ("chat.completion", "talker")
    assert answer["created"] == prediction.created_at // 1_000_000
    assert answer["system_fingerprint"] == prediction.version_id
    usage = answer["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (12, 3, 15)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 0
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 0
    [choice] = answer["choices"]
    assert (choice["index"], choice["finish_reason"], choice["logprobs"]) == (0, "stop", None)
    assert (choice["message"]["role"], choice["message"]["content"]) == ("assistant", "Good day.")


def test_nothing_is_sent_before_the_end(openai_api: Api) -> None:
    call = chat(openai_api)
    hold = call.begun()
    openai_api.say(hold, 1, "output", value="Good")  # type: ignore[arg-type]
    assert (call.status, call.lines) == (None, [])
    succeed(openai_api, hold, "Good day.")
    assert call.answer()["choices"][0]["message"]["content"] == "Good day."


def test_the_name_asked_for_is_the_name_answered(openai_api: Api) -> None:
    call = chat(openai_api, model="GPT-5")
    succeed(openai_api, call.begun(), "Yes.")
    assert call.answer()["model"] == "GPT-5"


def test_what_the_caller_leaves_open_is_the_models_own(openai_api: Api) -> None:
    found = given(openai_api)
    assert (found["max_tokens"], found["temperature"]) == (256, 0.2)


def test_parameters_reach_the_model_by_its_names(openai_api: Api) -> None:
    found = given(
        openai_api,
        max_completion_tokens=20,
        temperature=1,
        seed=7,
        stop="END",
        tools=[TOOL],
        tool_choice="required",
        response_format={"type": "json_object"},
        frequency_penalty=0.5,
    )
    assert found["max_tokens"] == 20
    assert found["temperature"] == 1
    assert found["seed"] == 7
    assert found["stop"] == ["END"]
    assert found["tools"] == [TOOL]
    assert found["tool_choice"] == "required"
    assert found["response_format"] == {"type": "json_object"}
    assert "frequency_penalty" not in found


def test_a_longer_answer_than_the_model_gives_is_asked_for_as_long_as_it_gives(openai_api: Api) -> None:
    assert given(openai_api, max_tokens=8192)["max_tokens"] == 2048


def test_an_answer_as_long_as_was_allowed_was_cut(openai_api: Api) -> None:
    call = chat(openai_api, max_tokens=3)
    succeed(openai_api, call.begun(), "One two three", tokens_out=3)
    assert call.answer()["choices"][0]["finish_reason"] == "length"


def test_parts_of_text_are_one_text_and_developers_speak_for_the_system(openai_api: Api) -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "4"},
    ]
    assert given(openai_api, messages=messages)["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One\ntwo"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1"}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "4"},
    ]


def test_a_model_with_a_prompt_gets_the_last_question_and_the_systems_words(openai_api: Api) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "First"},
        {"role": "assistant", "content": "Well"},
        {"role": "user", "content": [{"type": "text", "text": "Second"}, CAT]},
    ]
    assert given(openai_api, model="asker", messages=messages) == {
        "prompt": "Second",
        "system_prompt": "Be brief.",
        "image": CAT["image_url"]["url"],  # type: ignore[index]
    }


def test_a_model_that_reads_pictures_answers_with_the_text_in_one(openai_api: Api) -> None:
    messages = [{"role": "user", "content": [CAT]}]
    call = chat(openai_api, model="reader", messages=messages)
    hold = call.begun()
    assert openai_api.get(hold.prediction_id).input == {"image": CAT["image_url"]["url"]}  # type: ignore[index]
    succeed(openai_api, hold, {"text": "EXIT", "lines": []})
    assert call.answer()["choices"][0]["message"]["content"] == "EXIT"


def test_calls_of_tools_are_in_the_message_and_then_its_text_is_null(openai_api: Api) -> None:
    call = chat(openai_api, tools=[TOOL])
    made = [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]
    message = {"tool_calls": made, "finish_reason": "tool_calls"}
    succeed(openai_api, call.begun(), "", {"message": message})
    [choice] = call.answer()["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"] == made
    assert choice["message"]["content"] is None


def test_several_choices_are_as_many_predictions_with_seeds_of_their_own(openai_api: Api) -> None:
    call = chat(openai_api, n=3, seed=40)
    predictions = call.predictions(3)
    assert [each.input["seed"] for each in predictions] == [40, 41, 42]
    for number, each in enumerate(predictions):
        succeed(openai_api, openai_api.begin(each.id), f"Answer {number}", tokens_in=5, tokens_out=2)
    answer = call.answer()
    shown = [(each["index"], each["message"]["content"]) for each in answer["choices"]]
    assert shown == [(0, "Answer 0"), (1, "Answer 1"), (2, "Answer 2")]
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (5, 6)


def test_one_failed_choice_cancels_the_others(openai_api: Api) -> None:
    call = chat(openai_api, n=2)
    first, second = call.predictions(2)
    openai_api.fail(openai_api.begin(first.id), "raised", "No.")
    assert call.ended().status == 500
    assert openai_api.get(second.id).status is Status.CANCELED


def test_a_conversation_that_is_too_long_to_read_is_refused_in_the_words_that_clients_shorten_it_by(
    openai_api: Api,
) -> None:
    call = chat(openai_api)
    openai_api.fail(call.begun(), "input_too_long", "The prompt is 5031 tokens long.")
    assert call.ended().status == 400
    error = call.answer()["error"]
    assert (error["code"], error["message"]) == ("context_length_exceeded", "The prompt is 5031 tokens long.")


def test_what_moderation_found_is_shown_in_the_words_that_clients_know(openai_api: Api) -> None:
    bad = {"filtered": True, "severity": "high"}
    safe = {"filtered": False, "severity": "safe"}
    said = {"hate": bad, "self_harm": safe, "sexual": safe, "violence": safe}
    jailbreak = {"filtered": False, "detected": False}
    metadata = {
        "moderation": {"prompt": said | {"jailbreak": jailbreak}, "output": None},
        "message": {"finish_reason": "content_filter"},
    }
    call = chat(openai_api)
    succeed(openai_api, call.begun(), "", metadata)
    answer = call.answer()
    [result] = answer["prompt_filter_results"]
    assert result == {"prompt_index": 0, "content_filter_results": said | {"jailbreak": jailbreak}}
    [choice] = answer["choices"]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"] == ""
    assert choice["content_filter_results"]["hate"] == {"filtered": False, "severity": "not evaluated"}
    assert choice["content_filter_results"]["protected_material_code"]["detected"] is False


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"temperature": 9}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages[0].content[0].type",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [CAT]}]}, "messages"),
        ({"model": "asker", "messages": [{"role": "user", "content": [CAT, CAT]}]}, "messages"),
        ({"model": "reader"}, "messages"),
        ({"model": "asker", "tools": [TOOL]}, "tools"),
        ({"model": "asker", "response_format": {"type": "json_object"}}, "response_format"),
        ({"model": "asker", "stop": ["END"]}, "stop"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"tools": [{"type": "magic"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
        ({"response_format": {"type": "poem"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(openai_api: Api, body: dict[str, Any], param: str) -> None:
    answer = ask(openai_api, **body)
    assert refusal(answer) == (400, "invalid_request_error", "invalid_parameter", param)


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [], "tool_choice": "auto", "response_format": {"type": "text"}, "stop": None},
        {"logprobs": False, "logit_bias": {}, "functions": [], "modalities": ["text"], "seed": 1},
    ],
)
def test_values_that_ask_for_nothing_are_taken_by_every_model(openai_api: Api, body: dict[str, Any]) -> None:
    assert given(openai_api, model="asker", **body)["prompt"] == "Hello"


@pytest.mark.parametrize("model", ["listener", "vectors"])
def test_a_model_that_does_not_chat_says_so(openai_api: Api, model: str) -> None:
    found = refusal(ask(openai_api, model=model))
    assert found == (422, "invalid_request_error", "model_not_supported", "model")


def test_whoever_hangs_up_cancels_what_they_asked_for(openai_api: Api) -> None:
    caller = Leaving(openai_api, PATH, {"model": "talker", "messages": HELLO})
    prediction = newest(openai_api)
    openai_api.begin(prediction.id)
    caller.leave()
    until(lambda: openai_api.get(prediction.id).status.is_terminal, about="the cancel", seconds=5)
    canceled = openai_api.get(prediction.id)
    assert canceled.status is Status.CANCELED
    assert canceled.metadata["canceled_by"] == "caller_left"
    until(lambda: openai_api.app.seats.taken == 0, about="the seat", seconds=5)


def test_an_answer_that_takes_too_long_is_given_up(openai_with: Callable[..., Api]) -> None:
    api = openai_with(inference_seconds_max=0.5)
    call = chat(api)
    hold = call.begun()
    assert call.ended().status == 504
    assert call.headers["x-should-retry"] == "false"
    assert call.answer()["error"]["error_id"] == "INFERENCE_TIMEOUT"
    assert api.get(hold.prediction_id).status is Status.CANCELED


def test_a_server_that_stops_tells_its_callers_when_to_come_back(openai_with: Callable[..., Api]) -> None:
    api = openai_with()
    call = chat(api)
    hold = call.begun()
    api.stop_waiting()
    assert call.ended().status == 503
    assert int(call.headers["retry-after"]) > 0
    assert call.answer()["error"]["error_id"] == "SERVICE_UNAVAILABLE"
    assert api.get(hold.prediction_id).status is Status.CANCELED


def test_a_caller_without_a_seat_is_refused_before_anything_is_created(
    openai_with: Callable[..., Api],
) -> None:
    api = openai_with(waiting_callers_max=0)
    assert refusal(ask(api)) == (503, "server_error", "overloaded", None)
    assert api.run(api.store.list_predictions(account_id=None))[1] == 0
