"""Where a replica goes: which memory and which GPUs it gets, and who has to leave for it. Decides, and does nothing.

A replica that asks for whole GPUs has them to itself. Those that ask for shares, or only for memory of a GPU, may
lie on one together: their shares are 1 at most, and their memory is no more than it has. The smallest room is taken.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from foretell.hardware import ANY, Gpu, has

THOUSANDTHS = 1000
"""Shares are counted in these: three thirds of a GPU are no more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a machine gives its models."""

    memory_mb: int
    gpus: tuple[Gpu, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a replica takes. `gpu` counts GPUs of the class `hardware`, below 1 a share of one.

    `gpu_memory_mb` is what it declares for each of them, `gpu_measured_mb` the most that it was seen to hold on one.
    """

    memory_mb: int
    gpu: float = 0.0
    gpu_memory_mb: int = 0
    gpu_measured_mb: int = 0
    hardware: str = ANY

    @property
    def is_for_gpus(self) -> bool:
        return self.gpu > 0 or self.gpu_memory_mb > 0

    @property
    def count(self) -> int:
        """On how many GPUs it lies."""
        return max(1, int(self.gpu)) if self.is_for_gpus else 0

    @property
    def is_alone(self) -> bool:
        """Whether nothing else may lie on its GPUs."""
        return self.gpu >= 1

    def claim(self, gpu: Gpu) -> tuple[int, int]:
        """What it takes of one of its GPUs: thousandths of it, and MB."""
        if self.is_alone:
            return THOUSANDTHS, gpu.memory_mb
        # Who wants half of a GPU and does not say how much memory that is, means half of that too.
        declared_mb = self.gpu_memory_mb or round(self.gpu * gpu.memory_mb)
        # What was measured on a larger one must not make it homeless.
        measured_mb = min(self.gpu_measured_mb, gpu.memory_mb)
        return round(self.gpu * THOUSANDTHS), max(declared_mb, measured_mb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A replica where it is. One that is leaving holds its place still; an idle one may be sent away."""

    id: str
    need: Need
    gpus: tuple[int, ...] = ()
    used_seconds: float = 0.0
    is_idle: bool = False
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How a replica fits: at once, on these GPUs, or after those of `unload` are gone; neither: others have to end."""

    fits: bool
    gpus: tuple[int, ...] = ()
    unload: tuple[str, ...] = ()


def plan(room: Room, need: Need, placed: Sequence[Placed], aside: Collection[int] = ()) -> Plan:
    """How to make room. GPUs set `aside` are given to nobody. Idle replicas go, the least recently used first."""
    gpus = _seat(room, need, placed, aside)
    if gpus is not None:
        return Plan(fits=True, gpus=gpus)
    staying = [each for each in placed if not each.is_leaving]
    sent: list[Placed] = []
    for each in sorted((each for each in staying if each.is_idle), key=lambda each: each.used_seconds):
        if _fits_without(sent, room, need, staying, aside):
            break
        sent.append(each)
    if not _fits_without(sent, room, need, staying, aside):
        return Plan(fits=False)
    for each in reversed(sent):
        spared = [other for other in sent if other is not each]
        if _fits_without(spared, room, need, staying, aside):
            sent = spared
    return Plan(fits=False, unload=tuple(each.id for each in sent))


def why_never(room: Room, need: Need) -> str | None:
    """Why there is no place even in an empty machine, as the end of a sentence; None: there is."""
    if need.memory_mb > room.memory_mb:
        return f"it wants {need.memory_mb:,} MB of memory, and the models here have {room.memory_mb:,} MB"
    if _seat(room, need, (), ()) is not None:
        return None
    return f"it wants {_wanted(need)}, and here {_there(room.gpus)}"


def _fits_without(
    sent: Sequence[Placed], room: Room, need: Need, staying: Sequence[Placed], aside: Collection[int]
) -> bool:
    return _seat(room, need, [each for each in staying if each not in sent], aside) is not None


def _seat(room: Room, need: Need, placed: Sequence[Placed], aside: Collection[int]) -> tuple[int, ...] | None:
    """The GPUs it gets now, none for one that wants none; None: it has to wait, for them or for memory."""
    if room.memory_mb - sum(each.need.memory_mb for each in placed) < need.memory_mb:
        return None
    found = []
    for index, gpu in enumerate(room.gpus):
        left = None if index in aside else _left_mb(index, gpu, need, placed)
        if left is not None and has(gpu.name, need.hardware):
            # The fullest first, then the smallest.
            found.append((left, gpu.memory_mb, index))
    if len(found) < need.count:
        return None
    return tuple(sorted(index for _, _, index in sorted(found)[: need.count]))


def _left_mb(index: int, gpu: Gpu, need: Need, placed: Sequence[Placed]) -> int | None:
    """The memory that stays free on a GPU beside it; None: it does not fit there."""
    there = [each.need.claim(gpu) for each in placed if index in each.gpus]
    share, memory_mb = need.claim(gpu)
    if need.is_alone and (there or gpu.memory_mb < need.gpu_memory_mb):
        return None
    if sum(each for each, _ in there) + share > THOUSANDTHS:
        return None
    left_mb = gpu.memory_mb - sum(each for _, each in there) - memory_mb
    if left_mb < 0:
        return None
    return gpu.memory_mb if need.is_alone else left_mb


def _wanted(need: Need) -> str:
    count = "1 GPU" if need.count == 1 else f"{need.count} GPUs"
    if 0 < need.gpu < 1:
        count = f"{need.gpu:g} of a GPU"
    kind = "" if need.hardware == ANY else f" of the class '{need.hardware}'"
    each = "" if need.count == 1 else " each"
    return count + kind + (f" with {need.gpu_memory_mb:,} MB{each}" if need.gpu_memory_mb else "")


def _there(gpus: Sequence[Gpu]) -> str:
    if not gpus:
        return "there is none"
    shown = ", ".join(f"{each.name} ({each.memory_mb:,} MB)" for each in gpus)
    return f"there is only {shown}" if len(gpus) == 1 else f"there are only {shown}"
