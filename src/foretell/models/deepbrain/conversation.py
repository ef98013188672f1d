"""What a caller sent, as the list of messages that the language model reads, and the form of its answer."""

from typing import Any, Optional

ROLES = ("system", "user", "assistant", "tool")
FORMATS = ("text", "json_object", "json_schema")


def conversation(prompt: str, messages: list[dict[str, Any]], system_prompt: str) -> list[dict[str, str]]:
    """Messages with a system message first and `prompt`, if there is one, last.

    Raises ValueError when there is nothing to answer, or a message is not of the stated form.
    """
    turns = [_turn(index, message) for index, message in enumerate(messages)]
    if prompt.strip():
        turns.append({"role": "user", "content": prompt})
    if not turns:
        raise ValueError("Give a prompt or messages: there is nothing to answer.")
    # Without a system message the model's template puts in one of its own, with which it talks nonsense.
    if turns[0]["role"] != "system":
        turns.insert(0, {"role": "system", "content": system_prompt})
    return turns


def answer_format(response_format: dict[str, Any]) -> dict[str, Any]:
    """The format that is asked for. Raises ValueError for one that is not of OpenAI's form."""
    kind = response_format.get("type")
    if kind not in FORMATS:
        raise ValueError(f"response_format.type must be one of {', '.join(FORMATS)}; it is {kind!r}.")
    described = response_format.get("json_schema")
    if kind == "json_schema" and not (
        isinstance(described, dict) and isinstance(described.get("schema"), dict)
    ):
        raise ValueError("response_format.json_schema.schema must be a JSON schema.")
    return response_format


def _turn(index: int, message: dict[str, Any]) -> dict[str, str]:
    role = message.get("role")
    if role == "developer":
        role = "system"
    if role not in ROLES:
        raise ValueError(f"messages[{index}].role must be one of {', '.join(ROLES)}; it is {role!r}.")
    calls = message.get("tool_calls") if role == "assistant" else None
    text = "" if calls and message.get("content") is None else _text(message.get("content"))
    if text is None:
        raise ValueError(f"messages[{index}].content must be text, or a list of parts of type text.")
    # The model's template knows no calls: they are told as it would write them.
    lines = [text] if text or not calls else []
    return {"role": role, "content": "\n".join([*lines, *_calls(index, calls or [])])}


def _text(content: Any) -> Optional[str]:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [
        part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        for part in content
    ]
    return "".join(parts) if all(isinstance(part, str) for part in parts) else None


def _calls(index: int, calls: Any) -> list[str]:
    try:
        return [f"{call['function']['name']}({call['function']['arguments']})" for call in calls]
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"messages[{index}].tool_calls must each have a function with a name and arguments."
        ) from error
