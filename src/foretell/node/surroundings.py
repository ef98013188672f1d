"""What a node works with: everything outside it that it is given at start."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from foretell.blobs import Blobs
from foretell.config import Config
from foretell.node.machine import Machine
from foretell.outbound import Outbound
from foretell.seal import Seal
from foretell.snapshots import Snapshots
from foretell.store import Store
from foretell.weights import Weights
from foretell.weights.environments import Environments


def _now() -> int:
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A child is given the allow-listed part of `environment`; `seal` opens secret inputs."""

    config: Config
    store: Store
    blobs: Blobs
    weights: Weights
    environments: Environments
    outbound: Outbound
    machine: Machine
    seal: Seal
    clock: Callable[[], int] = _now
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def snapshots(self) -> Snapshots:
        """The folders of models that were added."""
        return Snapshots(self.config.data_path, self.blobs, travel=bool(self.config.database))

    @property
    def hardware(self) -> str:
        """What models run on here, by name."""
        return self.config.hardware or self.machine.hardware
