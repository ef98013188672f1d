"""What a model is: its description, what it costs, what it needs, and its versions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from foretell.hardware import ANY
from foretell.pricing import Pricing
from foretell.retention import Retention

BATCH_MAX = 256
BATCH_WAIT_MS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Who stands behind a model."""

    name: str = "Foretell"
    description: str = ""
    image_url: str = ""
    slug: str = "foretell"
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a model may load and run, what it takes of a machine, and when its process is made anew.

    `memory_mb` is its declared peak. `gpu` counts GPUs, below 1 a share of one; `gpu_memory_mb` is its peak on each.
    `slots`: how many of its processes one node may have; `warm_min`: how many of them it always has.
    `restart_after_runs`, `restart_growth_mb` since it was loaded: 0 for never.
    """

    load_timeout_seconds: float = 120.0
    run_timeout_seconds: float = 600.0
    idle_seconds: float = 600.0
    memory_mb: int = 256
    gpu: float = 0.0
    gpu_memory_mb: int = 0
    slots: int = 1
    warm_min: int = 0
    restart_after_runs: int = 0
    restart_growth_mb: int = 0

    @property
    def slots_max(self) -> int:
        """How many processes a node has at most: as many as it always has, if those are more than `slots`."""
        return max(1, self.slots, self.warm_min)

    def problems(self) -> list[str]:
        """What makes no sense, a sentence each."""
        counts = ("gpu_memory_mb", "warm_min", "restart_after_runs", "restart_growth_mb")
        found = [f"'limits.{name}' must be 0 or more" for name in counts if getattr(self, name) < 0]
        if self.memory_mb < 1 or self.slots < 1:
            found.append("'limits.memory_mb' and 'limits.slots' must be at least 1")
        if self.gpu < 0 or (self.gpu > 1 and self.gpu != int(self.gpu)) or round(self.gpu, 3) != self.gpu:
            found.append(
                f"'limits.gpu' must be a whole number, or a share below 1 such as 0.5, not {self.gpu:g}"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How many predictions its `predict_batch` takes at a time: such as have the same in the inputs named by `equal`.

    `wait_ms`: how long a batch that could be larger waits for more at most.
    """

    size: int = 1
    wait_ms: float = 5.0
    equal: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """What makes no sense, a sentence each."""
        found = []
        if not 1 <= self.size <= BATCH_MAX:
            found.append(f"'batching.size' must be from 1 to {BATCH_MAX}, not {self.size}")
        if not 0 <= self.wait_ms <= BATCH_WAIT_MS_MAX:
            found.append(f"'batching.wait_ms' must be from 0 to {BATCH_WAIT_MS_MAX}, not {self.wait_ms:g}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A file or directory that a model needs, and where it comes from.

    `sha256` is empty until it is known: then a `file:` counts as a part of its folder, and anything else is fetched
    to know it when the model is added. `include` and `exclude` are patterns of a repository's files.
    """

    name: str
    source: str
    sha256: str = ""
    member: str | None = None
    size_bytes: int = 0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Inputs that show what a model does, and what came of them once: files of its folder, or one text.

    A file among the inputs is a path in the folder, or a URL.
    """

    title: str = ""
    input: dict[str, Any] = field(default_factory=dict)
    output: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A model folder's `model.toml`, read and checked. `folder` and `paths` are absolute.

    In a snapshot they lie in the data directory, wherever that is, and are relative to it.

    `schema`: the file of the folder that says what the predictor takes and gives, in place of its signature.
    `variables`: what its process may see of the server's environment, by name.
    `python`: the Python that it was written for, as in 3.11; "": any. `environ`: variables that its process gets.
    `notes`: what its folder asks for and is not done for it, a sentence each.
    `pictures`: the model that answers in its place, under its other names, where messages have pictures.
    """

    namespace: str
    name: str
    type: str
    description: str
    folder: str
    predictor: str
    capabilities: tuple[str, ...] = ()
    license: str = ""
    paths: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    hidden: bool = False
    moderated: bool = False
    pictures: str = ""
    concurrency: int = 1
    network: bool = True
    schema: str = ""
    variables: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    environment: str = "none"
    python: str = ""
    requirements: tuple[str, ...] = ()
    weights: tuple[Weight, ...] = ()
    examples: tuple[Example, ...] = ()
    vendor: Vendor = field(default_factory=Vendor)
    pricing: Pricing = field(default_factory=Pricing)
    limits: Limits = field(default_factory=Limits)
    batching: Batching = field(default_factory=Batching)
    retention: Retention = field(default_factory=Retention)
    notes: tuple[str, ...] = ()

    @property
    def is_snapshot(self) -> bool:
        """Whether it was added while a server ran, as a copy in the data directory."""
        return not self.folder.startswith("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Another name for the model `runs`; `says` tells in a sentence what that really is.

    Inputs that the name's usual model takes and this one does not are left out where `ignore` has them, and go by
    another name where `rename` has one. `tokens` is the vocabulary in which texts come where they come as tokens:
    `cl100k_base`, or this model's own.
    """

    name: str
    runs: str
    says: str = ""
    tokens: str = ""
    ignore: tuple[str, ...] = ()
    rename: dict[str, str] = field(default_factory=dict)

    def translated(self, given: Mapping[str, Any], inputs: Collection[str]) -> dict[str, Any]:
        """The input as the model takes it, whose `inputs` are left as they are."""
        renamed = {self.rename[name]: name for name in given if name in self.rename and name not in inputs}
        kept = {
            name: value
            for name, value in given.items()
            if name in inputs or not (name in self.ignore or name in self.rename)
        }
        return kept | {name: given[source] for name, source in renamed.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One registered state of a model. `id` is the hash of what was registered."""

    id: str
    manifest: Manifest
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    streaming: bool
    created_at: int
    offline_reason: str | None = None

    @property
    def model(self) -> str:
        return self.manifest.namespace

    def at(self, manifest: Manifest) -> "Version":
        """The same with another manifest: one whose folders are found on this machine."""
        return replace(self, manifest=manifest)

    def lane(self, hardware: str = ANY) -> str:
        """The queue in which its predictions wait: version and class of hardware."""
        return f"{self.id}:{hardware}"
