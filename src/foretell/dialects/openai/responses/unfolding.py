"""Unfolding: a response's output as it grows out of what the model says, and the events that tell it."""

from collections.abc import Iterator, Mapping
from typing import Any

from foretell.dialects.openai.responses.names import item_id
from foretell.dialects.openai.responses.saying import Said, Saying


class Unfolding:
    """The output of one attempt. The same words in the same order always make the same events.

    One item is said at a time; another one ends it. `text` is what a reader has been told so far.
    `is_silent`: texts are left out, but for their events, of which there are as many.
    """

    def __init__(self, prediction_id: str, *, is_silent: bool = False) -> None:
        self._prediction_id = prediction_id
        self._is_silent = is_silent
        self._said: list[Saying] = []
        self._calls: dict[int, Saying] = {}
        self._logprobs: list[dict[str, Any]] = []
        self._last_status = "completed"
        self.text = ""

    @property
    def output(self) -> list[dict[str, Any]]:
        """The items, of which the last is as complete as `end` was told."""
        last = len(self._said) - 1
        return [each.shown(self._last_status if each.place == last else "completed") for each in self._said]

    def say(self, text: str) -> Iterator[Said]:
        """A piece of the answer's text."""
        self.text += text
        yield from self._speak("message", "output_text", text)

    def add(self, delta: Mapping[str, Any]) -> Iterator[Said]:
        """What was said beside the text. What is not of OpenAI's form is left out."""
        for name, kind, part in _BESIDE:
            if isinstance(delta.get(name), str) and delta[name]:
                yield from self._speak(kind, part, delta[name])
        chances = delta.get("logprobs")
        if isinstance(chances, dict):
            self._logprobs += _logprobs(chances.get("content"))
        for place, piece in enumerate(_objects(delta.get("tool_calls"))):
            yield from self._call(piece, place)

    def end(self, *, is_complete: bool) -> Iterator[Said]:
        """The rest, once nothing more is said; an answer without anything is an empty text."""
        if not self._said:
            yield from self._speak("message", "output_text", "")
        self._last_status = "completed" if is_complete else "incomplete"
        yield from self._end_last(self._last_status)

    def _speak(self, kind: str, part: str, piece: str) -> Iterator[Said]:
        if not self._said or self._said[-1].kind != kind:
            yield from self._begin(kind)
        yield from self._said[-1].say(part, "" if self._is_silent else piece)

    def _begin(self, kind: str, call_id: str = "", name: str = "") -> Iterator[Said]:
        yield from self._end_last("completed")
        place = len(self._said)
        name_of = item_id(self._prediction_id, kind, "out", place)
        self._said.append(Saying(name_of, kind, place, call_id, name))
        yield self._said[-1].began()

    def _end_last(self, status: str) -> Iterator[Said]:
        if not self._said:
            return
        last = self._said[-1]
        if last.kind == "message" and self._logprobs and last.parts[-1].kind == "output_text":
            last.parts[-1].logprobs, self._logprobs = self._logprobs, []
        yield from last.end(status)

    def _call(self, piece: Mapping[str, Any], place: int) -> Iterator[Said]:
        found = piece.get("index")
        index = found if isinstance(found, int) else place
        said = piece.get("function")
        function = said if isinstance(said, dict) else {}
        if index not in self._calls:
            call_id = str(piece.get("id") or f"call_{self._prediction_id.replace('-', '')}{index}")
            yield from self._begin("function_call", call_id, str(function.get("name") or ""))
            self._calls[index] = self._said[-1]
        arguments = function.get("arguments")
        if isinstance(arguments, str) and arguments:
            yield self._calls[index].call(arguments)


_BESIDE = (("reasoning_content", "reasoning", "reasoning_text"), ("refusal", "message", "refusal"))


def _logprobs(tokens: Any) -> list[dict[str, Any]]:
    """Chances of tokens, and of the others that were likely in their place."""
    return [{**_chance(each), "top_logprobs": _likely(each.get("top_logprobs"))} for each in _objects(tokens)]


def _likely(tokens: Any) -> list[dict[str, Any]]:
    return [_chance(each) for each in _objects(tokens)]


def _chance(token: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "token": token.get("token", ""),
        "logprob": token.get("logprob", 0.0),
        "bytes": token.get("bytes") or [],
    }


def _objects(values: Any) -> list[dict[str, Any]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []
