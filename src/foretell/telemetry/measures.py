"""Figures in Prometheus' format: what has ended since this process began, and how things stand when it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric

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
        ended = Counter(
            "foretell_predictions",
            "Predictions that have ended.",
            ["model", "status"],
            registry=self._registry,
        )
        seconds = Histogram(
            "foretell_prediction_phase_seconds",
            "How long ended predictions were in each phase.",
            ["model", "phase"],
            buckets=BUCKETS_SECONDS,
            registry=self._registry,
        )
        # To look up a label's child takes longer than to count.
        self._ended = cache(ended.labels)
        self._seconds = cache(seconds.labels)

    def ended(self, prediction: Prediction) -> None:
        """Counts one that has just ended."""
        self._ended(prediction.model, prediction.status.value).inc()
        for span in spans(prediction):
            self._seconds(prediction.model, span.phase).observe(span.seconds)

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
