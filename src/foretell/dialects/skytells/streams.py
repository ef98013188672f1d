"""Server-sent events: what follows a prediction while it runs."""

from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_LINE_BREAKS = tuple((each.encode(), f"\\u{ord(each):04x}".encode()) for each in "\x85\u2028\u2029")
"""What many readers take for the end of a line, though the standard for events does not; and its escape."""


def stream_event(name: str, data: Any, event_id: str | None = None) -> bytes:
    """One event with its data as one line of JSON; without an id, a reader's place does not move."""
    place = f"id: {event_id}\n" if event_id else ""
    line = _encode(data)
    for plain, escaped in _LINE_BREAKS:
        line = line.replace(plain, escaped)
    return f"{place}event: {name}\ndata: ".encode() + line + b"\n\n"


def stream_comment(text: str) -> bytes:
    """A line that readers skip: it keeps a quiet stream open."""
    return f": {text}\n\n".encode()
