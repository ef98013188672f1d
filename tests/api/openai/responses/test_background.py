"""Responses in the background: fetched, read again from any event on, canceled."""

from typing import Any

import pytest

from foretell.event import Kind
from responding import Events, Talks, checked, prediction_of, text_of
from servers import until

ASKED = {"model": "talker", "input": "Hello?", "background": True}
STRIDE = 10_000_000


def created(talks: Talks, **more: Any) -> dict[str, Any]:
    return checked(talks.post(ASKED | more))


def first_events(talks: Talks, count: int) -> list[str]:
    """What a reader gets who leaves after so many events."""
    found: list[str] = []
    with (
        talks.api.client() as client,
        client.stream("POST", "/v1/responses", json=ASKED | {"stream": True}) as answer,
    ):
        for line in answer.iter_lines():
            found += [line] if line.startswith("data: ") else []
            if len(found) == count:
                break
    return found


def test_a_response_in_the_background_is_answered_at_once_and_fetched_later(either_talks: Talks) -> None:
    talks = either_talks
    body = created(talks)
    assert (body["status"], body["background"], body["output"], body["usage"]) == ("queued", True, [], None)
    hold = talks.api.begin(prediction_of(body))
    assert checked(talks.get(body["id"]))["status"] == "in_progress"
    talks.finish(hold, "Hello!")
    done = checked(talks.get(body["id"]))
    assert (done["status"], text_of(done)) == ("completed", "Hello!")


def test_a_failure_in_the_background_is_an_answer(talks: Talks) -> None:
    body = created(talks)
    talks.api.fail(talks.api.begin(prediction_of(body)), "raised", "The model is confused.")
    failed = checked(talks.get(body["id"]))
    assert (failed["status"], failed["error"]["message"]) == ("failed", "The model is confused.")


def test_a_response_in_the_background_can_be_canceled_again_and_again(talks: Talks) -> None:
    body = created(talks)
    for _ in range(2):
        canceled = checked(talks.post({}, f"/{body['id']}/cancel"))
        assert (canceled["status"], canceled["error"]) == ("cancelled", None)
    assert talks.api.get(prediction_of(body)).status.value == "canceled"


def test_canceling_what_is_complete_changes_nothing(talks: Talks) -> None:
    body = created(talks)
    talks.finish(talks.api.begin(prediction_of(body)), "Hello!")
    assert checked(talks.post({}, f"/{body['id']}/cancel"))["status"] == "completed"


def test_a_response_that_is_not_in_the_background_cannot_be_canceled(talks: Talks) -> None:
    body = talks.answered("Hello!")
    answer = talks.post({}, f"/{body['id']}/cancel")
    assert (answer.status_code, answer.json()["error"]["error_id"]) == (400, "INVALID_REQUEST")


def test_a_canceled_response_ends_its_stream_as_failed(talks: Talks) -> None:
    with talks.streamed(background=True) as (events, hold):
        talks.say(hold, "Once")
        response_id = events.until("response.output_text.delta")["item_id"].replace("msg_", "resp_")[:37]
        talks.post({}, f"/{response_id}/cancel")
        last = events.all()[-1]
    assert (last["type"], last["response"]["status"]) == ("response.failed", "cancelled")
    assert last["response"]["error"]["message"] == "The response was cancelled."


def test_a_reader_who_left_goes_on_where_they_were(either_talks: Talks) -> None:
    talks = either_talks
    assert len(first_events(talks, 2)) == 2
    [prediction], _ = talks.api.run(talks.api.store.list_predictions(account_id=None, limit=1))
    hold = talks.api.begin(prediction.id)
    response_id = f"resp_{prediction.id.replace('-', '')}"
    talks.say(hold, "One ", "two ")
    path = f"/v1/responses/{response_id}?stream=true&starting_after=1"
    with talks.api.client() as client, client.stream("GET", path) as answer:
        events = Events(answer)
        until(lambda: len(events.said) == 5, about="what was said before")
        talks.api.say(hold, 3, Kind.OUTPUT, value="three.")
        talks.finish(hold, "One two three.")
        said = events.all()
    assert [each["sequence_number"] for each in said] == list(range(2, 12))
    assert text_of(said[-1]["response"]) == "One two three."
    assert talks.read(response_id, 1) == said
    assert talks.read(response_id, 11) == []


def test_a_reader_of_a_run_that_was_lost_is_told_to_begin_again(talks: Talks) -> None:
    body = created(talks)
    hold = talks.api.begin(prediction_of(body))
    talks.say(hold, "One ", "two ")
    talks.api.run(talks.api.store.release(hold, lost=True))
    again = talks.api.begin(prediction_of(body))
    talks.say(again, "Three.")
    talks.finish(again, "Three.")
    answer = talks.get(body["id"], "?stream=true&starting_after=6")
    assert (answer.status_code, answer.json()["error"]["param"]) == (409, "starting_after")
    said = talks.read(body["id"])
    assert [each["sequence_number"] for each in said[:4]] == [0, 1, 2, STRIDE]
    assert text_of(said[-1]["response"]) == "Three."
    assert talks.read(body["id"], 2) == said[3:]


def test_a_response_of_a_run_that_was_lost_goes_on_without_its_reader(talks: Talks) -> None:
    with talks.streamed(background=True) as (events, hold):
        talks.say(hold, "One ")
        events.until("response.output_text.delta")
        talks.api.run(talks.api.store.release(hold, lost=True))
        again = talks.api.begin(hold.prediction_id)
        assert events.all()[-1]["type"] == "error"
    talks.finish(again, "Two.")
    response_id = events.said[0]["response"]["id"]
    assert text_of(checked(talks.get(response_id))) == "Two."


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_nobody_waits_where_all_seats_are_taken(api_with: Any, stream: bool) -> None:
    talks = Talks(api_with(waiting_callers_max=0))
    answer = talks.post({"model": "talker", "input": "Hello?", "stream": stream})
    assert (answer.status_code, answer.json()["error"]["error_id"]) == (503, "OVERLOADED")
    assert talks.post(ASKED | {"stream": stream}).status_code == (503 if stream else 200)
