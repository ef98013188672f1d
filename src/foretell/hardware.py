"""Hardware: what models run on, by name, and whether that is the class that a caller asked for."""

import re
from dataclasses import dataclass

ANY = "any"
_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A GPU of a machine. `handle` is how CUDA_VISIBLE_DEVICES names it; `memory_mb` is all that it has."""

    handle: str
    name: str
    memory_mb: int


def class_of(asked: str) -> str:
    """The word of a class, however it was written: `H100`, `h-100` and `nvidia-H100` share letters and digits."""
    return _OTHER.sub("", asked.casefold()).removeprefix("nvidia") or ANY


def has(hardware: str, wanted: str) -> bool:
    """Whether hardware of this name is of the wanted class: `NVIDIA H100 80GB HBM3` is an `h100`."""
    return wanted == ANY or wanted in _OTHER.sub("", hardware.casefold())
