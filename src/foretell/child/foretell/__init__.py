"""What a predictor may use beside `cog`: its weights, its progress, its metrics."""

from __future__ import annotations

from typing import Any

from .scope import UnknownWeights, active, weights

__all__ = ["UnknownWeights", "metric", "progress", "weights"]


def progress(fraction: float) -> None:
    """How much of the run is done, from 0 to 1. Outside of a run it says nothing to anybody."""
    scope = active()
    if scope is not None:
        scope.progress(fraction)


def metric(name: str, value: Any, mode: str = "replace") -> None:
    """A number to be shown in the prediction's metrics. Outside of a run it goes nowhere."""
    scope = active()
    if scope is not None:
        scope.record_metric(name, value, mode)
