"""Events: what streams are made of whose events have names."""

import json
from collections.abc import Mapping
from typing import Any

from foretell.dialects.openai.errors import error_envelope
from foretell.errors import Error


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """A server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def error_event(error: Error, request_id: str) -> bytes:
    """An error after the head was sent, which clients raise."""
    return event("error", {"type": "error", **error_envelope(error, request_id)[1]})
