"""Events: what streams are made of, with names or without."""

import json
from collections.abc import Mapping
from typing import Any

from foretell.dialects.openai.errors import error_envelope
from foretell.errors import Error


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """A server-sent event."""
    return f"event: {name}\n".encode() + line(data)


def line(data: Mapping[str, Any]) -> bytes:
    """One without a name. It is ASCII, so that a client that cuts it anywhere still has whole characters."""
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def error_event(error: Error, request_id: str) -> bytes:
    """An error after the head was sent, which clients raise."""
    return event("error", {"type": "error", **error_envelope(error, request_id)[1]})
