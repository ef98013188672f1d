"""Figures in Prometheus' format."""

from collections.abc import Iterable
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

from foretell.telemetry.measures import BUCKETS_SECONDS, Measures, Spread, Standing


class Exposition:
    """One process's figures, in the form in which the library collects: they are counted elsewhere, which is faster."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """What has ended."""
        ended = CounterMetricFamily(
            "foretell_predictions", "Predictions that have ended.", labels=["model", "status"]
        )
        for labels, count in self._measures.counts().items():
            ended.add_metric([*map(str, labels)], count)
        seconds = HistogramMetricFamily(
            "foretell_prediction_phase_seconds",
            "How long ended predictions were in each phase.",
            labels=["model", "phase"],
        )
        for labels, spread in self._measures.spreads().items():
            seconds.add_metric(labels, _buckets(spread), spread.sum)
        return ended, seconds

    def text(self, standing: Iterable[Standing]) -> bytes:
        """All figures, with how things stand beside them."""
        now = CollectorRegistry()
        now.register(_Standings(standing))
        return generate_latest(self._registry) + generate_latest(now)

    def serve(self, host: str, port: int) -> int:
        """As `Measures.serve`."""
        server, _ = start_http_server(port, addr=host, registry=self._registry)
        return int(server.server_port)


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """How many took at most so long, by how long that is."""
    bounds = [*map(floatToGoString, BUCKETS_SECONDS), "+Inf"]
    return list(zip(bounds, accumulate(spread.counts), strict=True))


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
