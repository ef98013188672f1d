"""A response as events: which come, in which order, under which numbers."""

from typing import Any

import pytest

from responding import Talks, prediction_of, text_of
from servers import until

NINE = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
BEGUN = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a'}}
GOES_ON = {"index": 0, "function": {"arguments": '":1}'}}
SECOND = {"index": 1, "id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
CALLS: list[dict[str, Any]] = [
    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
    {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """The types of events, each once where it comes several times in a row."""
    found = [each["type"] for each in events]
    return [each for place, each in enumerate(found) if place == 0 or found[place - 1] != each]


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [each["sequence_number"] for each in events]


def test_a_text_is_told_by_nine_events_with_rising_numbers(either_talks: Talks) -> None:
    talks = either_talks
    with talks.streamed() as (events, hold):
        talks.say(hold, "Hel", "lo é!")
        talks.finish(hold, "Hello é!")
        said = events.all()
    assert kinds(said) == NINE
    assert numbers(said) == list(range(10))
    assert "".join(each["delta"] for each in said if each["type"] == NINE[4]) == "Hello é!"
    assert said[0]["response"]["status"] == "in_progress"
    last = said[-1]["response"]
    assert (last["status"], text_of(last), last["usage"]["output_tokens"]) == ("completed", "Hello é!", 3)
    assert last == talks.get(last["id"]).json()


def test_the_answer_of_a_model_that_does_not_stream_is_told_in_one_piece(talks: Talks) -> None:
    with talks.streamed(model="plain") as (events, hold):
        talks.finish(hold, "Hello!")
        said = events.all()
    assert [each["type"] for each in said] == NINE
    assert said[4]["delta"] == "Hello!"


def test_an_empty_answer_has_all_its_events(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.finish(hold, "")
        assert [each["type"] for each in events.all()] == NINE


def test_calls_of_functions_are_told_as_they_are_written(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.say(
            hold, "Let me see.", {"tool_calls": [BEGUN]}, {"tool_calls": [GOES_ON]}, {"tool_calls": [SECOND]}
        )
        talks.finish(hold, "Let me see.", message={"tool_calls": CALLS, "finish_reason": "tool_calls"})
        said = events.all()
    pieces = [each for each in said if each["type"] == "response.function_call_arguments.delta"]
    assert [(each["output_index"], each["delta"]) for each in pieces] == [(1, '{"a'), (1, '":1}'), (2, "{}")]
    whole = [each for each in said if each["type"] == "response.function_call_arguments.done"]
    assert [(each["name"], each["arguments"]) for each in whole] == [("f", '{"a":1}'), ("g", "{}")]
    added = [each["item"]["type"] for each in said if each["type"] == "response.output_item.added"]
    assert added == ["message", "function_call", "function_call"]
    assert said[-1]["response"] == talks.get(said[-1]["response"]["id"]).json()


def test_thoughts_are_told_in_an_item_of_their_own(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.say(hold, {"reasoning_content": "Two "}, {"reasoning_content": "and two."}, "Four.")
        talks.finish(hold, "Four.", message={"reasoning_content": "Two and two."})
        said = events.all()
    assert [each["type"] for each in said if each["type"].startswith("response.reasoning")] == [
        "response.reasoning_text.delta",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
    ]
    assert said[-1]["response"] == talks.get(said[-1]["response"]["id"]).json()


def test_chances_of_tokens_come_when_the_text_is_done(talks: Talks) -> None:
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
    with talks.streamed() as (events, hold):
        talks.say(hold, "Hi", {"logprobs": {"content": [token]}})
        talks.finish(hold, "Hi", message={"logprobs": {"content": [token]}})
        said = events.all()
    assert said[5]["logprobs"] == [token]
    assert said[-1]["response"]["output"][0]["content"][0]["logprobs"] == [token]


def test_an_answer_that_ends_early_ends_with_incomplete(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.say(hold, "Once")
        talks.finish(hold, "Once", message={"finish_reason": "length"})
        last = events.all()[-1]
    assert (last["type"], last["response"]["status"]) == ("response.incomplete", "incomplete")
    assert last["response"]["output"][0]["status"] == "incomplete"


def test_a_run_that_fails_ends_with_failed(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.say(hold, "Once")
        talks.api.fail(hold, "raised", "The model is confused.")
        last = events.all()[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["error"] == {"code": "server_error", "message": "The model is confused."}
    assert text_of(last["response"]) == "Once"


def test_a_run_that_is_lost_after_its_first_word_ends_the_stream_with_an_error(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.say(hold, "Once")
        events.until("response.output_text.delta")
        talks.api.run(talks.api.store.release(hold, lost=True))
        talks.api.begin(hold.prediction_id)
        said = events.all()
    assert (said[-1]["type"], said[-1]["code"]) == ("error", "server_error")
    assert numbers(said) == sorted(set(numbers(said)))
    until(lambda: talks.api.get(hold.prediction_id).status.value == "canceled", about="the cancel")


def test_a_run_that_is_lost_before_its_first_word_is_answered_by_the_next(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.api.run(talks.api.store.release(hold, lost=True))
        again = talks.api.begin(hold.prediction_id)
        talks.say(again, "Hello!")
        talks.finish(again, "Hello!")
        said = events.all()
    assert [each["type"] for each in said] == NINE
    assert numbers(said) == sorted(set(numbers(said)))


def test_what_was_withheld_is_not_told_to_those_who_come_later(talks: Talks) -> None:
    with talks.streamed() as (events, hold):
        talks.say(hold, "Some", "thing bad")
        talks.finish(hold, "", message={"finish_reason": "content_filter"})
        said = events.all()
    response_id = said[0]["response"]["id"]
    assert text_of(said[-1]["response"]) == "Something bad"
    later = talks.read(response_id)
    assert numbers(later) == numbers(said)
    assert "bad" not in str(later)


def test_events_of_a_stored_response_are_the_same_at_each_reading(either_talks: Talks) -> None:
    talks = either_talks
    with talks.streamed() as (events, hold):
        talks.say(
            hold,
            {"reasoning_content": "Hm."},
            "One ",
            "two.",
            {"tool_calls": [BEGUN]},
            {"tool_calls": [GOES_ON]},
        )
        talks.finish(hold, "One two.", message={"reasoning_content": "Hm.", "tool_calls": CALLS[:1]})
        said = events.all()
    response_id = said[0]["response"]["id"]
    whole = talks.read(response_id)
    assert whole == said
    for number in numbers(said):
        assert talks.read(response_id, number) == said[number + 1 :]


def test_a_stream_can_be_asked_for_in_the_address(talks: Talks) -> None:
    with talks.api.client() as client:
        path, body = "/v1/responses?stream=true", {"model": "talker", "input": "Hi."}
        with client.stream("POST", path, json=body) as answer:
            assert next(answer.iter_lines()) == "event: response.created"


@pytest.mark.parametrize("place", ["first", "-1", "1.5"])
def test_a_place_that_is_no_number_is_refused(talks: Talks, place: str) -> None:
    body = talks.answered("Hello!")
    answer = talks.get(body["id"], f"?stream=true&starting_after={place}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "starting_after")


def test_lines_are_such_as_the_strictest_reader_takes(talks: Talks) -> None:
    body = talks.answered("Hello é!")
    with talks.api.client() as client:
        raw = client.get(f"/v1/responses/{body['id']}?stream=true").content
    assert raw.isascii()
    for block in raw.decode().strip().split("\n\n"):
        event, data = block.split("\n")
        assert event.startswith("event: ")
        assert data.startswith('data: {"type":')


def test_a_response_is_its_prediction(talks: Talks) -> None:
    body = talks.answered("Hello!")
    with talks.api.client() as client:
        shown = client.get(f"/v1/predictions/{prediction_of(body)}").json()
    assert (shown["status"], shown["output"]) == ("succeeded", "Hello!")
