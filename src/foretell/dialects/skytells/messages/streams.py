"""What the events of a prediction's stream carry."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Id, Instant
from foretell.dialects.skytells.messages.predictions import Queue


class StatusEvent(TypedDict):
    """The prediction changed its state, or what it is at."""

    id: Id
    status: Literal["starting", "processing", "succeeded", "failed", "canceled", "cancelled"]
    at: Instant
    phase: NotRequired[Annotated[str, Meta(description="What it is at.", examples=["loading", "running"])]]
    queue: NotRequired[Queue]
    queue_position: NotRequired[int]
    download_percent: NotRequired[Annotated[int, Meta(description="How far the model's download is.")]]
    building: NotRequired[Annotated[str, Meta(description="What is being installed.")]]


class ProgressEvent(TypedDict):
    """How far the run is; it never falls. A model that counts its steps says those, too."""

    progress: Annotated[float, Meta(ge=0, le=100)]
    done: NotRequired[Annotated[float, Meta(description="How many steps are done.", examples=[3])]]
    of: NotRequired[Annotated[float, Meta(examples=[25])]]
    unit: NotRequired[Annotated[str, Meta(examples=["step", "page"])]]


class OutputEvent(TypedDict):
    """A piece of the output."""

    value: Annotated[
        Any,
        Meta(description="A piece of text, or the whole output of a model that does not stream."),
    ]


class LogEvent(TypedDict):
    """Something the model printed; only the owner is told."""

    source: Annotated[str, Meta(examples=["stdout"])]
    text: str


class RestartedEvent(TypedDict):
    """The run was lost and begins again: what was said so far is void."""

    attempt: Annotated[int, Meta(description="The number of the run that begins.")]


class DeltaEvent(TypedDict):
    """What a chat model says beside its text."""

    delta: Annotated[
        dict[str, Any],
        Meta(
            description="In OpenAI's words, without `content`: tool calls, a refusal, why it ended.",
            examples=[{"finish_reason": "stop"}],
        ),
    ]


class PreviewEvent(TypedDict):
    """What the picture looks like so far."""

    image: Annotated[str, Meta(description="A `data:` URI.")]


class ErrorEvent(TypedDict):
    """Why it failed."""

    code: Annotated[str, Meta(description="A word for programs.")]
    message: str


class GoneEvent(TypedDict):
    """The prediction was deleted meanwhile."""

    id: Id
