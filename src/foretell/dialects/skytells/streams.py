"""Server-sent events: what follows a prediction while it runs."""

from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def stream_event(name: str, data: Any, event_id: str | None = None) -> bytes:
    """One event with its data as one line of JSON; without an id, a reader's place does not move."""
    place = f"id: {event_id}\n" if event_id else ""
    return f"{place}event: {name}\ndata: ".encode() + _encode(data) + b"\n\n"


def stream_comment(text: str) -> bytes:
    """A line that readers skip: it keeps a quiet stream open."""
    return f": {text}\n\n".encode()
