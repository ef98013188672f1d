"""Server-sent events: what follows a prediction while it runs."""

from collections.abc import Sequence
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_LINE_BREAKS = tuple((each.encode(), f"\\u{ord(each):04x}".encode()) for each in "\x85\u2028\u2029")
"""What many readers take for the end of a line, though the standard for events does not; and its escape."""

_OUTPUT = b"id: %d:%d\nevent: output\ndata: %b\n\n"


def stream_event(name: str, data: Any, event_id: str | None = None) -> bytes:
    """One event with its data as one line of JSON; without an id, a reader's place does not move."""
    place = f"id: {event_id}\n" if event_id else ""
    return f"{place}event: {name}\ndata: ".encode() + _on_one_line(_encode(data)) + b"\n\n"


def stream_outputs(outputs: Sequence[tuple[int, int, Any]]) -> bytes:
    """Outputs in a row, each by its attempt, its number, and its data: the same bytes at half the cost."""
    return _on_one_line(
        b"".join([_OUTPUT % (attempt, number, _encode(data)) for attempt, number, data in outputs])
    )


def _on_one_line(text: bytes) -> bytes:
    for plain, escaped in _LINE_BREAKS:
        text = text.replace(plain, escaped)
    return text


def stream_comment(text: str) -> bytes:
    """A line that readers skip: it keeps a quiet stream open."""
    return f": {text}\n\n".encode()
