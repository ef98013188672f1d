"""What a family says of weights that it can run: everything that goes into a model's folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

DIRECTORY = "model"
"""The name of weights that are a directory."""


@dataclass(frozen=True, slots=True)
class Companion:
    """More weights that are needed: by which name, from where, and which of the files there."""

    name: str
    source: str
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """Weights that a family can run, and how.

    `predictor` is `FILE.py:CLASS`, one of `files`, which are copied into the model's folder side by side. `settings`
    become the constants of a `settings.py` beside them (`steps` is `STEPS`), from which a predictor's signature may
    take defaults and choices. `weight` is the name by which the predictor asks for the weights.
    """

    family: str
    type: str
    title: str
    predictor: str
    files: tuple[Path, ...]
    example: Mapping[str, Any]
    """An input that proves that the model runs, as quickly as one can."""
    description: str = ""
    capabilities: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    """Which files of the weights are needed, as patterns; empty: all."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    license: str = ""
    weight: str = DIRECTORY
    schema: Mapping[str, Any] | None = None
    """What it takes and gives, as `input` and `output`, where the predictor's signature does not say it."""
    companions: tuple[Companion, ...] = ()
    concurrency: int = 1
    gpu_memory_mb: int = 0
    """What it takes of the memory of GPUs; 0: it runs on a processor, whatever else there is."""
    beside_gpus_mb: int = 0
    """What it takes of the machine's memory where GPUs hold all its weights; 0: as much as without them."""
    gpus_max: int = 1
    """On so many GPUs it can lie, where one has not the room."""

    def on(self, gpus_mb: Sequence[int]) -> "Recognized":
        """The same for a machine with such GPUs: what it asks for there. Without any it runs on the processor."""
        return replace(self, limits={**self.limits, **self._share(gpus_mb)})

    def _share(self, gpus_mb: Sequence[int]) -> dict[str, float]:
        if not self.gpu_memory_mb or not gpus_mb:
            return {}
        beside = {"memory_mb": self.beside_gpus_mb} if self.beside_gpus_mb else {}
        if self.gpu_memory_mb <= max(gpus_mb):
            return {"gpu_memory_mb": self.gpu_memory_mb, **beside}
        largest = sorted(gpus_mb, reverse=True)[: self.gpus_max]
        sums = enumerate(accumulate(largest), start=1)
        count = next((each for each, sum_mb in sums if sum_mb >= self.gpu_memory_mb), len(largest))
        # What does not even fit all of them takes turns with what waits in the machine's memory.
        return {"gpu": count, **(beside if sum(largest) >= self.gpu_memory_mb else {})}
