"""What a model is: its description, what it costs, what it needs, and its versions."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Who stands behind a model."""

    name: str = "Foretell"
    description: str = ""
    image_url: str = ""
    slug: str = "foretell"
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a run costs: `amount` credits per `unit` (image, video, second, prediction, token …)."""

    amount: float = 0.0
    unit: str = "prediction"
    currency: str = "USD"


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
class Manifest:
    """A model folder's `model.toml`, read and checked. `folder` and `paths` are absolute."""

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
    concurrency: int = 1
    environment: str = "none"
    requirements: tuple[str, ...] = ()
    weights: tuple[Weight, ...] = ()
    vendor: Vendor = field(default_factory=Vendor)
    pricing: Pricing = field(default_factory=Pricing)
    limits: Limits = field(default_factory=Limits)


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

    def lane(self, gpu: str | None) -> str:
        """The queue in which its predictions wait: version and hardware class."""
        return f"{self.id}:{gpu or 'any'}"


def cost_nanocredits(pricing: Pricing, metrics: dict[str, float]) -> int:
    """What a finished run costs, in 10⁻⁹ credit, from the units its metrics count."""
    return round(pricing.amount * 1_000_000_000 * _units(pricing.unit, metrics))


def _units(unit: str, metrics: dict[str, float]) -> float:
    match unit:
        case "image" | "video":
            return metrics.get("image_count", metrics.get("asset_count", 1.0))
        case "second" | "computing_second" | "gpu":
            return metrics.get("predict_time", 0.0)
        case "token":
            return metrics.get("tokens_in", 0.0) + metrics.get("tokens_out", 0.0)
        case "million_token":
            return _units("token", metrics) / 1_000_000
        case _:
            return 1.0
