"""What an answer is held to while it is written: penalties for what was said, and a grammar."""

import json
from typing import Any, Optional

import llguidance.hf
import llguidance.torch
import torch
from llguidance import LLMatcher

ANY_JSON = {"type": "object"}


class Penalties:
    """Makes what the answer has said less likely: by its count, and for having been said at all."""

    def __init__(self, prompt_tokens: int, frequency: float, presence: float) -> None:
        self._from = prompt_tokens
        self._frequency = frequency
        self._presence = presence

    def __call__(self, numbers: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        counts = torch.zeros_like(scores)
        said = numbers[:, self._from :]
        counts.scatter_add_(1, said, torch.ones_like(said, dtype=scores.dtype))
        return scores - counts * self._frequency - (counts > 0) * self._presence


class Grammar:
    """Lets the answer go on only as its form allows."""

    def __init__(self, tokenizer: Any, form: str) -> None:
        """`tokenizer` is of llguidance. Raises ValueError for a form that cannot be followed."""
        self._matcher = LLMatcher(tokenizer, form)
        if self._matcher.is_error():
            raise ValueError(f"The JSON schema cannot be followed: {self._matcher.get_error()}")
        self._mask = llguidance.torch.allocate_token_bitmask(1, tokenizer.vocab_size)
        self._has_begun = False

    def __call__(self, numbers: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._has_begun:
            self._matcher.consume_token(int(numbers[0, -1]))
        self._has_begun = True
        llguidance.torch.fill_next_token_bitmask(self._matcher, self._mask, 0)
        llguidance.torch.apply_token_bitmask_inplace(scores, self._mask.to(scores.device))
        return scores


def form_of(request: dict[str, Any]) -> Optional[str]:
    """The grammar that a request asks for, in llguidance's words; None: the answer is free. Raises ValueError."""
    if "grammar" in request:
        return LLMatcher.grammar_from_lark(request["grammar"].replace("root ::=", "start:", 1))
    asked = request.get("response_format") or {}
    if asked.get("type") not in ("json_object", "json_schema"):
        return None
    schema = asked["json_schema"]["schema"] if asked["type"] == "json_schema" else ANY_JSON
    return LLMatcher.grammar_from_json_schema(json.dumps(schema))


def readable(tokenizer: Any, vocabulary: int) -> Any:
    """The tokenizer as llguidance reads it."""
    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary)
