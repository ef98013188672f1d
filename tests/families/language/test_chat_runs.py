"""Language models that were added without code, behind OpenAI's client and predictions."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai import BadRequestError, OpenAI

from families.language.asking import create, ended, run, seen
from servers import Foretell, until

pytestmark = [pytest.mark.needs("families"), pytest.mark.needs("models"), pytest.mark.timeout(300)]

REAL = ["smollm2", "smollm2-gguf"]
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
CAPITAL = [SYSTEM, {"role": "user", "content": "What is the capital of France?"}]
HELLO = [{"role": "user", "content": "Hello"}]
CAT = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "maximum": 30}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"],
        },
    },
}
LONG_TOKENS = 2000
CANCEL_SECONDS = 10.0


@pytest.mark.parametrize("model", REAL)
def test_it_answers_and_is_heard_word_by_word(client: OpenAI, model: str) -> None:
    chunks = list(
        client.chat.completions.create(
            model=model,
            messages=CAPITAL,
            temperature=0,
            max_tokens=30,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    pieces = [
        each.choices[0].delta.content for each in chunks if each.choices and each.choices[0].delta.content
    ]
    assert "".join(pieces) == "The capital of France is Paris."
    assert len(pieces) > 3
    reasons = [each.choices[0].finish_reason for each in chunks if each.choices]
    assert reasons[-1] == "stop"
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (27, 8)


@pytest.mark.parametrize("model", REAL)
def test_an_answer_in_json_is_of_the_schema_that_was_asked_for(client: OpenAI, model: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "cat", "schema": CAT}}
    asked = [SYSTEM, {"role": "user", "content": "Make up a cat."}]
    found = client.chat.completions.create(
        model=model, messages=asked, response_format=form, seed=3, max_tokens=60
    )
    cat = json.loads(found.choices[0].message.content)
    assert set(cat) == {"name", "age"}
    assert cat["age"] <= 30


@pytest.mark.parametrize("model", REAL)
def test_a_function_that_must_be_called_is_called_with_arguments_of_its_schema(
    client: OpenAI, model: str
) -> None:
    asked = [SYSTEM, {"role": "user", "content": "How is the weather in Rome?"}]
    found = client.chat.completions.create(
        model=model, messages=asked, tools=[TOOL], tool_choice="required", seed=1, max_tokens=60
    )
    [call] = found.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    assert found.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("model", REAL)
def test_a_canceled_answer_ends_at_its_next_word_and_the_next_one_begins(
    server: Foretell, model: str
) -> None:
    story = {"prompt": "Tell a very long story.", "max_tokens": LONG_TOKENS, "frequency_penalty": 1.0}
    made = create(server, model, **story)["id"]
    until(lambda: seen(server, made).get("output"), about="its first words", seconds=200)
    asked_at = time.monotonic()
    with server.client() as client:
        client.post(f"/v1/predictions/{made}/cancel").raise_for_status()
    found = ended(server, made)
    assert found["status"].startswith("cancel")
    answer = run(server, model, prompt="Say yes.", max_tokens=2)
    assert time.monotonic() - asked_at < CANCEL_SECONDS
    assert answer["metrics"]["tokens_out"] == 2


def test_a_model_that_calls_by_itself_is_heard_to_think_speak_and_call(client: OpenAI) -> None:
    asked = [{"role": "user", "content": "How is the weather in Rome?"}]
    heard: dict[str, str] = {}
    calls, reasons = [], []
    for chunk in client.chat.completions.create(
        model="tiny-caller", messages=asked, tools=[TOOL], temperature=0, max_tokens=120, stream=True
    ):
        for choice in chunk.choices:
            for name in ("reasoning_content", "content"):
                heard[name] = heard.get(name, "") + (getattr(choice.delta, name, None) or "")
            calls += choice.delta.tool_calls or []
            reasons += [choice.finish_reason] if choice.finish_reason else []
    assert heard == {"reasoning_content": "Let me look.", "content": "One moment."}
    [call] = calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Rome"})
    assert reasons == ["tool_calls"]


def test_the_models_show_what_they_can_do(server: Foretell) -> None:
    with server.client() as client:
        found = {each["namespace"]: each for each in client.get("/v1/models").json()}
    assert {"chat", "tools", "json"} <= set(found["smollm2"]["capabilities"])
    assert "chat" not in found["tiny-text"]["capabilities"]
    assert "vision" in found["tiny-vision"]["capabilities"]


def test_the_same_seed_says_the_same_and_another_something_else(server: Foretell) -> None:
    said = [
        run(server, "tiny-chat", prompt="Hello", max_tokens=24, temperature=1.0, seed=seed)["output"]
        for seed in (1, 1, 2)
    ]
    assert said[0] == said[1] != said[2]


def test_an_answer_without_room_ends_where_the_room_does(client: OpenAI) -> None:
    found = client.chat.completions.create(
        model="tiny-chat", messages=HELLO, max_tokens=128, extra_body={"seed": 1}
    )
    assert found.choices[0].finish_reason == "length"
    assert found.usage.total_tokens == 128


def test_a_talk_that_is_too_long_is_refused_as_openai_does(client: OpenAI) -> None:
    long = [{"role": "user", "content": "Hello world! " * 200}]
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(model="tiny-chat", messages=long)
    assert refused.value.code == "context_length_exceeded"


def test_a_template_that_knows_no_system_message_hears_it_from_the_user(client: OpenAI) -> None:
    short = client.chat.completions.create(model="tiny-chat", messages=HELLO, max_tokens=2)
    long = client.chat.completions.create(model="tiny-chat", messages=[SYSTEM, *HELLO], max_tokens=2)
    assert long.usage.prompt_tokens > short.usage.prompt_tokens


def test_talk_that_the_template_refuses_is_the_callers_to_mend(server: Foretell) -> None:
    turns = [SYSTEM, SYSTEM, *HELLO]
    found = ended(server, create(server, "tiny-chat", messages=turns)["id"])
    assert found["status"] == "failed"
    assert "chat template refuses" in str(found["error"])


def test_likely_words_are_named_with_how_likely_they_were(client: OpenAI) -> None:
    found = client.chat.completions.create(
        model="tiny-chat", messages=HELLO, max_tokens=3, temperature=0, logprobs=True, top_logprobs=2
    )
    tokens = found.choices[0].logprobs.content
    assert len(tokens) == 3
    assert all(each.logprob == each.top_logprobs[0].logprob > each.top_logprobs[1].logprob for each in tokens)


def test_an_answer_ends_before_a_stop(server: Foretell) -> None:
    asked = {"prompt": "Hello", "max_tokens": 40, "temperature": 1.0, "seed": 5}
    whole = run(server, "tiny-chat", **asked)["output"]
    stop = whole[10:13]
    cut = run(server, "tiny-chat", **asked, stop=[stop])
    assert cut["output"] == whole[: whole.index(stop)]
    assert cut["metrics"]["tokens_out"] < 40


def test_what_was_said_is_said_less_where_it_is_penalised(server: Foretell) -> None:
    asked = {"prompt": "Hello", "max_tokens": 60, "temperature": 0}
    plain = run(server, "tiny-chat", **asked)["output"]
    varied = run(server, "tiny-chat", **asked, presence_penalty=2.0, frequency_penalty=2.0)["output"]
    assert varied != plain
    assert len(set(varied)) > len(set(plain))


def test_several_at_once_are_all_answered_each_its_own(server: Foretell) -> None:
    def ask(seed: int) -> str:
        return run(server, "tiny-chat", prompt="Hello", max_tokens=20, temperature=1.0, seed=seed)["output"]

    with ThreadPoolExecutor(6) as callers:
        together = list(callers.map(ask, range(6)))
    assert together == [ask(seed) for seed in range(6)]
    assert len(set(together)) == 6


def test_a_model_without_a_template_goes_on_with_the_text(client: OpenAI, server: Foretell) -> None:
    found = run(server, "tiny-text", prompt="Hello", max_tokens=6, seed=1)
    assert found["output"]
    assert found["metrics"]["tokens_out"] == 6
    heard = client.chat.completions.create(model="tiny-text", messages=HELLO, max_tokens=6, seed=1)
    assert heard.choices[0].message.content == found["output"]
