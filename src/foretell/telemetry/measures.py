"""What has ended since this process began, counted, and how things stand when it is asked: as Prometheus reads it."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.prediction import Prediction
from foretell.telemetry.phases import spans

if TYPE_CHECKING:
    from foretell.telemetry.exposition import Exposition

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a gauge stands: its name without the prefix, what it is, and its values by its labels' values."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]


class Spread:
    """How durations are spread over the buckets; `counts` has one more, for all that is longer."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.sum = 0.0
        self.counts = [0] * (len(BUCKETS_SECONDS) + 1)

    def add(self, seconds: float) -> None:
        self.sum += seconds
        self.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1


class Measures:
    """One process's figures."""

    def __init__(self) -> None:
        self._ended: dict[tuple[str, str], int] = {}
        self._seconds: dict[tuple[str, str], Spread] = {}
        self._exposition: Exposition | None = None

    def ended(self, prediction: Prediction) -> None:
        """Counts one that has just ended."""
        model = prediction.model
        key = model, prediction.status
        self._ended[key] = self._ended.get(key, 0) + 1
        for span in spans(prediction):
            place = model, span.phase
            spread = self._seconds.get(place)
            if spread is None:
                spread = self._seconds[place] = Spread()
            spread.add(span.seconds)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many have ended, by model and status."""
        return self._ended.copy()

    def spreads(self) -> Mapping[tuple[str, str], Spread]:
        """How long they were in each phase, by model and phase."""
        return self._seconds.copy()

    def text(self, standing: Iterable[Standing] = ()) -> bytes:
        """All figures, with how things stand beside them."""
        return self._exposed().text(standing)

    def serve(self, host: str, port: int) -> int:
        """Gives the figures to whoever asks there, as long as the process lives. Raises OSError.

        The port, which is another where 0 was asked for.
        """
        return self._exposed().serve(host, port)

    def _exposed(self) -> "Exposition":
        # Only here: counting needs nothing of the library, and not every server is asked.
        from foretell.telemetry.exposition import Exposition

        if self._exposition is None:
            self._exposition = Exposition(self)
        return self._exposition
