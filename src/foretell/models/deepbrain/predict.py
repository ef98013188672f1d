"""A small language model that chats and completes, answering token by token."""

import random
from typing import Any, Optional

from cog import BasePredictor, ConcatenateIterator, Input
from conversation import conversation
from language_model import LanguageModel

from foretell import progress, weights


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
            description="The talk so far: objects with a `role` (system, user, assistant) and `content`.",
        ),
        system_prompt: str = Input(
            default="You are a helpful assistant.",
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
        seed: Optional[int] = Input(
            default=None, ge=0, le=4294967294, description="The same seed and input give the same answer."
        ),
        stop: Optional[list[str]] = Input(
            default=None, description="End before any of these strings, which are not part of the answer."
        ),
    ) -> ConcatenateIterator[str]:
        turns = conversation(prompt, messages or [], system_prompt)
        if seed is None:
            seed = random.randrange(2**31)
            print(f"seed: {seed}")
        request = {
            "messages": turns,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "repeat_penalty": repeat_penalty,
            "seed": seed,
            "stop": stop or [],
        }
        written = 0
        for chunk in self.model.chunks(request):
            text = chunk["choices"] and chunk["choices"][0]["delta"].get("content")
            written += bool(text)
            self._count(chunk, written)
            if text:
                progress(min(written / max_tokens, 1.0))
                yield text

    def _count(self, chunk: dict[str, Any], written: int) -> None:
        """What is known so far, since a run may be canceled; the last chunk has the exact numbers."""
        usage = chunk.get("usage") or {}
        tokens_in = usage.get("prompt_tokens", chunk.get("prompt_progress", {}).get("total"))
        if tokens_in is not None:
            self.record_metric("tokens_in", tokens_in)
        self.record_metric("tokens_out", usage.get("completion_tokens", written))
