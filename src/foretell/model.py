"""What a model is: its description, what it costs, what it needs, and its versions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from foretell.hardware import ANY
from foretell.pricing import Pricing
from foretell.retention import Retention


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
    """How long a model may load and run, how long it stays idle, and its declared peak of memory."""

    load_timeout_seconds: float = 120.0
    run_timeout_seconds: float = 600.0
    idle_seconds: float = 600.0
    memory_mb: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A file or directory that a model needs, and where it comes from."""

    name: str
    source: str
    sha256: str
    member: str | None = None
    size_bytes: int = 0


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
    environment: str = "none"
    requirements: tuple[str, ...] = ()
    weights: tuple[Weight, ...] = ()
    examples: tuple[Example, ...] = ()
    vendor: Vendor = field(default_factory=Vendor)
    pricing: Pricing = field(default_factory=Pricing)
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)


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

    def lane(self, hardware: str = ANY) -> str:
        """The queue in which its predictions wait: version and class of hardware."""
        return f"{self.id}:{hardware}"
