"""POST /v1/chat/completions, streamed."""

from collections.abc import Callable
from typing import Any

import pytest

from foretell.event import Kind
from foretell.prediction import Status
from openai_calls import HELLO, Call, Leaving, chat, newest, refusal, say, succeed
from served_api import Api
from servers import until

PATH = "/v1/chat/completions"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def streamed(api: Api, **body: Any) -> Call:
    return chat(api, stream=True, **body)


def texts(chunks: list[dict[str, Any]], index: int = 0) -> list[str]:
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
    return [choice["delta"]["content"] for choice in choices if choice["delta"].get("content")]


def test_pieces_come_as_they_are_said_and_the_last_word_is_done(openai_api: Api) -> None:
    call = streamed(openai_api)
    hold = call.begun()
    say(openai_api, hold, "Good", " day")
    call.said(" day")
    assert call.status == 200
    assert call.headers["content-type"] == "text/event-stream"
    assert openai_api.get(hold.prediction_id).status is Status.PROCESSING
    succeed(openai_api, hold, "Good day.", tokens_in=3, tokens_out=3)
    chunks = call.chunks()
    prediction = openai_api.get(hold.prediction_id)
    assert prediction.stream
    assert {each["id"] for each in chunks} == {f"chatcmpl-{prediction.id}"}
    assert {(each["object"], each["model"]) for each in chunks} == {("chat.completion.chunk", "talker")}
    assert {each["system_fingerprint"] for each in chunks} == {prediction.version_id}
    assert len({each["created"] for each in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert texts(chunks) == ["Good", " day", "."]
    assert [each["choices"][0]["finish_reason"] for each in chunks] == [None] * 4 + ["stop"]
    assert "content_filter_results" in chunks[-1]["choices"][0]
    assert "jailbreak" in chunks[-1]["prompt_filter_results"][0]["content_filter_results"]
    assert all("usage" not in each for each in chunks)
    assert [each for each in call.lines if each][-1] == "data: [DONE]"


def test_every_line_is_ascii_so_that_a_cut_never_goes_through_a_character(openai_api: Api) -> None:
    call = streamed(openai_api)
    hold = call.begun()
    say(openai_api, hold, "Grüße\n", "an 🦊")
    succeed(openai_api, hold, "Grüße\nan 🦊")
    assert "".join(texts(call.chunks())) == "Grüße\nan 🦊"
    assert all(each.isascii() for each in call.lines)
    assert all(each == "" or each.startswith("data: ") for each in call.lines)


def test_usage_comes_in_a_chunk_of_its_own_to_those_who_want_it(openai_api: Api) -> None:
    call = streamed(openai_api, stream_options={"include_usage": True})
    hold = call.begun()
    say(openai_api, hold, "Yes")
    succeed(openai_api, hold, "Yes", tokens_in=3, tokens_out=1)
    *others, last = call.chunks()
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 4
    assert all(each["usage"] is None for each in others)


def test_the_query_may_ask_for_the_stream(openai_api: Api) -> None:
    call = Call(openai_api, f"{PATH}?stream=true", {"model": "talker", "messages": HELLO})
    succeed(openai_api, call.begun(), "Yes")
    assert texts(call.chunks()) == ["Yes"]


def test_a_model_that_does_not_stream_says_everything_at_once(openai_api: Api) -> None:
    call = streamed(openai_api, model="asker")
    succeed(openai_api, call.begun(), "All of it")
    chunks = call.chunks()
    assert texts(chunks) == ["All of it"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_calls_of_tools_come_piece_by_piece(openai_api: Api) -> None:
    call = streamed(openai_api, tools=[TOOL])
    hold = call.begun()
    function = {"name": "weather", "arguments": ""}
    first = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}
    second = {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Berlin"}'}}]}
    openai_api.say(hold, 1, Kind.DELTA, delta=first)
    openai_api.say(hold, 2, Kind.DELTA, delta=second)
    openai_api.say(hold, 3, Kind.DELTA, delta={"finish_reason": "tool_calls"})
    succeed(openai_api, hold, "", {"message": {"finish_reason": "tool_calls", "tool_calls": []}})
    chunks = call.chunks()
    assert [each["choices"][0]["delta"] for each in chunks[1:]] == [first, second, {}]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_several_choices_come_in_one_stream(openai_api: Api) -> None:
    call = streamed(openai_api, n=2, stream_options={"include_usage": True})
    first, second = (openai_api.begin(each.id) for each in call.predictions(2))
    say(openai_api, second, "B")
    say(openai_api, first, "A", "a")
    succeed(openai_api, first, "Aa", tokens_in=3, tokens_out=2)
    succeed(openai_api, second, "B", tokens_in=3, tokens_out=1)
    chunks = call.chunks()
    said = {"".join(texts(chunks, index)) for index in (0, 1)}
    assert said == {"Aa", "B"}
    assert len({each["id"] for each in chunks}) == 1
    reasons = [each["choices"][0]["finish_reason"] for each in chunks if each["choices"]]
    assert reasons.count("stop") == 2
    assert chunks[-1]["usage"]["completion_tokens"] == 3


def test_what_was_said_before_the_caller_heard_is_not_lost(openai_api: Api) -> None:
    call = streamed(openai_api)
    hold = call.begun()
    pieces = [f"{number} " for number in range(1_200)]
    say(openai_api, hold, *pieces)
    succeed(openai_api, hold, "".join(pieces))
    assert "".join(texts(call.chunks())) == "".join(pieces)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "nope"}, 404, "model_not_found"),
        ({"temperature": 9}, 400, "invalid_parameter"),
        ({"model": "listener"}, 422, "model_not_supported"),
    ],
)
def test_what_is_wrong_from_the_start_is_an_http_error(
    openai_api: Api, body: dict[str, Any], status: int, code: str
) -> None:
    with openai_api.client() as client:
        answer = client.post(PATH, json={"model": "talker", "messages": HELLO, "stream": True, **body})
    assert refusal(answer)[0] == status
    assert refusal(answer)[2] == code


