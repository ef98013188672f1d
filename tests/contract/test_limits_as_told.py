"""What the official clients see of a limit: 429 with a whole number of seconds to wait."""

from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from skytells import SkytellsClient, SkytellsError

import strict
from contract import callers
from servers import Foretell

HELLO: Any = [{"role": "user", "content": "Hello"}]
ECHO = {"model": "echo", "input": {"prompt": "x"}}


@pytest.fixture
def spent(server: Foretell) -> str:
    """A key that may create one prediction a minute, and has."""
    with server.client() as operator:
        asked = {"name": "small", "requests_per_minute": 1}
        made: dict[str, str] = operator.post("/v1/admin/keys", json=asked).json()
    first = httpx.post(f"{server.address}/v1/predict", json=ECHO, headers={"x-api-key": made["key"]})
    assert first.status_code == 200
    assert "retry-after" not in first.headers
    assert first.headers["x-skytells-ratelimit-remaining-requests"] == "0"
    return made["key"]


def test_the_python_client_sees_the_limit(server: Foretell, spent: str) -> None:
    client = SkytellsClient(spent, base_url=f"{server.address}/v1")
    with pytest.raises(SkytellsError) as caught:
        client.predictions.create(ECHO)
    assert (caught.value.error_id, caught.value.http_status) == ("RATE_LIMIT_EXCEEDED", 429)
    assert isinstance(caught.value.details, str)
    assert client.predictions.list().data  # what only reads does not count


def test_a_refusal_says_in_whole_seconds_when_to_come_back(server: Foretell, spent: str) -> None:
    with callers.newer_javascript(server) as caller:
        caller.headers["x-api-key"] = spent
        answer = caller.post("/predict", json=ECHO)
        strict.check_refusal(answer, 429, "RATE_LIMIT_EXCEEDED")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        chat = caller.post("/chat/completions", json={"model": "deepbrain-router", "messages": HELLO})
    strict.check(strict.INFERENCE_ERROR, chat.json())
    assert (chat.status_code, chat.json()["error"]["error_id"]) == (429, "RATE_LIMITED")
    assert 1 <= int(chat.headers["retry-after"]) <= 60


def test_openais_client_raises_its_own_class(server: Foretell, spent: str) -> None:
    client = OpenAI(api_key=spent, base_url=f"{server.address}/v1", max_retries=0)
    calls: list[Any] = [
        lambda: client.chat.completions.create(model="deepbrain-router", messages=HELLO),
        lambda: client.chat.completions.create(model="deepbrain-router", messages=HELLO, stream=True),
        lambda: client.responses.create(model="deepbrain-router", input="x"),
        lambda: client.embeddings.create(model="embed", input="x"),
        lambda: client.images.generate(model="truefusion", prompt="x"),
        lambda: client.audio.speech.create(model="speech", voice="alloy", input="x", response_format="wav"),
    ]
    for call in calls:
        with pytest.raises(openai.RateLimitError) as caught:
            call()
        assert caught.value.type == "rate_limit_error"
        assert int(caught.value.response.headers["retry-after"]) >= 1
