"""What the events of a response's stream carry."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.openai.responses.messages import (
    OutputItem,
    OutputText,
    ReasoningText,
    Refusal,
    Response,
)

Number = Annotated[int, Meta(description="Grows from event to event; a reader can go on behind it.", ge=0)]
Place = Annotated[int, Meta(description="The item's place in the output.", ge=0)]
PartPlace = Annotated[int, Meta(description="The part's place in the item.", ge=0)]
Part = OutputText | Refusal | ReasoningText


class ResponseEvent(TypedDict):
    """The response came to another state."""

    type: str
    sequence_number: Number
    response: Response


class ItemEvent(TypedDict):
    """An item begins, or is done."""

    type: str
    sequence_number: Number
    output_index: Place
    item: OutputItem


class PartEvent(TypedDict):
    """A part of an item begins, or is done."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    content_index: PartPlace
    part: Part


class DeltaEvent(TypedDict):
    """A piece of a part's text."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    content_index: PartPlace
    delta: str


class TextDeltaEvent(DeltaEvent):
    """A piece of the answer."""

    logprobs: Annotated[list[dict[str, Any]], Meta(description="Empty: they come when the text is done.")]


class TextDoneEvent(TypedDict):
    """The whole text of a part of the answer."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    content_index: PartPlace
    text: str
    logprobs: list[dict[str, Any]]


class ReasoningDoneEvent(TypedDict):
    """All that was thought."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    content_index: PartPlace
    text: str


class RefusalDoneEvent(TypedDict):
    """The whole refusal."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    content_index: PartPlace
    refusal: str


class ArgumentsDeltaEvent(TypedDict):
    """A piece of the arguments of a function call."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    delta: str


class ArgumentsDoneEvent(TypedDict):
    """All arguments of a function call."""

    type: str
    sequence_number: Number
    item_id: str
    output_index: Place
    name: str
    arguments: str


class StreamError(TypedDict):
    """The stream ends here, although the response had not ended."""

    type: Literal["error"]
    sequence_number: Number
    code: str
    message: str
    param: None


EVENTS: Mapping[str, Any] = {
    "response.created": ResponseEvent,
    "response.queued": ResponseEvent,
    "response.in_progress": ResponseEvent,
    "response.output_item.added": ItemEvent,
    "response.content_part.added": PartEvent,
    "response.output_text.delta": TextDeltaEvent,
    "response.output_text.done": TextDoneEvent,
    "response.refusal.delta": DeltaEvent,
    "response.refusal.done": RefusalDoneEvent,
    "response.reasoning_text.delta": DeltaEvent,
    "response.reasoning_text.done": ReasoningDoneEvent,
    "response.function_call_arguments.delta": ArgumentsDeltaEvent,
    "response.function_call_arguments.done": ArgumentsDoneEvent,
    "response.content_part.done": PartEvent,
    "response.output_item.done": ItemEvent,
    "response.completed": ResponseEvent,
    "response.incomplete": ResponseEvent,
    "response.failed": ResponseEvent,
    "error": StreamError,
}
"""The type of the data of each event, by its name."""
