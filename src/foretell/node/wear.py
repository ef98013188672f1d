"""What a replica has done, and what it holds: its memory and that of all it has started, on the machine and on GPUs."""

from dataclasses import dataclass, field

from foretell.model import Limits

WEIGHT = 0.2
"""What the newest run counts of the average: some ten runs make it."""


@dataclass(slots=True)
class Wear:
    """One replica's. Memory is in MB; what it holds is as of the last look, and 0 where nobody can tell."""

    runs: int = 0
    run_seconds: float | None = None
    loaded_mb: int = 0
    memory_mb: int = 0
    memory_peak_mb: int = 0
    gpu_memory_mb: int = 0
    gpu_memory_peak_mb: int = 0
    processes: set[int] = field(default_factory=set)

    def ran(self, seconds: float) -> None:
        """A run has ended that took so long."""
        self.runs += 1
        before = seconds if self.run_seconds is None else self.run_seconds
        self.run_seconds = before + WEIGHT * (seconds - before)

    def holds(self, memory_mb: int) -> None:
        """It was seen to hold so much."""
        self.memory_mb = memory_mb
        self.peaked(memory_mb)

    def peaked(self, memory_mb: int) -> None:
        """It has held so much at some time."""
        self.memory_peak_mb = max(self.memory_peak_mb, memory_mb)

    def holds_on_gpus(self, held_mb: dict[int, int]) -> None:
        """On the GPU of which it holds most, that is so much."""
        self.gpu_memory_mb = max(held_mb.values(), default=0)
        self.gpu_memory_peak_mb = max(self.gpu_memory_peak_mb, self.gpu_memory_mb)

    def is_over(self, limits: Limits) -> bool:
        """Whether the process is to be made anew, by what its author says."""
        has_run = 0 < limits.restart_after_runs <= self.runs
        has_grown = 0 < limits.restart_growth_mb <= self.memory_mb - self.loaded_mb
        return has_run or (has_grown and self.loaded_mb > 0)
