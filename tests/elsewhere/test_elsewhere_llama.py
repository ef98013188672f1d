"""A real language model on llama.cpp's own server, as one of ours: chats, streams, tools, real stops."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from elsewhere.connected import FAR_KEY, Near, far, near
from foretell import catalog, config
from foretell.weights import Environments, Weights
from servers import KEY, Foretell, clean_environment, until

pytestmark = pytest.mark.needs("models")

LLAMA = """
import sys, threading, xllamacpp

settings = xllamacpp.CommonParams()
settings.model.path = sys.argv[1]
settings.n_ctx = 4096
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
settings.hostnames, settings.port = ["127.0.0.1"], 0
settings.n_parallel, settings.endpoint_slots, settings.verbosity = 1, True, -1
server = xllamacpp.Server(settings)
print("ready at", server.listening_address, flush=True)
threading.Event().wait()
"""
FUNCTION = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Rome", "Paris"]}},
            "required": ["city"],
        },
    },
}
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
QUESTION = [SYSTEM, {"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of llama.cpp's server with a small model."""
    folder = next(each for each in catalog.built_in() if each.name == "deepbrain")
    manifest = catalog.read_folder(folder, created_at=0).manifest
    cache = config.load(os.environ).cache_path
    python = next((cache / "environments").glob("builtin-*/bin/python"))
    assert Environments(cache).is_ready(manifest) and Weights(cache).is_ready(manifest)
    weights = cache / "weights" / manifest.weights[0].sha256 / manifest.weights[0].name
    said = tmp_path_factory.mktemp("llama") / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            [python, "-c", LLAMA, str(weights)], stdout=file, stderr=sys.stderr, env=clean_environment()
        )
    try:
        line = until(said.read_text, about="the start of llama.cpp's server")
        yield line.split()[-1]
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    # A short path: llama.cpp has a socket below it.
    with far(tmp_path_factory.mktemp("far"), sandbox=False) as server:
        yield server


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, llama: str) -> Iterator[Near]:
    with near(tmp_path_factory.mktemp("near")) as server:
        server.connect(llama, "smollm")
        yield server


def is_busy(llama: str) -> bool:
    slots: list[dict[str, Any]] = httpx.get(f"{llama}/slots").json()
    return any(each["is_processing"] for each in slots)


def test_it_chats_by_the_official_client_whole_and_streamed(here: Near) -> None:
    client = openai.OpenAI(base_url=f"{here.server.address}/v1", api_key=KEY)
    asked: Any = {"model": "smollm", "messages": QUESTION, "max_tokens": 24, "temperature": 0, "seed": 1}
    whole = client.chat.completions.create(**asked)
    assert "Paris" in (whole.choices[0].message.content or "")
    assert whole.usage is not None and whole.usage.prompt_tokens > 10 and whole.usage.completion_tokens > 3
    streamed = list(client.chat.completions.create(**asked, stream=True))
    pieces = [each.choices[0].delta.content or "" for each in streamed if each.choices]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len([each for each in pieces if each]) > 3


def test_it_answers_a_prediction_with_its_tokens(here: Near) -> None:
    ended = here.run("smollm", messages=QUESTION, max_tokens=4, temperature=0)
    assert ended["status"] == "succeeded", ended
    assert (ended["metrics"]["tokens_out"], ended["metadata"]["message"]) == (4, {"finish_reason": "length"})
    assert ended["metrics"]["tokens_in"] > 10


def test_it_keeps_to_a_schema(here: Near) -> None:
    schema = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    ended = here.run("smollm", messages=QUESTION, response_format=form, max_tokens=40, temperature=0)
    assert '"city"' in ended["output"], ended


def test_a_second_foretells_model_calls_functions_in_openais_words(here: Near, there: Foretell) -> None:
    # SmolLM2's own template knows no functions; our `deepbrain`, made of the same weights, does.
    asked = ("--kind", "openai", "--model", "deepbrain", "--key-variable", "FAR_KEY")
    choice = calling(here, here.connect(there.address, "caller", *asked))
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"])["city"] in {"Rome", "Paris"}


def calling(here: Near, model: str) -> dict[str, Any]:
    """The choice of a model that has to call a function."""
    body = {
        "model": model,
        "messages": [SYSTEM, {"role": "user", "content": "How is the weather in Rome?"}],
        "tools": [FUNCTION],
        "tool_choice": "required",
        "max_tokens": 120,
        "temperature": 0,
    }
    answer = here.client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["choices"][0]
    return found


def test_a_second_foretells_own_model_chats_and_is_stopped_there(here: Near, there: Foretell) -> None:
    model = here.connect(there.address, "far-brain", "--model", "deepbrain", "--key-variable", "FAR_KEY")
    ended = here.run(model, messages=QUESTION, max_tokens=24, temperature=0)
    assert "Paris" in ended["output"], ended
    made = here.create(model, prompt="Tell me a very long story.", max_tokens=2000)
    until(lambda: here.get(made)["output"], about="the story's beginning")
    here.client.post(f"/v1/predictions/{made}/cancel")
    with there.client(FAR_KEY) as that:
        live = lambda: that.get("/v1/predictions", params={"status": "processing"}).json()["data"]  # noqa: E731
        until(lambda: not live(), about="the cancel there")


def test_a_cancel_stops_the_model_there_and_its_tokens_are_known(here: Near, llama: str) -> None:
    asked = [SYSTEM, {"role": "user", "content": "Tell me a very long story."}]
    made = here.create("smollm", messages=asked, max_tokens=4000, logit_bias={"2": -100})
    until(lambda: here.get(made)["output"] and is_busy(llama), about="the story's beginning")
    here.client.post(f"/v1/predictions/{made}/cancel")
    until(lambda: not is_busy(llama), about="the end of the model's work", seconds=5)
    until(lambda: here.get(made)["metrics"].get("tokens_out"), about="what was used")
    used = here.get(made)["metrics"]
    assert used["tokens_in"] > 10 and 0 < used["tokens_out"] < 4000
    assert here.get(made)["metadata"]["stopped_by"] == "cooperative"


def test_a_talk_that_is_too_long_is_told_as_clients_expect_it(here: Near) -> None:
    messages = [{"role": "user", "content": "word " * 6000}]
    answer = here.client.post("/v1/chat/completions", json={"model": "smollm", "messages": messages})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "context_length_exceeded"


def test_the_path_of_its_weights_there_is_not_shown_here(here: Near) -> None:
    shown = here.client.get("/v1/models/smollm").text
    assert str(Path.home()) not in shown and "smollm2.gguf" in shown
