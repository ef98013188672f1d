"""One answer of the language model: text, or a call of a function, with all that is said beside it."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

from conversation import answer_format
from functions import NONE, Function, Turn, arguments, choices, question
from language_model import Chunk, LanguageModel

from foretell import delta, progress


class Talk:
    """`options` are those of llama.cpp's chat completion; `count` is told of tokens_in and tokens_out."""

    def __init__(
        self, model: LanguageModel, options: dict[str, Any], count: Callable[[str, int], None]
    ) -> None:
        self._model = model
        self._options = options
        self._tally = Tally(count)

    def function(
        self, turns: list[Turn], tools: list[dict[str, Any]], choice: Union[str, dict[str, Any]]
    ) -> Optional[Function]:
        """The function that the model calls; None: it answers with text. Raises ValueError."""
        functions, must = choices(tools, choice)
        # After a function's result it is the model's turn to speak.
        if not functions or (not must and turns[-1]["role"] == "tool"):
            return None
        if must and len(functions) == 1:
            return functions[0]
        # The caller's options are for the answer; a penalty on words already said would speak against all names.
        chunks = self._chunks(question(turns, functions, must=must))
        name = "".join(_text(chunk) for chunk in chunks)
        found = [function for function in functions if function.name == name]
        return None if name == NONE or not found else found[0]

    def call(self, turns: list[Turn], function: Function) -> None:
        """Says the call, its arguments as they are written."""
        about = {"name": function.name, "arguments": "{}" if function.takes_nothing else ""}
        call = {"index": 0, "id": f"call_{uuid.uuid4().hex}", "type": "function", "function": about}
        if function.takes_nothing:
            self._tally.tell()
            delta({"tool_calls": [call]})
            delta({"finish_reason": "tool_calls"})
            return
        # Neither of these is about arguments.
        options = {name: each for name, each in self._options.items() if name not in ("stop", "logprobs")}
        for number, chunk in enumerate(self._chunks({**options, **arguments(turns, function)})):
            if number == 0:  # by now the model has taken the schema
                delta({"tool_calls": [call]})
            if text := _text(chunk):
                delta({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})
            if reason := _reason(chunk):
                delta({"finish_reason": "tool_calls" if reason == "stop" else reason})

    def answer(self, turns: list[Turn], response_format: dict[str, Any]) -> Iterator[str]:
        """The text as it is written; why it ended, and the words' probabilities if asked for, are said beside it."""
        form = answer_format(response_format)
        top = self._options.get("top_logprobs", 0)
        # With top_logprobs 0 llama.cpp says nothing of any token.
        more = {"top_logprobs": max(1, top)} if "logprobs" in self._options else {}
        for chunk in self._chunks({**self._options, **more, "messages": turns, "response_format": form}):
            if text := _text(chunk):
                self._tally.advance(self._options["max_tokens"])
                yield text
            for aside in _asides(chunk):
                delta(aside)
            if found := _logprobs(chunk, top):
                delta({"logprobs": {"content": found}})
            if reason := _reason(chunk):
                delta({"finish_reason": reason})

    def _chunks(self, request: dict[str, Any]) -> Iterator[Chunk]:
        for chunk in self._model.chunks(request):
            self._tally.take(chunk)
            yield chunk
        self._tally.end()


class Tally:
    """The tokens of one answer, for which the model may be asked twice."""

    def __init__(self, count: Callable[[str, int], None]) -> None:
        self._count = count
        self._before = {"tokens_in": 0, "tokens_out": 0}
        self._now = {"tokens_in": 0, "tokens_out": 0}

    def take(self, chunk: Chunk) -> None:
        """What is known so far, since a run may be canceled; the last chunk has the exact numbers."""
        usage = chunk.get("usage") or {}
        read = usage.get("prompt_tokens", chunk.get("prompt_progress", {}).get("total"))
        written = usage.get("completion_tokens", self._now["tokens_out"] + bool(_text(chunk)))
        self._say("tokens_in", self._now["tokens_in"] if read is None else read)
        self._say("tokens_out", written)

    def advance(self, tokens_max: int) -> None:
        progress(min(self._now["tokens_out"] / tokens_max, 1.0))

    def tell(self) -> None:
        """What is known, even if that is nothing."""
        for name, before in self._before.items():
            self._count(name, before + self._now[name])

    def end(self) -> None:
        """What comes from here on is of another question to the model."""
        self._before = {name: self._before[name] + now for name, now in self._now.items()}
        self._now = dict.fromkeys(self._now, 0)

    def _say(self, name: str, now: int) -> None:
        if now != self._now[name]:
            self._now[name] = now
            self._count(name, self._before[name] + now)


def _text(chunk: Chunk) -> str:
    return (chunk["choices"] and chunk["choices"][0]["delta"].get("content")) or ""


def _asides(chunk: Chunk) -> list[dict[str, Any]]:
    """What a model that thinks aloud, or calls functions by itself, says beside its text."""
    said = chunk["choices"][0]["delta"] if chunk["choices"] else {}
    return [{name: said[name]} for name in ("reasoning_content", "tool_calls") if said.get(name)]


def _reason(chunk: Chunk) -> Optional[str]:
    return chunk["choices"][0].get("finish_reason") if chunk["choices"] else None


def _logprobs(chunk: Chunk, top: int) -> list[dict[str, Any]]:
    """OpenAI's list of tokens, with the `top` likeliest beside each."""
    found = (chunk["choices"] and chunk["choices"][0].get("logprobs")) or {}
    return [
        {**_token(each), "top_logprobs": [_token(other) for other in each["top_logprobs"][:top]]}
        for each in found.get("content") or ()
    ]


def _token(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("token", "logprob", "bytes")}
