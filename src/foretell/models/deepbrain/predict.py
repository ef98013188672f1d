"""A small language model that chats, completes and calls functions, answering token by token."""

import random
from typing import Optional, Union

from cog import BasePredictor, ConcatenateIterator, Input
from conversation import conversation
from language_model import LanguageModel
from talk import Talk

from foretell import weights


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.model = LanguageModel(weights("smollm2.gguf"))

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
            default="You are a helpful assistant. You answer in plain English, briefly and correctly.",
            description="How to behave. Left out if `messages` begin with a system message of their own.",
        ),
        max_tokens: int = Input(
            default=256, ge=1, le=2048, description="The answer's length at most, in tokens."
        ),
        temperature: float = Input(
            default=0.2,
            ge=0.0,
            le=2.0,
            description="How freely words are chosen; 0 always takes the likeliest.",
        ),
        top_p: float = Input(
            default=0.9,
            ge=0.0,
            le=1.0,
            description="Choose among the likeliest words that together reach this share.",
        ),
        repeat_penalty: float = Input(
            default=1.05, ge=1.0, le=2.0, description="Above 1, words already said become less likely."
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
        if seed is None:
            seed = random.randrange(2**31)
            print(f"seed: {seed}")
        options = {
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "repeat_penalty": repeat_penalty,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "seed": seed,
            "stop": stop or [],
        }
        if logprobs:
            options |= {"logprobs": True, "top_logprobs": top_logprobs}
        talk = Talk(self.model, options, self.record_metric)
        function = talk.function(turns, tools or [], tool_choice)
        if function is None:
            yield from talk.answer(turns, response_format or {"type": "text"})
        else:
            talk.call(turns, function)
