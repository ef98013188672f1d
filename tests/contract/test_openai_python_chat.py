"""The official OpenAI client for Python, unmodified: chat and its errors."""

import asyncio
import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from servers import KEY, Foretell, until

HELLO: Any = [{"role": "user", "content": "Hello there, old friend"}]
MODEL = "deepbrain-router"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}


def test_a_chat_is_answered_with_its_usage(openai_client: OpenAI) -> None:
    answer = openai_client.chat.completions.create(model=MODEL, messages=HELLO)
    [choice] = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "Hello there, old friend")
    assert (choice.finish_reason, answer.object, answer.model) == ("stop", "chat.completion", MODEL)
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream_says_the_same_piece_by_piece_and_ends_with_usage(openai_client: OpenAI) -> None:
    stream = openai_client.chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == "Hello there, old friend"
    assert [each.choices[0].finish_reason for each in chunks if each.choices[0].finish_reason] == ["stop"]
    assert last.choices == []
    assert last.usage
    assert last.usage.total_tokens > 0
    assert len({each.id for each in [*chunks, last]}) == 1


def test_the_streaming_helper_gathers_a_completion(openai_client: OpenAI) -> None:
    with openai_client.chat.completions.stream(model=MODEL, messages=HELLO) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == "Hello there, old friend"


def test_a_streamed_body_may_be_read_raw(openai_client: OpenAI) -> None:
    create = openai_client.chat.completions.with_streaming_response.create
    with create(model=MODEL, messages=HELLO, stream=True) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all(json.loads(line.removeprefix("data: ")) for line in lines[:-1])


def test_headers_can_be_read_beside_an_answer(openai_client: OpenAI) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.headers["x-request-id"]
    assert raw.parse().choices[0].message.content == "Hello there, old friend"


def test_several_choices_have_an_index_each(openai_client: OpenAI) -> None:
    answer = openai_client.chat.completions.create(model=MODEL, messages=HELLO, n=3)
    assert [each.index for each in answer.choices] == [0, 1, 2]
    stream = openai_client.chat.completions.create(model=MODEL, messages=HELLO, n=2, stream=True)
    assert {each.index for chunk in stream for each in chunk.choices} == {0, 1}


def test_an_answer_is_cut_at_its_length(openai_client: OpenAI) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        cut: Any = {name: 2}
        [choice] = openai_client.chat.completions.create(model=MODEL, messages=HELLO, **cut).choices
        assert (choice.message.content, choice.finish_reason) == ("Hello there,", "length")


@pytest.mark.parametrize("stop", ["old", ["nothing", "old"]])
def test_an_answer_stops_where_it_is_told_to(openai_client: OpenAI, stop: Any) -> None:
    [choice] = openai_client.chat.completions.create(model=MODEL, messages=HELLO, stop=stop).choices
    assert choice.message.content is not None
    assert (choice.message.content.strip(), choice.finish_reason) == ("Hello there,", "stop")


def test_the_parameters_that_shade_an_answer_are_taken(openai_client: OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "system", "content": "Be brief."}, *HELLO],
        temperature=0.2,
        top_p=0.9,
        seed=7,
        user="somebody",
        metadata={"a": "b"},
    )
    assert answer.choices[0].message.content


def test_a_required_tool_is_called_with_arguments_of_its_schema(openai_client: OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model=MODEL, messages=HELLO, tools=[WEATHER], tool_choice="required"
    )
    [choice] = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls
    [call] = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)


def test_a_tool_call_is_streamed_in_pieces_that_make_the_same(openai_client: OpenAI) -> None:
    choice: Any = {"type": "function", "function": {"name": "weather"}}
    with openai_client.chat.completions.stream(
        model=MODEL, messages=HELLO, tools=[WEATHER], tool_choice=choice
    ) as stream:
        final = stream.until_done().get_final_completion()
    [call] = final.choices[0].message.tool_calls or []
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)


def test_a_tools_answer_goes_on_with_the_conversation(openai_client: OpenAI) -> None:
    called = openai_client.chat.completions.create(
        model=MODEL, messages=HELLO, tools=[WEATHER], tool_choice="required"
    )
    message = called.choices[0].message
    [call] = message.tool_calls or []
    messages: Any = [*HELLO, message, {"role": "tool", "tool_call_id": call.id, "content": "Sunny."}]
    answer = openai_client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


