"""A stand-in for a chat model: it says back what was said, calls functions, and answers in a given form.

What it takes and refuses is what the real one takes and refuses. A word counts as a token.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Optional

from cog import BasePredictor, ConcatenateIterator
from conversation import answer_format, conversation
from functions import Function, Turn, choices
from schema_value import schema_value

from foretell import delta, progress

WORD_CHARACTERS_MIN = 4
"""A function is called when one of the words of its name is said; shorter ones are in every sentence."""


class Story(BasePredictor):
    def predict(self, **inputs: Any) -> ConcatenateIterator[str]:
        given = {name: value for name, value in inputs.items() if value is not None}
        turns = conversation(
            given.get("prompt", ""), given.get("messages", []), given.get("system_prompt", "")
        )
        self.record_metric("tokens_in", sum(len(turn["content"].split()) for turn in turns))
        functions, must = choices(given.get("tools", []), given.get("tool_choice", "auto"))
        function = called(turns, functions, must=must)
        if function is None:
            yield from self._answer(turns, given)
        else:
            self._call(turns, function, given)

    def _answer(self, turns: list[Turn], given: dict[str, Any]) -> Iterator[str]:
        text = answered(turns[-1]["content"], answer_format(given.get("response_format", {"type": "text"})))
        pieces, reason = ended(text, given.get("stop", []), given.get("max_tokens"))
        for number, piece in enumerate(pieces, start=1):
            self.record_metric("tokens_out", number)
            progress(number / len(pieces))
            yield piece
            if given.get("logprobs"):
                delta({"logprobs": {"content": [likely(piece, given.get("top_logprobs", 0))]}})
        delta({"finish_reason": reason})

    def _call(self, turns: list[Turn], function: Function, given: dict[str, Any]) -> None:
        text = json.dumps(schema_value(function.parameters)) if function.parameters else "{}"
        pieces, reason = ended(text, [], given.get("max_tokens"))
        said = json.dumps([turns, function.name])
        call = {
            "index": 0,
            "id": f"call_{hashlib.sha256(said.encode()).hexdigest()[:24]}",
            "type": "function",
            "function": {"name": function.name, "arguments": ""},
        }
        delta({"tool_calls": [call]})
        for piece in pieces:
            delta({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        self.record_metric("tokens_out", len(pieces))
        delta({"finish_reason": "tool_calls" if reason == "stop" else reason})


def called(turns: list[Turn], functions: list[Function], *, must: bool) -> Optional[Function]:
    """The function that the user speaks of, or the first if one must be called; None after a function's result."""
    asked = turns[-1]["content"].lower() if turns[-1]["role"] == "user" else ""
    spoken_of = [function for function in functions if is_named(function.name.lower(), asked)]
    return (spoken_of or (functions if must else [None]))[0]


def is_named(name: str, text: str) -> bool:
    words = [word for word in re.split(r"[_-]+", name) if len(word) >= WORD_CHARACTERS_MIN]
    return any(re.search(rf"\b{re.escape(word)}\b", text) for word in [name, *words])


def answered(said: str, form: dict[str, Any]) -> str:
    """What was said, given back in the form that is asked for."""
    if form["type"] == "json_object":
        return json.dumps({"answer": given_back(said)})
    if form["type"] == "json_schema":
        return json.dumps(schema_value(form["json_schema"]["schema"]))
    return given_back(said)


def given_back(said: str) -> str:
    # So that an application can ask harmlessly and be answered with what moderation withholds.
    return said.replace("sandbox:answer:", "sandbox:")


def ended(text: str, stop: list[str], words_max: Optional[int]) -> tuple[list[str], str]:
    """The text in words as far as it goes, each with the space before it, and why it ends there."""
    ends = [text.index(each) for each in stop if each and each in text]
    text = text[: min(ends)] if ends else text
    words = text.split(" ") if text else []
    pieces = [f" {word}" if number else word for number, word in enumerate(words)]
    if words_max is not None and len(pieces) > words_max:
        return pieces[:words_max], "length"
    return pieces, "stop"


def likely(piece: str, others: int) -> dict[str, Any]:
    """The piece as certain, and others that are made up, as less and less likely ones."""
    found = [
        _token(piece if number == 0 else f"{piece}-{number}", -float(number)) for number in range(others)
    ]
    return {**_token(piece, 0.0), "top_logprobs": found}


def _token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}
