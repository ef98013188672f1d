"""Messages about models to their operators: versions, and additions step by step."""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Instant

Sizes = Annotated[int, Meta(description="Bytes of its folder and its weights.")]


class RegisteredExample(TypedDict):
    """Inputs that show what a model does, and what came of them once."""

    title: str
    input: dict[str, Any]
    output: Annotated[list[str], Meta(description="Files of the model's folder, or one text.")]


class VersionMessage(TypedDict):
    """A version of a model."""

    id: Annotated[str, Meta(description="What it is, as a hash.", examples=["0f3a9c1d2b4e5f60"])]
    created_at: Instant
    current_at: Annotated[
        Instant | None, Meta(description="When it last became the one that the name means.")
    ]
    is_current: bool
    size_bytes: Sizes


class RegisteredModel(TypedDict):
    """A model as its operator sees it."""

    namespace: str
    name: str
    type: str
    version: Annotated[str, Meta(description="The id of its current version.")]
    versions: Annotated[
        list[VersionMessage], Meta(description="Those that can be asked for as `name:version`.")
    ]
    added: Annotated[
        bool,
        Meta(description="Whether it was added to this server; others are built in or read at its start."),
    ]
    folder: Annotated[str, Meta(description="Where it lies on the server's machine.")]
    hidden: Annotated[bool, Meta(description="Whether callers cannot ask for it.")]
    ready: Annotated[bool, Meta(description="Whether everything that it needs is on this machine.")]
    state: Annotated[
        Literal["cold", "loading", "warm", "offline"],
        Meta(description="Whether a node has it loaded; offline: it cannot run here."),
    ]
    offline_reason: str | None
    size_bytes: Sizes
    examples: list[RegisteredExample]
    notes: Annotated[
        list[str], Meta(description="What its folder asks for and is not done for it, a sentence each.")
    ]


class RegisteredModelList(TypedDict):
    """Every model, hidden ones too."""

    data: list[RegisteredModel]


class StepMessage(TypedDict):
    """A step of an addition that has begun."""

    name: Literal["reading", "weights", "environment", "loading", "example", "current"]
    state: Literal["running", "succeeded", "failed", "canceled"]
    says: Annotated[str, Meta(description="What it is at, or what came of it.")]
    progress: Annotated[float | None, Meta(description="0 to 100, where it can be known.")]
    began_at: Instant
    ended_at: Instant | None


class AdditionMessage(TypedDict):
    """What an operator does with a model, step by step."""

    id: str
    work: Annotated[
        Literal["add", "test", "pull"],
        Meta(description="Adding a version, running examples, or fetching what is needed."),
    ]
    source: Annotated[str, Meta(description="What was asked for.")]
    model: Annotated[str | None, Meta(description="Its model, once that is known.")]
    version: Annotated[str | None, Meta(description="Its version, once that is known.")]
    state: Literal["running", "succeeded", "failed", "canceled"]
    steps: list[StepMessage]
    error: Annotated[str | None, Meta(description="Why it failed, in a sentence.")]
    created_at: Instant
    updated_at: Instant


class AdditionList(TypedDict):
    """The newest additions first."""

    data: list[AdditionMessage]


class ModelLog(TypedDict):
    """How a version came to be what it is, or why it did not."""

    model: str
    version: str | None
    addition: Annotated[AdditionMessage | None, Meta(description="What this is the log of; null: of none.")]
    log: Annotated[str, Meta(description="What pip and the model wrote, step by step.")]


class VersionQuery(TypedDict, total=False):
    """Which version of a model is meant."""

    version: Annotated[str, Meta(description="Its id, or the beginning of it.")]


class RemovedModel(TypedDict):
    """What nobody can ask for any more."""

    model: str
    versions: list[str]


class PrunedMessage(TypedDict):
    """An environment, or weights by their SHA-256."""

    name: str
    size_bytes: int


class Pruning(TypedDict):
    """What was taken out of the cache."""

    data: list[PrunedMessage]
    size_bytes: int
