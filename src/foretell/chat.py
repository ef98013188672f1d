"""Which models chat, and what they say beside their text: deltas in OpenAI's form, and the message they make."""

from collections.abc import Iterable, Mapping
from typing import Any

from foretell.model import Version

JOINED = frozenset({"reasoning_content", "refusal"})
"""Texts that come in pieces; of every other name but `tool_calls` and `logprobs`, the last value counts."""


def chats(version: Version) -> bool:
    """Whether the model answers talk: it says text, and takes messages, a prompt, or else a picture to read."""
    properties = version.input_schema.get("properties", {})
    takes = {"messages", "prompt"} & properties.keys() or picture_input(version)
    return bool(takes) and _says_text(version.output_schema)


def is_for_chat(version: Version, name: str) -> bool:
    """Whether under this name the model is one to chat with rather than to create predictions with.

    So is a model that takes messages alone, and every model of words under a name that is not its own: whoever
    knows that name knows it from a service where one chats. Predictions can be created with it all the same.
    """
    takes = {"messages", "prompt"} & version.input_schema.get("properties", {}).keys()
    return chats(version) and (takes == {"messages"} or bool(takes and name != version.model))


def picture_input(version: Version) -> str | None:
    """The input for a picture, if the model has just one file and that is its name."""
    properties: Mapping[str, Any] = version.input_schema.get("properties", {})
    files = [name for name, each in properties.items() if each.get("format") == "uri"]
    return files[0] if len(files) == 1 and "image" in files[0] else None


def merged(deltas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The message that the deltas are pieces of; empty without any.

    `tool_calls` are whole, in the order of their index, and have no index any more. What is not of OpenAI's
    form is left out.
    """
    message: dict[str, Any] = {}
    calls: dict[int, dict[str, Any]] = {}
    for delta in deltas:
        for name, value in delta.items():
            if name == "tool_calls":
                _add_calls(calls, value)
            else:
                _add(message, name, value)
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return message


def _says_text(schema: Mapping[str, Any]) -> bool:
    """Whether an output is text, comes as pieces of a text, or is an object that has one."""
    if schema.get("type") == "object":
        return bool(schema.get("properties", {}).get("text", {}).get("type") == "string")
    if schema.get("x-cog-array-display") == "concatenate":
        return True
    return schema.get("type") == "string" and schema.get("format") != "uri"


def _add(message: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        return
    if name in JOINED and isinstance(value, str):
        message[name] = message.get(name, "") + value
    elif name == "logprobs" and isinstance(value, dict):
        _add_logprobs(message.setdefault(name, {}), value)
    else:
        message[name] = value


def _add_logprobs(whole: dict[str, list[Any]], more: dict[str, Any]) -> None:
    for name, tokens in more.items():
        if isinstance(tokens, list):
            whole[name] = [*whole.get(name, ()), *tokens]


def _add_calls(calls: dict[int, dict[str, Any]], pieces: Any) -> None:
    if not isinstance(pieces, list):
        return
    for place, piece in enumerate(pieces):
        if isinstance(piece, dict):
            index = piece.get("index")
            _add_call(calls.setdefault(index if isinstance(index, int) else place, _call()), piece)


def _call() -> dict[str, Any]:
    return {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}


def _add_call(call: dict[str, Any], piece: dict[str, Any]) -> None:
    """Id, type and name are said once; only the arguments come in pieces."""
    for name in ("id", "type"):
        if isinstance(piece.get(name), str) and piece[name]:
            call[name] = piece[name]
    said = piece.get("function")
    if not isinstance(said, dict):
        return
    function = call["function"]
    function["name"] = function["name"] or _text(said.get("name"))
    function["arguments"] += _text(said.get("arguments"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
