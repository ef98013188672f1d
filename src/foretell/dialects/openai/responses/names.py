"""Names: the ids of responses and of their items, each made from the id of its prediction."""

import re
from typing import Literal

Side = Literal["in", "out"]
"""Whether an item was given to the model or came from it."""

PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}
_HEX = r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})"
_RESPONSE = re.compile(rf"resp_{_HEX}", re.ASCII)
_ITEM = re.compile(rf"[a-z]{{2,3}}_{_HEX}(?:in|out)\d{{1,6}}", re.ASCII)


def response_id(prediction_id: str) -> str:
    """The id of the response that a prediction is."""
    return f"resp_{_short(prediction_id)}"


def item_id(prediction_id: str, kind: str, side: Side, place: int) -> str:
    """The id of the item of this type at this place among a response's inputs or outputs."""
    return f"{PREFIXES[kind]}_{_short(prediction_id)}{side}{place}"


def prediction_of_response(name: str) -> str | None:
    """The id of the prediction that a response's id means; None for what is no such id."""
    found = _RESPONSE.fullmatch(name)
    return None if found is None else "-".join(found.groups())


def prediction_of_item(name: str) -> str | None:
    """The id of the prediction to which an item of this id belongs; None for what is no such id."""
    found = _ITEM.fullmatch(name)
    return None if found is None else "-".join(found.groups())


def _short(prediction_id: str) -> str:
    return prediction_id.replace("-", "")