class Person(BaseModel):
    name: str
    age: int


def test_an_answer_of_a_schema_is_parsed(openai_client: OpenAI) -> None:
    parsed = openai_client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Person)
    assert isinstance(parsed.choices[0].message.parsed, Person)
    answer = openai_client.chat.completions.create(
        model=MODEL, messages=HELLO, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)


def test_the_async_client_chats_eight_at_once(server: Foretell) -> None:
    async def ask(client: AsyncOpenAI, number: int) -> str | None:
        messages: Any = [{"role": "user", "content": f"number {number}"}]
        return (
            (await client.chat.completions.create(model=MODEL, messages=messages)).choices[0].message.content
        )

    async def ask_all() -> list[str | None]:
        async with AsyncOpenAI(api_key=KEY, base_url=f"{server.address}/v1") as client:
            return await asyncio.gather(*(ask(client, number) for number in range(8)))

    assert asyncio.run(ask_all()) == [f"number {number}" for number in range(8)]


def test_an_unknown_model_is_not_found(openai_client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        openai_client.chat.completions.create(model="nope", messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert caught.value.request_id
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error_id"] == "MODEL_NOT_FOUND"


def test_a_wrong_key_is_an_authentication_error(server: Foretell) -> None:
    stranger = OpenAI(api_key="sk-wrong", base_url=f"{server.address}/v1", max_retries=0)
    calls: list[Any] = [
        lambda: stranger.chat.completions.create(model=MODEL, messages=HELLO),
        lambda: stranger.embeddings.create(model="embed", input="x"),
        lambda: stranger.responses.create(model=MODEL, input="x"),
        lambda: stranger.images.generate(prompt="x"),
        stranger.models.list,
        stranger.files.list,
    ]
    for call in calls:
        with pytest.raises(openai.AuthenticationError) as caught:
            call()
        assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"temperature": 99}, "temperature"),
        ({"n": 0}, "n"),
        ({"n": "two"}, "n"),
    ],
)
def test_what_is_wrong_is_a_bad_request_that_names_it(
    openai_client: OpenAI, wrong: dict[str, Any], param: str
) -> None:
    asked: Any = {"model": MODEL, "messages": HELLO} | wrong
    with pytest.raises(openai.BadRequestError) as caught:
        openai_client.chat.completions.create(**asked)
    assert (caught.value.param or "").startswith(param)
    assert caught.value.type == "invalid_request_error"


def test_a_model_that_cannot_chat_says_so(openai_client: OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        openai_client.chat.completions.create(model="truefusion", messages=HELLO)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error_id"] == "MODEL_NOT_SUPPORTED"


def test_a_model_that_fails_is_a_server_error_with_its_sentence(openai_client: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match="This model always fails") as caught:
        openai_client.chat.completions.create(model="fail", messages=HELLO)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error_id"] == "INFERENCE_ERROR"


def test_a_stream_whose_run_is_canceled_ends_with_an_error_and_not_as_if_it_were_whole(
    server: Foretell, openai_client: OpenAI
) -> None:
    stream = openai_client.chat.completions.create(model="slow", messages=HELLO, stream=True)
    with server.client() as caller, pytest.raises(openai.APIError, match="canceled"):
        for chunk in stream:
            caller.post(f"/v1/predictions/{chunk.id.removeprefix('chatcmpl-')}/cancel")


def test_a_caller_whose_time_is_up_leaves_nothing_running(server: Foretell, openai_client: OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        openai_client.with_options(timeout=0.5).chat.completions.create(model="slow", messages=HELLO)
    with server.client() as caller:

        def ended() -> str | None:
            [last] = caller.get("/v1/predictions?model=slow&per_page=1").json()["data"]
            return last["status"] if last["completed_at"] else None

        assert until(ended, about="the end") == "canceled"


def test_parts_of_text_and_the_developers_words_are_taken(openai_client: OpenAI) -> None:
    parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}]
    messages: Any = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts}]
    answer = openai_client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content
    assert answer is not None
    assert answer.split() == ["Hello", "there"]
