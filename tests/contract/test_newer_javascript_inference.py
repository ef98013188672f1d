"""Chat, responses, embeddings and safety as the TypeScript client 1.0.5 sends and reads them."""

import base64
import struct
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

import strict
from contract import callers
from contract.callers import EVENTS
from servers import Foretell

MODEL = "deepbrain-router"
SAID = "Ünïcödé 😀 語 und mehr"
PICTURE = "data:image/png;base64,iVBORw0KGgo="
CATEGORIES = {"hate", "self_harm", "sexual", "violence"}


@pytest.fixture
def newer(server: Foretell) -> Iterator[httpx.Client]:
    with callers.newer_javascript(server) as client:
        yield client


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}]} | more


def bytes_of(newer: httpx.Client, path: str, body: dict[str, Any]) -> list[bytes]:
    """A stream's bytes, one by one."""
    with newer.stream("POST", path, json=body, headers=EVENTS) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [bytes([each]) for chunk in answer.iter_raw() for each in chunk]


def test_an_unknown_model_is_an_error_with_all_that_the_client_takes(newer: httpx.Client) -> None:
    for path, body in (
        ("/chat/completions", chat("x", model="nope")),
        ("/responses", {"model": "nope", "input": "x"}),
        ("/embeddings", {"model": "nope", "input": "x"}),
    ):
        answer = newer.post(path, json=body)
        strict.check(strict.INFERENCE_ERROR, answer.json())
        error = answer.json()["error"]
        assert (answer.status_code, error["status"], error["error_id"]) == (404, 404, "MODEL_NOT_FOUND")
        assert (error["code"], error["type"]) == ("model_not_found", "invalid_request_error")
        assert error["request_id"] == answer.headers["x-request-id"]


def test_a_chat_stream_is_read_whole_though_it_is_cut_within_letters(newer: httpx.Client) -> None:
    pieces = bytes_of(newer, "/chat/completions", chat(SAID, stream=True))
    assert b"".join(pieces).rstrip().endswith(b"data: [DONE]")
    chunks = list(callers.said(pieces))
    text = "".join(each["choices"][0]["delta"].get("content") or "" for each in chunks)
    assert text == SAID
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_stream_may_be_asked_for_in_the_query(newer: httpx.Client) -> None:
    pieces = bytes_of(newer, "/chat/completions?stream=true", chat(SAID))
    assert len(list(callers.said(pieces))) > 1


def test_a_streams_refusal_is_an_http_error_before_it_begins(newer: httpx.Client) -> None:
    for path, body in (
        ("/chat/completions", chat("x", model="nope", stream=True)),
        ("/chat/completions", chat("x", stream=True, messages=[])),
        ("/responses", {"model": "nope", "input": "x", "stream": True}),
    ):
        answer = newer.post(path, json=body, headers=EVENTS)
        assert answer.status_code in {400, 404}
        strict.check(strict.INFERENCE_ERROR, answer.json())


def test_a_responses_stream_is_numbered_from_created_to_completed(newer: httpx.Client) -> None:
    body = {"model": MODEL, "input": SAID, "stream": True, "store": True}
    events = list(callers.said(bytes_of(newer, "/responses", body)))
    assert (events[0]["type"], events[-1]["type"]) == ("response.created", "response.completed")
    numbers = [each["sequence_number"] for each in events]
    assert numbers == sorted(set(numbers))
    assert events[-1]["response"]["usage"]["total_tokens"] > 0
    text = "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")
    assert text == SAID


def test_a_response_carries_the_context_of_the_one_before(newer: httpx.Client) -> None:
    first = newer.post("/responses", json={"model": MODEL, "input": "one two three", "store": True}).json()
    second = newer.post(
        "/responses", json={"model": MODEL, "input": "four", "previous_response_id": first["id"]}
    ).json()
    assert second["previous_response_id"] == first["id"]
    prediction = newer.get(f"/predictions/{UUID(second['id'].removeprefix('resp_'))}").json()
    said = [each["content"] for each in prediction["input"]["messages"]]
    assert said == ["one two three", "one two three", "four"]
    assert first["output"][0]["content"][0]["text"] == "one two three"


