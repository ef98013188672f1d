"""What another server refuses, as one sentence: its own code and words, and never the key."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional, Union

from foretell import InputTooLong

WORDS_CHARACTERS_MAX = 600
TOO_LONG = ("context_length_exceeded", "exceed_context_size_error", "context_length", "INPUT_TOO_LONG")
NEVER_AGAIN = ("insufficient_quota", "billing_hard_limit_reached", "INSUFFICIENT_CREDITS")
"""Codes of a 429 that waiting does not help."""


class RemoteError(ValueError):
    """The sentence is for whoever made the prediction."""


class Lost(RemoteError):
    """The connection did not come about, or broke."""


class Said(NamedTuple):
    """What a server says of a refusal or of a failure; either may be empty."""

    code: str
    sentence: str

    def __str__(self) -> str:
        if self.code and self.sentence:
            return f"{self.sentence} ({self.code})"
        return self.sentence or self.code or "it does not say why"


def said(body: Union[bytes, str, Any]) -> Said:
    """The code and the sentence in an answer, in whichever of the usual forms they come."""
    if isinstance(body, (bytes, str)):
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        try:
            body = json.loads(text)
        except ValueError:
            return Said("", "" if text.lstrip().startswith("<") else _short(text))
    if not isinstance(body, dict):
        return Said("", _short(str(body)))
    inner = body.get("error")
    if isinstance(inner, dict):
        return said(inner)
    return Said(_code(body), _sentence(body))


def as_error(place: str, what: Said, *, doing: str = "refused it") -> ValueError:
    """The exception for what a server said: a text that is too long is told as such."""
    kind = InputTooLong if what.code in TOO_LONG else RemoteError
    return kind(f"The server at {place} {doing}: {what}")


def _code(body: dict[str, Any]) -> str:
    for name in ("error_id", "code", "type", "title"):
        value = body.get(name)
        if isinstance(value, str) and value and not value.startswith("http"):
            return value[:80]
    return ""


def _sentence(body: dict[str, Any]) -> str:
    for name in ("message", "detail", "error_message", "error", "response"):
        found = _text(body.get(name))
        if found:
            return _short(found)
    return ""


def _text(value: Any) -> Optional[str]:
    """A sentence, or several problems with their places, as servers list them."""
    if isinstance(value, list):
        return "; ".join(filter(None, (_problem(each) for each in value)))
    return value if isinstance(value, str) else None


def _problem(each: Any) -> str:
    if not isinstance(each, dict):
        return str(each)
    place = ".".join(str(step) for step in each.get("loc", ()) if step not in ("body", "input"))
    return f"{place}: {each.get('msg', '')}" if place else str(each.get("msg", ""))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WORDS_CHARACTERS_MAX else text[:WORDS_CHARACTERS_MAX] + "…"
