"""Traces of predictions by OpenTelemetry, where its libraries are installed and the environment names a collector."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from typing import Any

from foretell.errors import Code, Error
from foretell.prediction import Prediction, Status
from foretell.telemetry.phases import spans

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""OpenTelemetry's own variables, which say where spans go; without them nothing is traced."""
PARENT = "traceparent"
NANOSECONDS_PER_MICROSECOND = 1_000


class Tracing:
    """Sends a span for each prediction that ends, with one inside it for each of its phases."""

    def __init__(self) -> None:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()
        resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "foretell")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("foretell")

    def ended(self, prediction: Prediction) -> None:
        """Sends what is known of it, as a part of the caller's own trace where the request named one."""
        carrier = {PARENT: (prediction.request or {}).get(PARENT, "")}
        whole = self._tracer.start_span(
            f"prediction {prediction.model}",
            context=self._propagator.extract(carrier),
            start_time=prediction.created_at * NANOSECONDS_PER_MICROSECOND,
            attributes=_attributes(prediction),
        )
        if prediction.failure is not None:
            whole.set_status(self._trace.Status(self._trace.StatusCode.ERROR, prediction.failure.message))
        inside = self._trace.set_span_in_context(whole)
        for span in spans(prediction):
            child = self._tracer.start_span(
                span.phase, inside, start_time=span.start_at * NANOSECONDS_PER_MICROSECOND
            )
            child.end(span.end_at * NANOSECONDS_PER_MICROSECOND)
        whole.end((prediction.completed_at or prediction.updated_at) * NANOSECONDS_PER_MICROSECOND)

    def close(self) -> None:
        """Sends what is left; waits for the collector for some seconds at most."""
        self._provider.shutdown()


def open_tracing(environment: Mapping[str, str]) -> Tracing | None:
    """Tracing as the environment asks for it; None where it does not. Raises Error without the libraries."""
    if not any(environment.get(name) for name in ENDPOINTS):
        return None
    if importlib.util.find_spec("opentelemetry.exporter") is None:
        message = (
            f"{ENDPOINTS[0]} is set, but OpenTelemetry is not installed: pip install 'foretell[tracing]'"
        )
        raise Error(Code.INVALID_REQUEST, message)
    return Tracing()


def _attributes(prediction: Prediction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "foretell.prediction.id": prediction.id,
        "foretell.model": prediction.model,
        "foretell.version": prediction.version_id,
        "foretell.status": prediction.status.value,
        "foretell.source": prediction.source,
        "foretell.attempt": prediction.attempt,
    }
    if prediction.status is Status.FAILED and prediction.failure is not None:
        found["error.type"] = prediction.failure.code
    return found
