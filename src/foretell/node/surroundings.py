"""What a node works with: everything outside it that it is given at start."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from foretell.blobs import Blobs
from foretell.config import Config
from foretell.outbound import Outbound
from foretell.store import Store
from foretell.weights import Weights
from foretell.weights.environments import Environments


def _now() -> int:
    return time.time_ns() // 1_000


def found_hardware() -> str:
    """What runs models here: the names of its GPUs, or `cpu`."""
    found = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    names = [
        line.partition(":")[2].strip()
        for each in found
        for line in each.read_text().splitlines()
        if "Model" in line
    ]
    return ", ".join(names) or "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`hardware` names what models run on; a child is given the allow-listed part of `environment`."""

    config: Config
    store: Store
    blobs: Blobs
    weights: Weights
    environments: Environments
    outbound: Outbound
    clock: Callable[[], int] = _now
    hardware: str = field(default_factory=found_hardware)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
