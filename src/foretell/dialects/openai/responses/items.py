"""Items: what a response is asked with, to and from the messages of a chat."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from foretell.dialects.openai.errors import refused
from foretell.dialects.openai.responses.names import item_id

Item = dict[str, Any]
Message = dict[str, Any]

ROLES = ("user", "assistant", "system", "developer")
TEXTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}
"""The types of part that are text, and where it stands in them."""
DETAILS = ("auto", "low", "high", "original")
REFERENCE = "item_reference"


def messages_of(given: str | Sequence[Any]) -> list[Message]:
    """The chat that an `input` says, without references to other items. Raises Error that names the place.

    Calls of one turn are one message, with the text before them if there is one.
    """
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages: list[Message] = []
    for place, item in enumerate(given):
        _add(messages, item, f"input[{place}]")
    return messages


def items_of(messages: Iterable[Message], prediction_id: str) -> list[Item]:
    """A chat as the input items of a prediction, in order, with their ids."""
    bare = (item for message in messages for item in _items(message))
    return [
        {"id": item_id(prediction_id, item["type"], "in", place), **item} for place, item in enumerate(bare)
    ]


def referred(given: Any) -> list[tuple[int, str]]:
    """Place and id of each reference to another item in an `input`. Raises Error for one without an id."""
    if not isinstance(given, list):
        return []
    found = [(place, each) for place, each in enumerate(given) if _kind(each) == REFERENCE]
    return [(place, _word(each, "id", f"input[{place}]")) for place, each in found]


def pictures_by_id(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The pictures of a chat that were uploaded: each has a `file_id`, and wants a `url`."""
    parts = [part for each in messages if isinstance(each["content"], list) for part in each["content"]]
    return [part["image_url"] for part in parts if "file_id" in part.get("image_url", ())]


def check_calls(messages: Iterable[Message]) -> None:
    """Refuses a chat that answers a call which nobody made. Raises Error."""
    made: set[str] = set()
    for message in messages:
        made |= {call["id"] for call in message.get("tool_calls", ())}
        if message["role"] == "tool" and message["tool_call_id"] not in made:
            raise refused("input", f"answers the call '{message['tool_call_id']}', which is not part of it")


def _add(messages: list[Message], item: Any, path: str) -> None:
    match _kind(item):
        case "message":
            messages.append(_message(item, path))
        case "function_call":
            _add_call(messages, _call(item, path))
        case "function_call_output":
            messages.append(_call_output(item, path))
        case "reasoning":
            pass  # What a model thought is not said to it again.
        case kind:
            raise refused(f"{path}.type", f"must be a message, a function call or its output; it is {kind!r}")


def _kind(item: Any) -> Any:
    """The type of an item; messages and references may leave it out. None for what is no item."""
    if not isinstance(item, dict):
        return None
    untyped = REFERENCE if item.keys() == {"id"} else "message" if "role" in item else None
    return item.get("type") or untyped


def _message(item: Mapping[str, Any], path: str) -> Message:
    role, content = item.get("role"), item.get("content")
    if role not in ROLES:
        raise refused(f"{path}.role", f"must be one of {', '.join(ROLES)}; it is {role!r}")
    if isinstance(content, str):
        return {"role": role, "content": content}
    if not isinstance(content, list):
        raise refused(f"{path}.content", "must be text or a list of parts")
    parts = [_part(each, f"{path}.content[{place}]") for place, each in enumerate(content)]
    if role == "assistant":
        return {"role": role, "content": _texts(parts, f"{path}.content")}
    return {"role": role, "content": parts[0]["text"] if _is_one_text(parts) else parts}


def _part(part: Any, path: str) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(kind, str) and kind in TEXTS:
        return {"type": "text", "text": _word(part, TEXTS[kind], path, empty=True)}
    if kind == "input_image":
        return {"type": "image_url", "image_url": _picture(part, path)}
    raise refused(f"{path}.type", f"must be input_text, input_image or output_text; it is {kind!r}")


def _picture(part: Mapping[str, Any], path: str) -> dict[str, str]:
    """Where a picture is, or which of the caller's uploads it is."""
    detail = part.get("detail") or "auto"
    if detail not in DETAILS:
        raise refused(f"{path}.detail", f"must be one of {', '.join(DETAILS)}")
    if part.get("image_url") is None:
        return {"file_id": _word(part, "file_id", path), "detail": detail}
    return {"url": _word(part, "image_url", path), "detail": detail}


def _is_one_text(parts: Sequence[Mapping[str, Any]]) -> bool:
    return len(parts) == 1 and "text" in parts[0]


def _texts(parts: Sequence[Mapping[str, Any]], path: str) -> str:
    """Parts as one text, where they can be nothing else."""
    if not all("text" in each for each in parts):
        raise refused(path, "must be text: pictures have no place here")
    return "".join(each["text"] for each in parts)


def _call(item: Mapping[str, Any], path: str) -> dict[str, Any]:
    function = {"name": _word(item, "name", path), "arguments": _word(item, "arguments", path, empty=True)}
    return {"id": _word(item, "call_id", path), "type": "function", "function": function}


def _add_call(messages: list[Message], call: dict[str, Any]) -> None:
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": ""})
    messages[-1].setdefault("tool_calls", []).append(call)


def _call_output(item: Mapping[str, Any], path: str) -> Message:
    output = item.get("output")
    if isinstance(output, list):
        parts = [_part(each, f"{path}.output[{place}]") for place, each in enumerate(output)]
        output = _texts(parts, f"{path}.output")
    if not isinstance(output, str):
        raise refused(f"{path}.output", "must be text or a list of text parts")
    return {"role": "tool", "tool_call_id": _word(item, "call_id", path), "content": output}


def _word(of: Mapping[str, Any], name: str, path: str, *, empty: bool = False) -> str:
    value = of.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise refused(f"{path}.{name}", "must be a string")
    return value


def _items(message: Message) -> Iterator[Item]:
    if message["role"] == "tool":
        call_id = message["tool_call_id"]
        yield _done({"type": "function_call_output", "call_id": call_id, "output": message["content"]})
        return
    calls = message.get("tool_calls", ())
    if message.get("content") or not calls:
        parts = _parts(message)
        yield _done({"type": "message", "role": message["role"], "content": parts})
    for call in calls:
        yield _done({"type": "function_call", "call_id": call["id"], **call["function"]})


def _done(item: Item) -> Item:
    return {**item, "status": "completed"}


def _parts(message: Message) -> list[dict[str, Any]]:
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if message["role"] == "assistant":
        return [{"type": "output_text", "text": each.get("text", ""), "annotations": []} for each in parts]
    return [_input_part(each) for each in parts]


def _input_part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    picture = part["image_url"]
    where = {"file_id": picture["file_id"]} if "file_id" in picture else {"image_url": picture["url"]}
    return {"type": "input_image", **where, "detail": picture.get("detail", "auto")}