def test_embeddings_come_alone_in_a_batch_and_as_bytes(newer: httpx.Client) -> None:
    one = newer.post("/embeddings", json={"model": "embed", "input": "a"}).json()
    both = newer.post("/embeddings", json={"model": "embed", "input": ["b", "a"]}).json()
    assert [each["index"] for each in both["data"]] == [0, 1]
    assert both["data"][1]["embedding"] == pytest.approx(one["data"][0]["embedding"])
    body = {"model": "embed", "input": "a", "encoding_format": "base64"}
    blob = base64.b64decode(newer.post("/embeddings", json=body).json()["data"][0]["embedding"])
    numbers = struct.unpack(f"<{len(blob) // 4}f", blob)
    assert list(numbers) == pytest.approx(one["data"][0]["embedding"], abs=1e-6)


def test_a_safety_check_is_a_chat_of_sixteen_tokens_that_no_category_filtered(newer: httpx.Client) -> None:
    answer = newer.post("/chat/completions", json=chat("a harmless sentence", max_tokens=16)).json()
    [choice], [prompt] = answer["choices"], answer["prompt_filter_results"]
    assert set(choice["content_filter_results"]) >= CATEGORIES
    assert set(prompt["content_filter_results"]) >= CATEGORIES | {"jailbreak"}
    for results in (choice["content_filter_results"], prompt["content_filter_results"]):
        assert not any(each["filtered"] for each in results.values())


def test_a_safety_check_of_a_picture_is_a_chat_about_it_that_no_category_filtered(
    newer: httpx.Client,
) -> None:
    answer = newer.post("/chat/completions", json=about_a_picture("deepbrain-router")).json()
    [choice], [prompt] = answer["choices"], answer["prompt_filter_results"]
    for results in (choice["content_filter_results"], prompt["content_filter_results"]):
        assert set(results) >= CATEGORIES
        assert not any(each["filtered"] for each in results.values())
    prediction = newer.get(f"/predictions/{answer['id'].removeprefix('chatcmpl-')}").json()
    assert prediction["model"]["name"] == "read"


def test_words_beside_a_picture_are_judged_although_nobody_answers_them(newer: httpx.Client) -> None:
    body = about_a_picture("deepbrain-router", "sandbox:hate in the sky")
    answer = newer.post("/chat/completions", json=body).json()
    [choice], [prompt] = answer["choices"], answer["prompt_filter_results"]
    assert prompt["content_filter_results"]["hate"]["filtered"] is True
    assert (choice["finish_reason"], choice["message"]["content"]) == ("content_filter", "")


def test_a_response_to_a_picture_comes_from_the_model_that_reads_pictures(newer: httpx.Client) -> None:
    parts = [
        {"type": "input_text", "text": "What does it say?"},
        {"type": "input_image", "image_url": PICTURE},
    ]
    body = {"model": "deepbrain-router", "input": [{"role": "user", "content": parts}]}
    answer = newer.post("/responses", json=body).json()
    assert answer["status"] == "completed", answer
    assert answer["output"][0]["content"][0]["text"]


def test_a_picture_is_refused_by_a_model_that_sees_none_and_the_refusal_says_so(newer: httpx.Client) -> None:
    answer = newer.post("/chat/completions", json=about_a_picture("deepbrain"))
    strict.check(strict.INFERENCE_ERROR, answer.json())
    error = answer.json()["error"]
    assert (answer.status_code, error["error_id"]) == (400, "INVALID_PARAMETER")
    assert error["param"].startswith("messages")


def about_a_picture(model: str, text: str = "Is this safe?") -> dict[str, Any]:
    parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    return {"model": model, "messages": [{"role": "user", "content": parts}], "max_tokens": 16}
