"""What is loaded at a time: as many models as fit, the least recently used idle one going first."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from foretell.config import Config

SHARE_OF_MACHINE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A replica as memory sees it. One that is leaving holds its memory still; an idle one may be sent."""

    id: str
    memory_mb: int
    used_seconds: float
    is_idle: bool
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How a replica fits: at once, or after those of `unload` are gone; neither: others have to end."""

    fits: bool
    unload: tuple[str, ...] = ()


def plan(limit_mb: int, wanted_mb: int, loaded: Sequence[Loaded]) -> Plan:
    """How to make room for `wanted_mb`. One that is larger than the limit gets everything, alone."""
    wanted_mb = min(wanted_mb, limit_mb)
    if limit_mb - sum(each.memory_mb for each in loaded) >= wanted_mb:
        return Plan(fits=True)
    free_mb = limit_mb - sum(each.memory_mb for each in loaded if not each.is_leaving)
    unload = []
    for each in sorted(loaded, key=lambda each: each.used_seconds):
        if free_mb >= wanted_mb:
            break
        if each.is_idle and not each.is_leaving:
            unload.append(each.id)
            free_mb += each.memory_mb
    return Plan(fits=False, unload=tuple(unload) if free_mb >= wanted_mb else ())


def limit_mb(config: Config) -> int:
    """Memory for loaded models: as configured, else a share of the machine's."""
    if config.memory_mb:
        return config.memory_mb
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**2 * SHARE_OF_MACHINE)
