"""Saying: one item of a response's output as the model says it, and the events that tell so."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Said = dict[str, Any]
"""An event's data, still without its sequence number."""

FIELDS = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text"}
"""The types of part, and where each has its text."""


@dataclass(slots=True)
class Part:
    """A part of a message or of thoughts; `logprobs` are those of an `output_text`."""

    kind: str
    text: str = ""
    logprobs: list[dict[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The part as it is so far."""
        more = {"annotations": [], "logprobs": list(self.logprobs)} if self.kind == "output_text" else {}
        return {"type": self.kind, FIELDS[self.kind]: self.text, **more}


@dataclass(slots=True)
class Saying:
    """An item at `place` in the output. A call has a name and arguments, everything else has parts."""

    id: str
    kind: str
    place: int
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    parts: list[Part] = field(default_factory=list)

    def shown(self, status: str) -> dict[str, Any]:
        """The item as it is so far."""
        item = {"id": self.id, "type": self.kind, "status": status}
        if self.kind == "function_call":
            return {**item, "call_id": self.call_id, "name": self.name, "arguments": self.arguments}
        content = [each.shown() for each in self.parts]
        if self.kind == "reasoning":
            return {**item, "summary": [], "content": content}
        return {**item, "role": "assistant", "content": content}

    def began(self) -> Said:
        return self._of_item("response.output_item.added", "in_progress")

    def say(self, kind: str, piece: str) -> Iterator[Said]:
        """More text, in the part of this type or a new one."""
        if not self.parts or self.parts[-1].kind != kind:
            yield from self._end_part()
            self.parts.append(Part(kind))
            yield {"type": "response.content_part.added", **self._where(), "part": self.parts[-1].shown()}
        self.parts[-1].text += piece
        yield {"type": f"response.{kind}.delta", **self._where(), "delta": piece, **self._logprobs([])}

    def call(self, piece: str) -> Said:
        """More of a call's arguments."""
        self.arguments += piece
        event = "response.function_call_arguments.delta"
        return {"type": event, "item_id": self.id, "output_index": self.place, "delta": piece}

    def end(self, status: str) -> Iterator[Said]:
        """Everything that tells that nothing more comes."""
        if self.kind == "function_call":
            event = "response.function_call_arguments.done"
            whole = {"name": self.name, "arguments": self.arguments}
            yield {"type": event, "item_id": self.id, "output_index": self.place, **whole}
        yield from self._end_part()
        yield self._of_item("response.output_item.done", status)

    def _end_part(self) -> Iterator[Said]:
        if not self.parts:
            return
        part = self.parts[-1]
        whole = {FIELDS[part.kind]: part.text, **self._logprobs(part.logprobs)}
        yield {"type": f"response.{part.kind}.done", **self._where(), **whole}
        yield {"type": "response.content_part.done", **self._where(), "part": part.shown()}

    def _of_item(self, event: str, status: str) -> Said:
        return {"type": event, "output_index": self.place, "item": self.shown(status)}

    def _where(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.place, "content_index": len(self.parts) - 1}

    def _logprobs(self, found: list[dict[str, Any]]) -> dict[str, Any]:
        """Events of a text always have them, and those of nothing else do."""
        return {"logprobs": list(found)} if self.parts[-1].kind == "output_text" else {}
