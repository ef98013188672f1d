"""What this machine has for models, and what processes hold of it: memory, and GPUs by NVIDIA's own library."""

import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.config import Config
from foretell.hardware import Gpu
from foretell.node import processes
from foretell.node.placing import Room
from foretell.node.wear import Wear

MEGABYTE = 1024**2
SHARE_OF_MACHINE = 0.7
"""Of its memory; the rest is for the server and for everything else that runs there."""
DRIVER = Path("/proc/driver/nvidia/gpus")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """`handles` are NVIDIA's for the GPUs of `room`, in the same order; none where GPUs were only declared."""

    room: Room
    handles: tuple[Any, ...] = ()
    hardware: str = field(init=False)
    """What runs models here, by name: the GPUs, or `cpu`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hardware", ", ".join(each.name for each in self.room.gpus) or "cpu")

    def weigh(self, pid: int, wear: Wear, gpus: Collection[int]) -> None:
        """Looks at what a replica's process and all that it has started hold, also on its `gpus`."""
        family = processes.family(pid)
        wear.processes |= set(family)
        wear.holds(processes.held_mb(family))
        if gpus and (held := self.held_mb(family)) is not None:
            wear.holds_on_gpus(held)

    def held_mb(self, pids: Collection[int]) -> dict[int, int] | None:
        """How much memory these processes hold on each GPU on which they have any; None: nobody can tell."""
        if not self.handles:
            return None
        return _held_mb(self.handles, set(pids))


def found(config: Config, environment: Mapping[str, str]) -> Machine:
    """What there is: as configured, else as it is found. GPUs that CUDA_VISIBLE_DEVICES hides are not there."""
    memory_mb = config.memory_mb or int(total_mb() * SHARE_OF_MACHINE)
    if config.gpus:
        gpus = tuple(
            Gpu(handle=str(index), name=each["name"], memory_mb=each["memory_mb"])
            for index, each in enumerate(config.gpus)
        )
        return Machine(Room(memory_mb=memory_mb, gpus=gpus))
    there = _visible(_gpus(), environment.get("CUDA_VISIBLE_DEVICES"))
    room = Room(memory_mb=memory_mb, gpus=tuple(gpu for gpu, _ in there))
    return Machine(room, tuple(handle for _, handle in there))


def told(machine: Machine, name: str) -> dict[str, Any]:
    """What a node's row says of its machine, under this name."""
    return {
        "name": name,
        "cores": os.cpu_count() or 1,
        "memory_mb": total_mb(),
        "models_mb": machine.room.memory_mb,
        "gpus": [{"name": each.name, "memory_mb": each.memory_mb} for each in machine.room.gpus],
    }


def told_room(hardware: Mapping[str, Any]) -> Room:
    """What a node's row says that its machine gives to models."""
    gpus = tuple(Gpu(handle="", **each) for each in hardware.get("gpus", ()))
    return Room(memory_mb=hardware.get("models_mb", 0), gpus=gpus)


def total_mb() -> int:
    """All memory of this machine."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MEGABYTE)


def _gpus() -> list[tuple[Gpu, Any]]:
    """NVIDIA's GPUs, in the library's order; none where it is not there or does not work."""
    import pynvml

    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(each) for each in range(pynvml.nvmlDeviceGetCount())]
        return [(_gpu(each), each) for each in handles]
    except pynvml.NVMLError as error:
        if DRIVER.is_dir():
            _log.warning("NVIDIA's driver is here, but its library does not tell of GPUs: %s", error)
        return []


def _gpu(handle: Any) -> Gpu:
    import pynvml

    return Gpu(
        # An index would mean another GPU to CUDA, which counts the fastest first.
        handle=str(pynvml.nvmlDeviceGetUUID(handle)),
        name=str(pynvml.nvmlDeviceGetName(handle)),
        memory_mb=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total) // MEGABYTE,
    )


def _visible(gpus: list[tuple[Gpu, Any]], named: str | None) -> list[tuple[Gpu, Any]]:
    """Those that the variable names, by number or by the beginning of an id; all where it is not set."""
    if named is None:
        return gpus
    words = [each.strip() for each in named.split(",") if each.strip()]
    return [
        each
        for index, each in enumerate(gpus)
        if any(word == str(index) or (word[0] in "GM" and each[0].handle.startswith(word)) for word in words)
    ]


def _held_mb(handles: Collection[Any], pids: set[int]) -> dict[int, int] | None:
    import pynvml

    try:
        told = [pynvml.nvmlDeviceGetComputeRunningProcesses(each) for each in handles]
    except pynvml.NVMLError as error:
        _log.warning("what processes hold on GPUs cannot be read: %s", error)
        return None
    ours = [[each for each in there if each.pid in pids] for there in told]
    # A driver that does not tell how much a process holds still tells that it holds something.
    return {
        index: sum(each.usedGpuMemory or 0 for each in there) // MEGABYTE
        for index, there in enumerate(ours)
        if there
    }
