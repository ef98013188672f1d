"""What was found about one contender in one round, and the medians of rounds."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from compare.load import Loaded
from compare.processes import Memory
from compare.streams import Paced, Streamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`loads` by number of clients, `streams` by number of streams; `flush_ms` is the disk's at the end."""

    name: str
    start_seconds: float
    memory: Memory
    flush_ms: float
    loads: dict[int, Loaded]
    streams: dict[int, Streamed]
    paced: Paced | None = None


def middle(rounds: Sequence[Round], name: str, figure: Callable[[Round], float]) -> float:
    """The median over a contender's rounds."""
    return statistics.median(figure(each) for each in rounds if each.name == name)
