"""Figures in Prometheus' format: what has ended since this process began, and how things stand when it is asked."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from foretell.prediction import Prediction
from foretell.telemetry.phases import spans

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a gauge stands: its name without the prefix, what it is, and its values by its labels' values."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]


class Measures:
    """One process's figures."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._ended: dict[tuple[str, str], int] = {}
        self._seconds: dict[tuple[str, str], _Spread] = {}
        self._registry.register(self)

    def ended(self, prediction: Prediction) -> None:
        """Counts one that has just ended."""
        model = prediction.model
        key = model, prediction.status
        self._ended[key] = self._ended.get(key, 0) + 1
        for span in spans(prediction):
            place = model, span.phase
            spread = self._seconds.get(place)
            if spread is None:
                spread = self._seconds[place] = _Spread()
            spread.add(span.seconds)

    def collect(self) -> Iterable[Metric]:
        """What has ended, in the form in which the library collects: it is counted here, for that takes less time."""
        ended = CounterMetricFamily(
            "foretell_predictions", "Predictions that have ended.", labels=["model", "status"]
        )
        for labels, count in tuple(self._ended.items()):
            ended.add_metric([*map(str, labels)], count)
        seconds = HistogramMetricFamily(
            "foretell_prediction_phase_seconds",
            "How long ended predictions were in each phase.",
            labels=["model", "phase"],
        )
        for labels, spread in tuple(self._seconds.items()):
            seconds.add_metric(labels, spread.buckets(), spread.sum)
        return ended, seconds

    def text(self, standing: Iterable[Standing] = ()) -> bytes:
        """All figures, with how things stand beside them."""
        now = CollectorRegistry()
        now.register(_Standings(standing))
        return generate_latest(self._registry) + generate_latest(now)

    def serve(self, host: str, port: int) -> int:
        """Gives the figures to whoever asks there, as long as the process lives. Raises OSError.

        The port, which is another where 0 was asked for.
        """
        server, _ = start_http_server(port, addr=host, registry=self._registry)
        return int(server.server_port)


class _Spread:
    """How durations are spread over the buckets."""

    __slots__ = ("_counts", "sum")

    def __init__(self) -> None:
        self.sum = 0.0
        self._counts = [0] * (len(BUCKETS_SECONDS) + 1)

    def add(self, seconds: float) -> None:
        self.sum += seconds
        self._counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1

    def buckets(self) -> list[tuple[str, float]]:
        """How many took at most so long, by how long that is."""
        bounds = [*map(floatToGoString, BUCKETS_SECONDS), "+Inf"]
        return list(zip(bounds, accumulate(self._counts), strict=True))


class _Standings:
    """Gauges as they are given, in the form in which the library collects."""

    def __init__(self, standing: Iterable[Standing]) -> None:
        self._standing = tuple(standing)

    def collect(self) -> Iterable[Metric]:
        for each in self._standing:
            family = GaugeMetricFamily(f"foretell_{each.name}", each.help, labels=each.labels)
            for labels, value in each.values:
                family.add_metric(labels, value)
            yield family
