"""The official OpenAI client for Python, unmodified: responses."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import openai
import pytest
from openai import OpenAI

from servers import KEY, Foretell, running, until

MODEL = "deepbrain-router"
EVENTS = [
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
TOOL: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}


def test_a_response_is_complete(openai_client: OpenAI) -> None:
    answer = openai_client.responses.create(model=MODEL, input="Hello there", instructions="Be brief.")
    assert (answer.object, answer.status, answer.model) == ("response", "completed", MODEL)
    assert answer.output_text == "Hello there"
    assert answer.instructions == "Be brief."
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0


def test_an_input_may_be_a_list_of_messages(openai_client: OpenAI) -> None:
    messages: Any = [
        {"role": "user", "content": "First"},
        {"role": "assistant", "content": "Indeed"},
        {"role": "user", "content": [{"type": "input_text", "text": "Second"}]},
    ]
    assert openai_client.responses.create(model=MODEL, input=messages).output_text == "Second"


def test_a_stream_tells_its_events_in_their_order(openai_client: OpenAI) -> None:
    events = list(openai_client.responses.create(model=MODEL, input="Hello there friend", stream=True))
    names = [each.type for each in events]
    assert list(dict.fromkeys(names)) == EVENTS
    numbers = [each.sequence_number for each in events]
    assert numbers == sorted(set(numbers))
    text = "".join(each.delta for each in events if each.type == "response.output_text.delta")
    assert text == "Hello there friend"
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == text
    assert events[-1].response.usage


def test_the_streaming_helper_gathers_a_response(openai_client: OpenAI) -> None:
    with openai_client.responses.stream(model=MODEL, input="Hello there") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == "Hello there"


def test_a_stored_response_is_retrieved_continued_and_deleted(openai_client: OpenAI) -> None:
    first = openai_client.responses.create(model=MODEL, input="My name is Ada", store=True)
    second = openai_client.responses.create(model=MODEL, input="Again", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert openai_client.responses.retrieve(second.id).output_text == second.output_text
    said = openai_client.responses.input_items.list(first.id).data
    assert "My name is Ada" in json.dumps([each.to_dict() for each in said])
    openai_client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(first.id)


def test_a_conversation_is_carried_into_what_the_model_is_given(
    server: Foretell, openai_client: OpenAI
) -> None:
    first = openai_client.responses.create(model=MODEL, input="My name is Ada")
    second = openai_client.responses.create(model=MODEL, input="Again", previous_response_id=first.id)
    prediction_id = str(UUID(second.id.removeprefix("resp_")))
    with server.client() as caller:
        given = caller.get(f"/v1/predictions/{prediction_id}").json()["input"]["messages"]
    assert [(each["role"], each["content"]) for each in given] == [
        ("user", "My name is Ada"),
        ("assistant", first.output_text),
        ("user", "Again"),
    ]


def test_what_was_not_stored_cannot_be_retrieved_or_continued(openai_client: OpenAI) -> None:
    made = openai_client.responses.create(model=MODEL, input="Hello", store=False)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(made.id)
    with pytest.raises((openai.NotFoundError, openai.BadRequestError)) as caught:
        openai_client.responses.create(model=MODEL, input="Again", previous_response_id=made.id)
    assert caught.value.param == "previous_response_id"


def test_a_response_in_the_background_is_polled_until_it_is_completed(openai_client: OpenAI) -> None:
    made = openai_client.responses.create(model=MODEL, input="Hello there", background=True)
    assert made.status in {"queued", "in_progress"}

    def completed() -> Any:
        found = openai_client.responses.retrieve(made.id)
        return found if found.status == "completed" else None

    assert until(completed, about="the end").output_text == "Hello there"


def test_a_response_in_the_background_is_canceled(openai_client: OpenAI) -> None:
    made = openai_client.responses.create(model="slow", input="x", background=True)
    assert openai_client.responses.cancel(made.id).status == "cancelled"
    assert openai_client.responses.retrieve(made.id).status == "cancelled"


def test_a_background_stream_is_resumed_behind_the_last_event(openai_client: OpenAI) -> None:
    created = openai_client.responses.create(
        model=MODEL, input="Hello there friend", background=True, stream=True
    )
    seen: list[Any] = []
    for event in created:
        seen.append(event)
        if event.type == "response.output_text.delta":
            break
    created.close()
    rest = list(
        openai_client.responses.retrieve(
            seen[0].response.id, stream=True, starting_after=seen[-1].sequence_number
        )
    )
    assert rest[0].sequence_number == seen[-1].sequence_number + 1
    assert rest[-1].type == "response.completed"
    text = "".join(each.delta for each in [*seen, *rest] if each.type == "response.output_text.delta")
    assert text == rest[-1].response.output_text == "Hello there friend"


def test_a_function_is_called_and_its_answer_given_back(openai_client: OpenAI) -> None:
    asked: Any = {"tools": [TOOL], "tool_choice": "required"}
    made = openai_client.responses.create(model=MODEL, input="How is it?", **asked)
    [call] = [each for each in made.output if each.type == "function_call"]
    assert call.name == "weather"
    assert isinstance(json.loads(call.arguments)["city"], str)
    given: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "Sunny."}]
    after = openai_client.responses.create(
        model=MODEL, input=given, previous_response_id=made.id, tools=[TOOL]
    )
    assert after.status == "completed"
    assert after.output_text


def test_an_answer_cut_at_its_length_is_incomplete(openai_client: OpenAI) -> None:
    made = openai_client.responses.create(model=MODEL, input="one two three four", max_output_tokens=2)
    assert made.status == "incomplete"
    assert made.incomplete_details
    assert made.incomplete_details.reason == "max_output_tokens"


def test_a_conversation_goes_on_after_a_restart(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    with running(tmp_path, *options) as first, OpenAI(api_key=KEY, base_url=f"{first.address}/v1") as client:
        made = client.responses.create(model=MODEL, input="My name is Ada")
        first.kill()
    with (
        running(tmp_path, *options) as second,
        OpenAI(api_key=KEY, base_url=f"{second.address}/v1") as client,
    ):
        assert client.responses.retrieve(made.id).output_text == "My name is Ada"
        again = client.responses.create(model=MODEL, input="Again", previous_response_id=made.id)
    assert again.status == "completed"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"model": "nope"}, openai.NotFoundError),
        ({"previous_response_id": "resp_nope"}, openai.BadRequestError),
        ({"input": 5}, openai.BadRequestError),
        ({"tools": [{"type": "web_search"}]}, openai.BadRequestError),
        ({"model": "truefusion"}, openai.UnprocessableEntityError),
    ],
)
def test_what_cannot_be_is_refused_in_the_clients_words(
    openai_client: OpenAI, wrong: dict[str, Any], error: type[openai.APIStatusError]
) -> None:
    asked: Any = {"model": MODEL, "input": "Hello"} | wrong
    with pytest.raises(error):
        openai_client.responses.create(**asked)


def test_an_unknown_response_is_not_found(openai_client: OpenAI) -> None:
    for call in (
        openai_client.responses.retrieve,
        openai_client.responses.cancel,
        openai_client.responses.delete,
        openai_client.responses.input_items.list,
    ):
        with pytest.raises(openai.NotFoundError):
            call("resp_nope")
