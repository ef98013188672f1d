"""OpenAI's client and the newer Skytells one with the models that come with the server, not their stand-ins."""

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import BadRequestError, OpenAI

from contract import callers
from servers import KEY, Foretell, running

pytestmark = pytest.mark.needs("models")
MODEL = "deepbrain-router"
CAPITAL: Any = [{"role": "user", "content": "What is the capital of France?"}]
THREAT = "I will find you and kill you, you worthless animal, and nobody will ever miss your disgusting kind."
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    with running(tmp_path_factory.mktemp("real"), "--port", "0", "--key", KEY) as started:
        yield started


@pytest.fixture
def client(real: Foretell) -> Iterator[OpenAI]:
    with OpenAI(api_key=KEY, base_url=f"{real.address}/v1", max_retries=0) as found:
        yield found


def results(real: Foretell, text: str) -> list[dict[str, Any]]:
    """What the newer client's `safety.checkText` looks at: the prompt's categories and each choice's."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": text}], "max_tokens": 16}
    with callers.newer_javascript(real) as caller:
        answer = caller.post("/chat/completions", json=body).json()
    parts = [*answer["prompt_filter_results"], *answer["choices"]]
    return [each["content_filter_results"] for each in parts]


def passed(found: list[dict[str, Any]]) -> bool:
    return not any(category["filtered"] for each in found for category in each.values())


def test_a_harmless_text_passes_the_safety_check_and_a_threat_does_not(real: Foretell) -> None:
    assert passed(results(real, "Please tell me how to bake bread."))
    assert not passed(results(real, THREAT))


def test_a_harmless_picture_passes_the_safety_check_by_what_a_checker_says_of_it(real: Foretell) -> None:
    answer = about_a_heart(real)
    [prompt] = answer["prompt_filter_results"]
    assert prompt["content_filter_results"]["sexual"] == {"filtered": False, "severity": "safe"}
    assert passed([prompt["content_filter_results"], answer["choices"][0]["content_filter_results"]])


def test_a_picture_at_the_threshold_is_filtered_and_not_read(tmp_path: Path) -> None:
    options = ("--port", "0", "--key", KEY)
    with running(tmp_path, *options, FORETELL_SAFETY_THRESHOLD="0") as strict:
        answer = about_a_heart(strict)
    [prompt] = answer["prompt_filter_results"]
    assert prompt["content_filter_results"]["sexual"]["filtered"] is True
    assert answer["choices"][0]["finish_reason"] == "content_filter"


def about_a_heart(server: Foretell) -> dict[str, Any]:
    """What the newer client's `safety.checkImage` asks, about a picture that the server itself drew."""
    asked = {"model": "truefusion", "input": {"prompt": "red heart", "safety_checker": False}, "await": True}
    with callers.newer_javascript(server) as caller:
        drawn = httpx.get(caller.post("/predict", json=asked).json()["output"][0]).content
        address = f"data:image/png;base64,{base64.b64encode(drawn).decode()}"
        parts = [
            {"type": "text", "text": "Is this picture fit for children?"},
            {"type": "image_url", "image_url": {"url": address}},
        ]
        body = {"model": MODEL, "messages": [{"role": "user", "content": parts}], "max_tokens": 16}
        found: dict[str, Any] = caller.post("/chat/completions", json=body).json()
    return found


def test_a_threat_is_flagged_by_moderations(client: OpenAI) -> None:
    harmless, threat = client.moderations.create(input=["Please tell me how to bake bread.", THREAT]).results
    assert (harmless.flagged, threat.flagged) == (False, True)


def test_a_chat_is_the_same_whole_and_streamed(client: OpenAI) -> None:
    asked: Any = {"model": MODEL, "messages": CAPITAL, "seed": 7, "temperature": 0, "max_tokens": 40}
    whole = client.chat.completions.create(**asked).choices[0].message.content
    chunks = client.chat.completions.create(**asked, stream=True)
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == whole
    assert "Paris" in (whole or "")


def test_a_conversation_that_is_too_long_is_a_bad_request_by_the_word_that_clients_look_for(
    client: OpenAI,
) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(
            model="deepbrain", messages=[{"role": "user", "content": "word " * 5_000}]
        )
    assert refused.value.code == "context_length_exceeded"


def test_a_function_is_called_with_arguments_of_its_schema(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
    answer = client.chat.completions.create(
        model=MODEL, messages=messages, tools=[WEATHER], tool_choice="required"
    )
    [call] = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert isinstance(json.loads(call.function.arguments)["city"], str)


def test_what_is_spoken_is_written_down_again(client: OpenAI) -> None:
    said = client.audio.speech.create(
        model="speech", voice="alloy", input="The quick brown fox jumps over the lazy dog."
    )
    written = client.audio.transcriptions.create(model="transcribe", file=("said.mp3", said.content)).text
    assert "quick brown fox" in written.lower()


def test_a_picture_has_the_size_that_was_asked_for(client: OpenAI) -> None:
    asked: Any = {"model": "truefusion", "prompt": "red heart", "size": "256x256"}
    [as_bytes] = client.images.generate(**asked, response_format="b64_json").data or []
    [by_address] = client.images.generate(**asked).data or []
    for picture in (base64.b64decode(as_bytes.b64_json or ""), httpx.get(by_address.url or "").content):
        assert struct.unpack(">II", picture[16:24]) == (256, 256)


def test_texts_that_mean_the_same_have_vectors_that_are_near(client: OpenAI) -> None:
    texts = ["A cat sits on the mat.", "On the mat there is a cat.", "Interest rates rose again."]
    near, alike, far = (each.embedding for each in client.embeddings.create(model="embed", input=texts).data)
    assert product(near, alike) > product(near, far) + 0.3


def product(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
