"""What the server tells about itself to programs that watch it: figures for Prometheus, spans for OpenTelemetry."""

from foretell.telemetry.measures import CONTENT_TYPE, Measures, Standing
from foretell.telemetry.phases import Span, spans
from foretell.telemetry.tracing import PARENT, Tracing, open_tracing

__all__ = ["CONTENT_TYPE", "PARENT", "Measures", "Span", "Standing", "Tracing", "open_tracing", "spans"]
