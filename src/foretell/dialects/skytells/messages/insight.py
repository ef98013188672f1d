"""Messages about how the server is doing: what waits, what went wrong, and what it runs with."""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta, Struct

from foretell.dialects.skytells.messages.fields import Instant


class LaneMessage(TypedDict):
    """Predictions of one version that wait for a run."""

    model: Annotated[str, Meta(examples=["truefusion"])]
    version: str
    waiting: Annotated[int, Meta(ge=0, description="How many.")]
    oldest_at: Annotated[Instant, Meta(description="When the next in line was created.")]
    paused: Annotated[bool, Meta(description="Whether the model is paused.")]


class LaneList(TypedDict):
    """Everything that waits, the longest line first."""

    data: list[LaneMessage]


class TroublesQuery(Struct):
    """How far back to look."""

    days: Annotated[int, Meta(ge=1, le=90, description="How many days before now.")] = 7


class FailedGroup(TypedDict):
    """Predictions of one model that failed with one code."""

    model: Annotated[str, Meta(examples=["truefusion"])]
    code: Annotated[str, Meta(examples=["MODEL_ERROR"])]
    count: Annotated[int, Meta(ge=1)]
    message: Annotated[str, Meta(description="What the newest of them says.")]
    first_at: Annotated[Instant, Meta(description="When the oldest of them was created.")]
    last_at: Annotated[Instant, Meta(description="When the newest of them was created.")]
    predictions: Annotated[list[str], Meta(description="The ids of the newest, ten at most.")]


class GivenUpGroup(TypedDict):
    """Deliveries to one receiver that were given up for one reason."""

    receiver: Annotated[str, Meta(description="Scheme and host.", examples=["https://app.example.com"])]
    reason: Annotated[str, Meta(examples=["answered 500"])]
    count: Annotated[int, Meta(ge=1)]
    last_at: Annotated[Instant, Meta(description="When the newest of them was created.")]
    deliveries: Annotated[list[str], Meta(description="The ids of the newest, ten at most.")]


class Troubles(TypedDict):
    """What went wrong lately, in groups, the newest first."""

    since: Instant
    failed: list[FailedGroup]
    given_up: list[GivenUpGroup]
    is_whole: Annotated[
        bool, Meta(description="False: there was more than was looked through, all of it older.")
    ]


class SettingMessage(TypedDict):
    """A setting as it is in force."""

    name: Annotated[str, Meta(examples=["port"])]
    value: Annotated[Any, Meta(description="`(set)` in place of a secret.")]
    default: Any
    origin: Annotated[
        Literal["default", "environment", "given"],
        Meta(description="`given`: by the settings' file or on the command line."),
    ]
    variable: Annotated[str, Meta(description="Its name in the environment.", examples=["FORETELL_PORT"])]
    sentence: Annotated[str, Meta(description="What it is.")]


class SettingList(TypedDict):
    """Every setting."""

    data: list[SettingMessage]
