"""A language model that chats, calls functions and answers in JSON, token by token."""

import random
from typing import Any, Optional, Union

from cog import BasePredictor, ConcatenateIterator, Input
from conversation import conversation
from engine import opened
from functions import choices
from settings import ANSWER_TOKENS, ANSWER_TOKENS_MAX, NATIVE_TOOLS, TEMPERATURE, TOP_P
from talk import Talk

KEPT = ("name", "tool_calls", "tool_call_id", "reasoning_content")


class Chat(BasePredictor):
    def setup(self) -> None:
        self.model = opened()

    def predict(
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
        max_tokens: int = Input(
            default=ANSWER_TOKENS,
            ge=1,
            le=ANSWER_TOKENS_MAX,
            description="The answer's length at most, in tokens.",
        ),
        temperature: float = Input(
            default=TEMPERATURE,
            ge=0.0,
            le=2.0,
            description="How freely words are chosen; 0 always takes the likeliest.",
        ),
        top_p: float = Input(
            default=TOP_P,
            ge=0.0,
            le=1.0,
            description="Choose among the likeliest words that together reach this share.",
        ),
        repeat_penalty: float = Input(
            default=1.0, ge=1.0, le=2.0, description="Above 1, words already said become less likely."
        ),
        frequency_penalty: float = Input(
            default=0.0,
            ge=-2.0,
            le=2.0,
            description="Above 0, words become less likely the oftener they came.",
        ),
        presence_penalty: float = Input(
            default=0.0, ge=-2.0, le=2.0, description="Above 0, words that came at all become less likely."
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
        response_format: Optional[dict] = Input(
            default=None,
            description='`{"type": …}`: `text`, `json_object`, or `json_schema` with its `json_schema.schema`.',
        ),
        logprobs: bool = Input(default=False, description="Say how likely each token was."),
        top_logprobs: int = Input(
            default=0, ge=0, le=20, description="With `logprobs`: how many other likely tokens to name."
        ),
    ) -> ConcatenateIterator[str]:
        turns = conversation(prompt, messages or [], system_prompt)
        options = {
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "repeat_penalty": repeat_penalty,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "seed": sown(seed),
            "stop": stop or [],
        }
        if logprobs:
            options |= {"logprobs": True, "top_logprobs": top_logprobs}
        functions, must = choices(tools or [], tool_choice)
        is_native = NATIVE_TOOLS and not must
        talk = Talk(
            self.model, options | ({"tools": tools} if functions and is_native else {}), self.record_metric
        )
        function = None if is_native else talk.function(turns, tools or [], tool_choice)
        if function is None:
            said = as_sent(prompt, messages or [], turns) if NATIVE_TOOLS else turns
            yield from talk.answer(without_silence(said), response_format or {"type": "text"})
        else:
            talk.call(turns, function)


def sown(seed: Optional[int]) -> int:
    """The seed, or one that the log names."""
    if seed is None:
        seed = random.randrange(2**31)
        print(f"seed: {seed}")
    return seed


def as_sent(prompt: str, messages: list[dict[str, Any]], turns: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The turns with the calls and their results as the caller wrote them, for a template that knows them."""
    sent = [*messages, *([{}] if prompt.strip() else [])]
    sent = [{}] * (len(turns) - len(sent)) + sent
    return [_with_asides(turn, each) for turn, each in zip(turns, sent, strict=True)]


def without_silence(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The turns without a system message that says nothing: it would still take the place of the template's own."""
    return [turn for turn in turns if turn["role"] != "system" or turn["content"]]


def _with_asides(turn: dict[str, str], message: dict[str, Any]) -> dict[str, Any]:
    asides = {name: message[name] for name in KEPT if message.get(name)}
    if "tool_calls" in asides:
        said = message.get("content")
        return {**turn, **asides, "content": said if isinstance(said, str) else ""}
    return {**turn, **asides}
