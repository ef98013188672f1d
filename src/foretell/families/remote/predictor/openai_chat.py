"""A model that chats, on a server that speaks OpenAI's language."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Optional, Union

import settings
from cog import AsyncConcatenateIterator, BasePredictor, Input
from refusals import as_error, said
from server import Ask, Server
from server_events import END

from foretell import delta, metric, progress

Chunk = dict[str, Any]


class Chat(BasePredictor):
    async def setup(self) -> None:
        self.server = Server(settings)

    async def predict(
        self,
        prompt: str = Input(
            default="", description="What to answer. With `messages`, the last thing the user says."
        ),
        messages: Optional[list[dict]] = Input(
            default=None,
            description="The talk so far: objects with a `role` (system, user, assistant, tool) and `content`.",
        ),
        system_prompt: str = Input(
            default="",
            description="How to behave. Left out if `messages` begin with a system message of their own.",
        ),
        max_tokens: Optional[int] = Input(
            default=None, ge=1, le=1_000_000, description="The answer's length at most, in tokens."
        ),
        temperature: Optional[float] = Input(
            default=None,
            ge=0.0,
            le=2.0,
            description="How freely words are chosen; 0 always takes the likeliest.",
        ),
        top_p: Optional[float] = Input(
            default=None,
            ge=0.0,
            le=1.0,
            description="Choose among the likeliest words that together reach this share.",
        ),
        repeat_penalty: Optional[float] = Input(
            default=None,
            ge=1.0,
            le=2.0,
            description="Above 1, words already said become less likely, where the server knows this.",
        ),
        frequency_penalty: Optional[float] = Input(
            default=None,
            ge=-2.0,
            le=2.0,
            description="Above 0, words become less likely the oftener they came.",
        ),
        presence_penalty: Optional[float] = Input(
            default=None, ge=-2.0, le=2.0, description="Above 0, words that came at all become less likely."
        ),
        seed: Optional[int] = Input(
            default=None, ge=0, le=4294967294, description="The same seed and input give the same answer."
        ),
        stop: Optional[list[str]] = Input(
            default=None, description="End before any of these strings, which are not part of the answer."
        ),
        tools: Optional[list[dict]] = Input(
            default=None,
            description="Functions that may be called, as OpenAI writes them: a name, a description, `parameters`.",
        ),
        tool_choice: Union[str, dict] = Input(
            default="auto",
            description="`auto`, `none`, `required` (call one of the tools), or the tool to call.",
        ),
        parallel_tool_calls: Optional[bool] = Input(
            default=None, description="Whether several functions may be called at once."
        ),
        response_format: Optional[dict] = Input(
            default=None,
            description='`{"type": …}`: `text`, `json_object`, or `json_schema` with its `json_schema.schema`.',
        ),
        reasoning_effort: Optional[str] = Input(
            default=None, description="How long to think first, for models that do."
        ),
        logit_bias: Optional[dict] = Input(
            default=None, description="Tokens by their numbers, and how much likelier each is made."
        ),
        logprobs: bool = Input(default=False, description="Say how likely each token was."),
        top_logprobs: int = Input(
            default=0, ge=0, le=20, description="With `logprobs`: how many other likely tokens to name."
        ),
    ) -> AsyncConcatenateIterator[str]:
        body = {
            "model": settings.MODEL,
            "messages": _talk(prompt, messages or [], system_prompt),
            "stream": True,
            "stream_options": {"include_usage": True, **settings.STREAM_OPTIONS},
            settings.LENGTH_FIELD: max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            # llama.cpp and Ollama call it this, vLLM and SGLang that; each passes over the other.
            "repeat_penalty": repeat_penalty,
            "repetition_penalty": repeat_penalty,
            "seed": seed,
            "stop": stop or None,
            "response_format": response_format,
            "reasoning_effort": reasoning_effort,
            "logit_bias": logit_bias or None,
            **(
                {"tools": tools, "tool_choice": tool_choice, "parallel_tool_calls": parallel_tool_calls}
                if tools
                else {}
            ),
            **({"logprobs": True, "top_logprobs": top_logprobs} if logprobs else {}),
            **settings.BODY,
        }
        answer = _Answer(self.server, max_tokens)
        async with aclosing(answer.pieces(_given(body))) as pieces:
            async for piece in pieces:
                yield piece


class _Answer:
    """One answer while it is written. When nobody listens any more the connection is closed, and the server stops."""

    def __init__(self, server: Server, tokens_max: Optional[int]) -> None:
        self._server = server
        self._tokens_max = tokens_max
        self._written = 0
        self._has_ended = False

    async def pieces(self, body: dict[str, Any]) -> AsyncIterator[str]:
        """Its text, piece by piece. Raises RemoteError and InputTooLong."""
        ask = Ask(
            "POST", "/chat/completions", body, headers={"accept": "text/event-stream, application/json"}
        )
        async with self._server.told(ask) as answer:
            if answer.events is None:
                for text in self._take(_as_chunk(answer.json)):
                    yield text
                return
            async for event in answer.events:
                if event.data.strip() == END:
                    return
                for text in self._take(event.json()):
                    yield text
        if not self._has_ended:
            raise as_error(self._server.place, said("the answer has no end"), doing="failed to run it")

    def _take(self, chunk: Chunk) -> list[str]:
        """The text in a chunk; what it says beside that is passed on."""
        if "error" in chunk:
            raise self._server.failed(said(chunk))
        _count_reading(chunk)
        choice = (chunk.get("choices") or [{}])[0]
        told = choice.get("delta") or {}
        text = told.get("content") or ""
        if text:
            self._advance()
        _count(chunk.get("usage") or {})
        beside = {
            "reasoning_content": told.get("reasoning_content") or told.get("reasoning"),
            "refusal": told.get("refusal"),
            "tool_calls": told.get("tool_calls"),
            "logprobs": choice.get("logprobs"),
            "finish_reason": choice.get("finish_reason"),
        }
        found = {name: value for name, value in beside.items() if value}
        self._has_ended = self._has_ended or "finish_reason" in found
        if found:
            delta(found)
        return [text] if text else []

    def _advance(self) -> None:
        # Exact numbers come with the last chunk, which a canceled run does not hear.
        self._written += 1
        metric("tokens_out", self._written)
        if self._tokens_max:
            progress(min(self._written / self._tokens_max, 1.0))


def _talk(prompt: str, messages: list[dict], system_prompt: str) -> list[dict]:
    turns = [*messages, *([{"role": "user", "content": prompt}] if prompt.strip() else [])]
    if not turns:
        raise ValueError("Give a prompt or messages: there is nothing to answer.")
    if system_prompt.strip() and turns[0].get("role") not in ("system", "developer"):
        turns.insert(0, {"role": "system", "content": system_prompt})
    return turns


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _as_chunk(whole: dict[str, Any]) -> Chunk:
    """An answer that came as a whole, from a server that does not stream."""
    choices = [{**each, "delta": each.get("message") or {}} for each in whole.get("choices") or ()]
    for call_index, call in enumerate(
        call for each in choices for call in each["delta"].get("tool_calls") or ()
    ):
        call.setdefault("index", call_index)
    return {**whole, "choices": choices}


def _count_reading(chunk: Chunk) -> None:
    """llama.cpp says how much it has to read before it writes."""
    total = (chunk.get("prompt_progress") or {}).get("total")
    if isinstance(total, int):
        metric("tokens_in", total)


def _count(usage: dict[str, Any]) -> None:
    for name, field in (("tokens_in", "prompt_tokens"), ("tokens_out", "completion_tokens")):
        if isinstance(usage.get(field), int):
            metric(name, usage[field])
    if isinstance(usage.get("cost"), (int, float)):
        metric("remote_cost", usage["cost"])
