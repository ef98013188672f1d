"""Telling: a response as numbered server-sent events, the same for each of its readers and at each reading."""

from collections.abc import Iterable, Iterator
from typing import Any

from foretell.dialects.openai.chat import finish_reason
from foretell.dialects.openai.events import event
from foretell.dialects.openai.responses.rendering import render
from foretell.dialects.openai.responses.unfolding import Unfolding
from foretell.dialects.openai.talk import text_of
from foretell.errors import Code, Error
from foretell.event import Event, Kind
from foretell.prediction import Prediction

STRIDE = 10_000_000
"""Numbers that each attempt of a prediction has for its events: by its number, an event's attempt is known."""

CODES = {Code.INFERENCE_FAILED: "server_error", Code.INTERNAL: "server_error"}
"""What a stream's error is called, where it is not called as everywhere."""

Said = dict[str, Any]


class Telling:
    """A reader's progress, from the first event or the one behind `starting_after`.

    Numbers of events grow, and follow from what the model said alone. Those before its first word are
    shared by all attempts.
    """

    def __init__(self, starting_after: int = -1) -> None:
        self._starting_after = starting_after
        self._number = 0
        self._shared = 0
        self._attempt = 1

    def begin(self, prediction: Prediction) -> bytes:
        """That there is a response, and that it is worked on unless it waits."""
        self._prediction = prediction
        # An answer that was withheld in the end is not told to those who come later.
        is_withheld = finish_reason(prediction) == "content_filter" and not text_of(prediction.result)
        self._unfolding = Unfolding(prediction.id, is_silent=is_withheld)
        if not (prediction.request or {}).get("background"):
            self._shared = 2
            return self._told([self._of("created", "in_progress"), self._of("in_progress", "in_progress")])
        self._shared = 3
        return self._told([self._of("created", "queued"), self._of("queued", "queued")])

    def hear(self, said: Event) -> bytes:
        """What an event of the prediction adds. Raises Error(CONFLICT) where a reader read another attempt."""
        if said.kind is Kind.DELTA:
            return self._in_attempt(said.attempt, self._unfolding.add(said.data["delta"]))
        if said.kind is Kind.OUTPUT and isinstance(said.data.get("value"), str):
            return self._in_attempt(said.attempt, self._unfolding.say(said.data["value"]))
        return b""

    def end(self, prediction: Prediction) -> bytes:
        """The rest, once the prediction has ended and all its events were heard."""
        return self._in_attempt(prediction.attempt, self._ended(prediction))

    def refuse(self, error: Error) -> bytes:
        """That the stream cannot go on."""
        code = CODES.get(error.code, error.code.value)
        return self._told([{"type": "error", "code": code, "message": error.message, "param": None}])

    def _of(self, name: str, status: str) -> Said:
        return _of_response(name, render(self._prediction, status=status))

    def _ended(self, prediction: Prediction) -> Iterator[Said]:
        text, told = text_of(prediction.result), self._unfolding.text
        if text.startswith(told) and len(text) > len(told):
            yield from self._unfolding.say(text[len(told) :])
        whole = render(prediction)
        yield from self._unfolding.end(is_complete=whole["status"] == "completed")
        whole["output"] = self._unfolding.output
        if whole["status"] == "cancelled":
            whole["error"] = {"code": "server_error", "message": "The response was cancelled."}
        name = whole["status"] if whole["status"] in {"completed", "incomplete"} else "failed"
        yield _of_response(name, whole)

    def _in_attempt(self, attempt: int, said: Iterable[Said]) -> bytes:
        begun = b""
        if self._number < self._shared:
            begun = self._told([self._of("in_progress", "in_progress")])
        attempt = max(attempt, 1)
        if self._starting_after >= self._shared and self._starting_after // STRIDE + 1 != attempt:
            message = "The response was begun anew since that event. Read it from its beginning."
            raise Error(Code.CONFLICT, message, details=("starting_after: counts no more",))
        if attempt != self._attempt:
            self._attempt, self._number = attempt, (attempt - 1) * STRIDE
        return begun + self._told(said)

    def _told(self, said: Iterable[Said]) -> bytes:
        """Those of the events that the reader has not read, each with its number."""
        pieces = []
        for each in said:
            number, self._number = self._number, self._number + 1
            if number > self._starting_after:
                data = {"type": each["type"], "sequence_number": number, **each}
                pieces.append(event(each["type"], data))
        return b"".join(pieces)


def _of_response(name: str, response: dict[str, Any]) -> Said:
    return {"type": f"response.{name}", "response": response}
