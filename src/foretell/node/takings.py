"""What a version takes of a machine: what its author declares, or what was measured where that is more."""

from dataclasses import dataclass

from foretell.hardware import ANY, has
from foretell.model import Version
from foretell.node.placing import Need, Room
from foretell.node.wear import Wear


@dataclass(slots=True)
class Takings:
    """The most that any replica of a version has held since the node began, and how long the newest took to load."""

    memory_mb: int = 0
    gpu_memory_mb: int = 0
    load_seconds: float = 0.0

    def saw(self, wear: Wear) -> None:
        """A replica of it has held so much."""
        self.memory_mb = max(self.memory_mb, wear.memory_peak_mb)
        self.gpu_memory_mb = max(self.gpu_memory_mb, wear.gpu_memory_peak_mb)

    def need(self, version: Version, room: Room, hardware: str) -> Need:
        """What it needs; where the machine has GPUs of the class `hardware`, one of these."""
        limits = version.manifest.limits
        is_here = any(has(each.name, hardware) for each in room.gpus)
        return Need(
            # What it has run with is enough, even if the machine has less than it took when it had it to itself.
            memory_mb=max(limits.memory_mb, min(self.memory_mb, room.memory_mb)),
            gpu=limits.gpu,
            gpu_memory_mb=limits.gpu_memory_mb,
            gpu_measured_mb=self.gpu_memory_mb,
            hardware=hardware if is_here else ANY,
        )
