"""Retention: how long what a prediction took and gave is kept after its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

SECONDS_MAX = 100 * 366 * 86_400
"""A hundred years: whoever wants more wants for ever."""


class Part(StrEnum):
    """What goes together, in the order in which it goes when all is due at once."""

    INPUTS = "inputs"
    LOGS = "logs"
    OUTPUTS = "outputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Seconds from a prediction's end until each part of it is purged; 0 keeps it for ever."""

    keep_outputs_seconds: int = 0
    keep_inputs_seconds: int = 0
    keep_logs_seconds: int = 0

    @property
    def is_endless(self) -> bool:
        return not (self.keep_outputs_seconds or self.keep_inputs_seconds or self.keep_logs_seconds)

    def limited(self) -> Iterator[tuple[Part, int]]:
        """Each part that is not kept for ever, with its seconds."""
        found = {
            Part.INPUTS: self.keep_inputs_seconds,
            Part.LOGS: self.keep_logs_seconds,
            Part.OUTPUTS: self.keep_outputs_seconds,
        }
        return ((part, seconds) for part, seconds in found.items() if seconds)


def of_all(seconds: int) -> Retention:
    """Every part for so long."""
    return Retention(keep_outputs_seconds=seconds, keep_inputs_seconds=seconds, keep_logs_seconds=seconds)


def narrowest(*retentions: Retention) -> Retention:
    """For each part the shortest time that any of them sets."""
    return Retention(
        keep_outputs_seconds=_shortest(each.keep_outputs_seconds for each in retentions),
        keep_inputs_seconds=_shortest(each.keep_inputs_seconds for each in retentions),
        keep_logs_seconds=_shortest(each.keep_logs_seconds for each in retentions),
    )


def _shortest(seconds: Iterator[int]) -> int:
    return min((each for each in seconds if each), default=0)
