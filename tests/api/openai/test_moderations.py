"""Moderation over HTTP, in the sandbox: whose marks make a text harmful, on the way in and on the way out."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import OpenAI

from servers import KEY, Foretell, running

SAFE = {"filtered": False, "severity": "safe"}
HIGH = {"filtered": True, "severity": "high"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    with running(tmp_path_factory.mktemp("sandbox"), "--sandbox", "--key", KEY, "--port", "0") as server:
        yield server


@pytest.fixture
def client(sandbox: Foretell) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=sandbox.address, headers=headers, timeout=30) as found:
        yield found


def judged(client: httpx.Client, given: Any, **more: Any) -> httpx.Response:
    return client.post("/v1/moderations", json={"input": given, **more})


def chatted(client: httpx.Client, text: str, **more: Any) -> httpx.Response:
    messages = [{"role": "user", "content": text}]
    return client.post(
        "/v1/chat/completions", json={"model": "deepbrain-router", "messages": messages, **more}
    )


def test_each_text_has_a_result_of_the_categories_that_are_judged(client: httpx.Client) -> None:
    found = judged(client, ["Hello.", "sandbox:self_harm"]).json()
    harmless, harmful = found["results"]
    assert found["model"] == "moderation"
    assert not harmless["flagged"]
    assert harmful["flagged"]
    assert harmful["categories"] == {"hate": False, "self-harm": True, "sexual": False, "violence": False}
    assert harmful["category_scores"]["self-harm"] == 1


def test_parts_make_one_result(client: httpx.Client) -> None:
    parts = [{"type": "text", "text": text} for text in ("sandbox:sexual", "Hello.")]
    (found,) = judged(client, parts).json()["results"]
    assert found["categories"]["sexual"]


@pytest.mark.parametrize(
    ("given", "status", "parameter"),
    [
        ({"input": []}, 400, "input"),
        ({"input": [{"type": "image_url", "image_url": {"url": "data:,"}}]}, 400, "input[0]"),
        ({"input": ["a", {"type": "text", "text": "b"}]}, 400, "input"),
        ({"input": ["a"] * 257}, 400, "input"),
        ({"input": "a" * 100_001}, 400, "input"),
        ({"input": "a", "model": "truefusion"}, 404, "model"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    client: httpx.Client, given: dict[str, Any], status: int, parameter: str
) -> None:
    found = client.post("/v1/moderations", json=given)
    assert (found.status_code, found.json()["error"]["param"]) == (status, parameter)


def test_openais_client_reads_it_and_finds_none_where_nobody_judged(sandbox: Foretell) -> None:
    asked = OpenAI(api_key=KEY, base_url=f"{sandbox.address}/v1")
    (found,) = asked.moderations.create(model="omni-moderation-latest", input="sandbox:violence").results
    assert found.flagged
    assert found.categories.violence
    assert found.categories.self_harm is False
    assert found.categories.harassment is None


def test_a_filtered_prompt_is_not_answered_and_says_why(client: httpx.Client) -> None:
    found = chatted(client, "sandbox:hate").json()
    (choice,) = found["choices"]
    (prompt,) = found["prompt_filter_results"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("content_filter", "")
    assert prompt["content_filter_results"]["hate"] == HIGH
    assert prompt["content_filter_results"]["violence"] == SAFE
    assert choice["content_filter_results"]["hate"]["severity"] == "not evaluated"


def test_a_jailbreak_is_filtered(client: httpx.Client) -> None:
    (prompt,) = chatted(client, "sandbox:jailbreak").json()["prompt_filter_results"]
    assert prompt["content_filter_results"]["jailbreak"] == {"filtered": True, "detected": True}


def test_a_filtered_answer_is_withheld_and_says_why(client: httpx.Client) -> None:
    (choice,) = chatted(client, "sandbox:answer:sexual").json()["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("content_filter", "")
    assert choice["content_filter_results"]["sexual"] == HIGH


def test_a_harmless_talk_is_safe_on_both_sides(client: httpx.Client) -> None:
    found = chatted(client, "Hello.").json()
    (choice,) = found["choices"]
    assert choice["message"]["content"]
    assert choice["content_filter_results"]["hate"] == SAFE
    assert found["prompt_filter_results"][0]["content_filter_results"]["hate"] == SAFE


def test_a_streamed_answer_was_said_when_its_end_tells_that_it_is_filtered(client: httpx.Client) -> None:
    lines = chatted(client, "Well, sandbox:answer:violence", stream=True).text.splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    said = "".join(choice["delta"].get("content") or "" for choice in choices)
    assert "sandbox:violence" in said
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["content_filter"]


def test_the_model_that_judges_is_not_listed_and_not_callable_by_name(client: httpx.Client) -> None:
    assert "moderation" not in client.get("/v1/models").text
    found = client.post("/v1/predictions", json={"model": "moderation", "input": {"texts": ["a"]}})
    assert found.status_code == 404
