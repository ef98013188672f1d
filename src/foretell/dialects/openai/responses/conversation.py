"""Conversation: what was said up to a response and in it, for the one that goes on from there."""

from typing import Any

from foretell.dialects.openai.responses.items import Item, Message, items_of, messages_of
from foretell.dialects.openai.responses.rendering import output_of
from foretell.prediction import Prediction


def with_instructions(instructions: str | None, messages: list[Message]) -> list[Message]:
    """A chat that begins with how to behave, if anything is said of that."""
    return [{"role": "system", "content": instructions}, *messages] if instructions else messages


def kept_messages(given: dict[str, Any], messages: list[Message]) -> dict[str, Any]:
    """What to keep of a chat beside the input: nothing where the model takes it as it is."""
    return {} if given.get("messages") == messages else {"messages": messages}


def conversation_of(prediction: Prediction) -> list[Message]:
    """Everything up to the response's end. Its instructions are not part of it."""
    return _asked_with(prediction) + messages_of(output_of(prediction))


def input_items_of(prediction: Prediction) -> list[Item]:
    """What the response answers, the conversation before it included."""
    return items_of(_asked_with(prediction), prediction.id)


def all_items_of(prediction: Prediction) -> dict[str, Item]:
    """Every item of a response by its id, in order."""
    return {each["id"]: each for each in (*input_items_of(prediction), *output_of(prediction))}


def _asked_with(prediction: Prediction) -> list[Message]:
    asked = prediction.request or {}
    messages: list[Message] = asked.get("messages") or prediction.input.get("messages") or []
    return messages[1:] if asked.get("instructions") else messages
