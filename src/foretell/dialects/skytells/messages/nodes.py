"""Messages about nodes: what runs models, and what runs there."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Instant


class GpuMessage(TypedDict):
    """A GPU of a node."""

    name: Annotated[str, Meta(examples=["NVIDIA L4"])]
    memory_mb: Annotated[int, Meta(description="All that it has.")]
    replicas: Annotated[list[str], Meta(description="The ids of those that have it, or a share of it.")]


class ReplicaMessage(TypedDict):
    """A model's process on a node. Its memory is the most that it has held, with all that it has started."""

    id: str
    model: Annotated[str, Meta(examples=["truefusion"])]
    version: str
    state: Literal["wanted", "fetching", "loading", "ready", "draining"]
    percent: Annotated[int | None, Meta(description="How far a download is.")]
    line: Annotated[str, Meta(description="What is being installed for it.")]
    pid: int | None
    memory_mb: Annotated[int | None, Meta(description="Null until it was measured.")]
    gpus: Annotated[list[int], Meta(description="Which of its node's it has, counted from 0.")]
    gpu_memory_mb: Annotated[
        int | None, Meta(description="The most that it has held on one GPU; null where nobody can tell.")
    ]
    runs: Annotated[int, Meta(description="How many have ended in it.")]
    running: Annotated[int, Meta(description="How many predictions it has now.")]
    load_seconds: Annotated[float | None, Meta(description="How long it took to load.")]
    run_seconds: Annotated[float | None, Meta(description="How long its latest runs took, on average.")]
    idle_since: Annotated[Instant | None, Meta(description="Null while it works, and before its first run.")]


class NodeMessage(TypedDict):
    """A process that runs models, and the machine it does so on."""

    id: str
    living: Annotated[bool, Meta(description="Whether it was heard of lately.")]
    seen_at: Instant
    drained_at: Annotated[Instant | None, Meta(description="Since when it takes nothing more.")]
    hardware: Annotated[str, Meta(description="What it runs models on.", examples=["NVIDIA L4"])]
    cores: int
    memory_mb: Annotated[int, Meta(description="All of the machine's.")]
    models_mb: Annotated[int, Meta(description="What of it models may have.")]
    used_mb: Annotated[int, Meta(description="The most that its replicas have held, together.")]
    gpus: list[GpuMessage]
    replicas: list[ReplicaMessage]


class NodeList(TypedDict):
    """Every node, and the models that are paused."""

    data: list[NodeMessage]
    paused: Annotated[list[str], Meta(description="Models that accept predictions and start none.")]


class UnloadingMessage(TypedDict):
    """A replica that ends after its runs."""

    id: str
    unloading: Literal[True]


class PausedMessage(TypedDict):
    """Whether a model starts what it accepts."""

    model: str
    paused: bool
