"""Turns: the messages of a talk, checked, and in one form whatever form they came in."""

from collections.abc import Mapping, Sequence
from typing import Any

from foretell.dialects.openai.errors import refused
from foretell.errors import Error

ROLES = ("system", "user", "assistant", "tool")
KEPT = ("name", "tool_calls", "tool_call_id", "reasoning_content")
"""What a message may say besides its role and content, for models that read it."""

Turn = dict[str, Any]


def turns(messages: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """Messages with `role` and `content`, which is a string, or a list of parts where one is an image.

    `developer` is `system`, and parts of text alone are one string. Raises Error(INVALID_PARAMETER).
    """
    if not messages:
        raise refused("messages", "must have at least one message")
    return [_turn(f"messages[{place}]", each) for place, each in enumerate(messages)]


def images_in(found: Sequence[Turn]) -> list[str]:
    """The addresses of all images, in order."""
    parts = (part for turn in found if isinstance(turn["content"], list) for part in turn["content"])
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def text_in(turn: Turn) -> str:
    """What a turn says in words."""
    if isinstance(turn["content"], str):
        return turn["content"]
    return "\n".join(part["text"] for part in turn["content"] if part["type"] == "text")


def _turn(path: str, message: Mapping[str, Any]) -> Turn:
    role = message.get("role")
    role = "system" if role == "developer" else role
    if role == "function":
        raise refused(f"{path}.role", "'function' is no longer known: use 'tool' with a 'tool_call_id'")
    if role not in ROLES:
        raise refused(f"{path}.role", f"must be one of developer, {', '.join(ROLES)}")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise refused(f"{path}.tool_call_id", "must say which call this is the answer to")
    kept = {name: message[name] for name in KEPT if message.get(name) is not None}
    return {"role": role, "content": _content(f"{path}.content", role, message.get("content"))} | kept


def _content(path: str, role: str, content: Any) -> str | list[dict[str, Any]]:
    if content is None and role == "assistant":
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise refused(path, "must be a string, or a list of parts")
    parts = [_part(f"{path}[{place}]", each) for place, each in enumerate(content)]
    if any(part["type"] == "image_url" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def _part(path: str, part: Any) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind in ("text", "refusal"):
        return {"type": "text", "text": _string(f"{path}.{kind}", part.get(kind))}
    if kind == "image_url":
        given = part.get("image_url")
        address = given.get("url") if isinstance(given, Mapping) else given
        return {"type": "image_url", "image_url": {"url": _string(f"{path}.image_url.url", address)}}
    raise _unknown(path, kind)


def _string(path: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refused(path, "must be a string")
    return value


def _unknown(path: str, kind: Any) -> Error:
    if kind in ("input_audio", "file"):
        return refused(f"{path}.type", f"'{kind}' is not taken here: models read text and images")
    return refused(f"{path}.type", "must be text or image_url")
