"""Chunks: a streamed completion, line by line, from what is heard of its predictions."""

from collections.abc import Mapping
from typing import Any

from foretell.dialects.openai.chat import completion_id, finish_reason, usage
from foretell.dialects.openai.errors import error_envelope
from foretell.dialects.openai.events import line
from foretell.dialects.openai.filters import output_filter, prompt_filter_results
from foretell.dialects.openai.messages import ChatChunk, ChunkChoice
from foretell.dialects.openai.talk import text_of
from foretell.errors import Error
from foretell.event import Event, Kind
from foretell.prediction import Prediction

DONE = b"data: [DONE]\n\n"
NOT_IN_DELTA = frozenset({"finish_reason", "logprobs", "role", "content"})


class Chunks:
    """One stream of one or several choices. `fingerprint` is the model's version."""

    def __init__(self, *, model: str, fingerprint: str, has_usage: bool) -> None:
        self._model = model
        self._fingerprint = fingerprint
        self._created = 0
        self._has_usage = has_usage
        self._id = ""
        self._texts: dict[int, str] = {}
        self._ended: dict[int, Prediction] = {}

    def say(self, index: int, said: Event | Prediction) -> bytes:
        """The lines for what choice `index` says next; none for what has no place in a chat."""
        if isinstance(said, Prediction):
            return self._begun(index, said.id, said.created_at) + self._end(index, said)
        if said.kind is Kind.DELTA:
            return self._begun(index, said.prediction_id, said.at) + self._delta(
                index, said.data.get("delta", {})
            )
        if said.kind is Kind.OUTPUT and isinstance(said.data.get("value"), str):
            return self._begun(index, said.prediction_id, said.at) + self._text(index, said.data["value"])
        return b""

    def end(self) -> bytes:
        """What follows when all choices have ended."""
        if not self._has_usage:
            return DONE
        ended = [self._ended[index] for index in sorted(self._ended)]
        return line(self._chunk() | {"usage": usage(ended)}) + DONE

    def _begun(self, index: int, prediction_id: str, at: int) -> bytes:
        """A choice begins with its role. The stream has its id and its age from the first of them."""
        if index in self._texts:
            return b""
        if not self._id:
            self._id, self._created = completion_id(prediction_id), at // 1_000_000
        self._texts[index] = ""
        return self._line(index, {"role": "assistant", "content": "", "refusal": None})

    def _text(self, index: int, text: str) -> bytes:
        self._texts[index] += text
        return self._line(index, {"content": text}) if text else b""

    def _delta(self, index: int, delta: Mapping[str, Any]) -> bytes:
        shown = {name: value for name, value in delta.items() if name not in NOT_IN_DELTA}
        logprobs = delta.get("logprobs")
        return self._line(index, shown, logprobs=logprobs) if shown or logprobs else b""

    def _end(self, index: int, prediction: Prediction) -> bytes:
        """What was not said in pieces, then why the answer ends here."""
        self._ended[index] = prediction
        whole, said = text_of(prediction.result), self._texts[index]
        rest = self._text(index, whole.removeprefix(said)) if whole.startswith(said) else b""
        last: ChunkChoice = {
            "index": index,
            "delta": {},
            "logprobs": None,
            "finish_reason": finish_reason(prediction),
            "content_filter_results": output_filter(prediction.metadata),
        }
        chunk = self._chunk(last)
        if len(self._ended) == 1:
            chunk["prompt_filter_results"] = prompt_filter_results(prediction.metadata)
        return rest + line(chunk)

    def _line(self, index: int, delta: dict[str, Any], *, logprobs: dict[str, Any] | None = None) -> bytes:
        choice: ChunkChoice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}
        return line(self._chunk(choice))

    def _chunk(self, *choices: ChunkChoice) -> ChatChunk:
        chunk: ChatChunk = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": list(choices),
            "system_fingerprint": self._fingerprint,
            "service_tier": "default",
        }
        return {**chunk, "usage": None} if self._has_usage else chunk


def error_line(error: Error, request_id: str) -> bytes:
    """An error after the head was sent."""
    return line(error_envelope(error, request_id)[1])