def test_a_run_that_fails_before_its_first_word_is_an_http_error(openai_api: Api) -> None:
    call = streamed(openai_api)
    openai_api.fail(openai_api.take(call.predictions()[0].id), "setup_failed", "No weights.")
    assert call.ended().status == 500
    assert call.answer()["error"]["message"] == "No weights."


def test_a_run_that_fails_later_ends_the_stream_with_the_error(openai_api: Api) -> None:
    call = streamed(openai_api)
    hold = call.begun()
    say(openai_api, hold, "Once")
    call.said("Once")
    openai_api.fail(hold, "raised", "Out of ideas.")
    *_, last = call.chunks()
    assert last["error"]["message"] == "Out of ideas."
    assert last["error"]["error_id"] == "INFERENCE_ERROR"
    assert "data: [DONE]" not in call.lines


def test_an_attempt_lost_after_its_first_word_ends_the_stream(openai_api: Api) -> None:
    call = streamed(openai_api)
    hold = call.begun()
    say(openai_api, hold, "Once")
    call.said("Once")
    openai_api.run(openai_api.store.release(hold, lost=True))
    openai_api.begin(hold.prediction_id)
    *_, last = call.chunks()
    assert "lost" in last["error"]["message"]
    assert openai_api.get(hold.prediction_id).status is Status.CANCELED


def test_an_attempt_lost_before_its_first_word_goes_unnoticed(openai_api: Api) -> None:
    call = streamed(openai_api)
    hold = call.begun()
    openai_api.run(openai_api.store.release(hold, lost=True))
    again = openai_api.begin(hold.prediction_id)
    say(openai_api, again, "Twice")
    succeed(openai_api, again, "Twice")
    assert texts(call.chunks()) == ["Twice"]


def test_a_model_that_loads_for_long_sends_comments_and_then_errors_are_in_the_stream(
    openai_with: Callable[..., Api],
) -> None:
    api = openai_with(heartbeat_seconds=0.1)
    call = streamed(api)
    hold = call.begun()
    call.said(": ping")
    assert call.status == 200
    until(lambda: call.lines.count(": ping") >= 2, about="a second comment", seconds=10)
    api.fail(hold, "setup_failed", "No weights.")
    [error] = call.chunks()
    assert error["error"]["message"] == "No weights."


def test_whoever_closes_the_stream_cancels_the_prediction(openai_api: Api) -> None:
    caller = Leaving(openai_api, PATH, {"model": "talker", "messages": HELLO, "stream": True})
    prediction = newest(openai_api)
    hold = openai_api.begin(prediction.id)
    say(openai_api, hold, "Once")
    assert "assistant" in caller.said()
    caller.leave()
    until(lambda: openai_api.get(prediction.id).status.is_terminal, about="the cancel", seconds=5)
    assert openai_api.get(prediction.id).metadata["canceled_by"] == "caller_left"
    until(lambda: openai_api.app.seats.taken == 0, about="the seat", seconds=5)


def test_whoever_leaves_before_the_head_cancels_all_choices(openai_api: Api) -> None:
    body = {"model": "talker", "messages": HELLO, "stream": True, "n": 2}
    before = openai_api.run(openai_api.store.list_predictions(account_id=None))[1]

    def created() -> list[str]:
        found, count = openai_api.run(openai_api.store.list_predictions(account_id=None, limit=2))
        return [each.id for each in found] if count == before + 2 else []

    caller = Leaving(openai_api, PATH, body)
    both = until(created, about="both", seconds=15)
    caller.leave()
    until(
        lambda: all(openai_api.get(each).status.is_terminal for each in both), about="the cancels", seconds=5
    )
    assert {openai_api.get(each).metadata["canceled_by"] for each in both} == {"caller_left"}


def test_a_server_that_stops_says_so_in_the_stream(openai_with: Callable[..., Api]) -> None:
    api = openai_with()
    call = streamed(api)
    hold = call.begun()
    say(api, hold, "Once")
    call.said("Once")
    api.stop_waiting()
    *_, last = call.chunks()
    assert last["error"]["error_id"] == "SERVICE_UNAVAILABLE"
    assert api.get(hold.prediction_id).status is Status.CANCELED
