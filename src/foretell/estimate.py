"""Estimates: what a prediction may cost at most, from its checked input and the limits of its model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from foretell.pricing import Metrics, Pricing, cost_nanocredits, counted

_COUNTS = ("num_outputs", "number_of_images", "num_images", "n")
_DURATIONS = ("duration_seconds", "duration", "seconds")
_LENGTHS = ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_output_tokens")
_WORDLESS = frozenset({"embedding", "image", "audio", "video", "music"})
"""Types of models whose answers are no tokens."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a prediction may cost, in 10⁻⁹ credit.

    `is_upper_bound` is false where neither the input nor the model's limits say how much there will be of
    something that the price counts; such things count as none.
    """

    nanocredits: int
    is_upper_bound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be estimated: a complete input, for a model of this type, schema and run timeout."""

    input: Mapping[str, Any]
    input_schema: Mapping[str, Any]
    model_type: str
    run_timeout_seconds: float


def estimate(pricing: Pricing | None, subject: Subject) -> Estimate:
    """What a run costs that makes all it was asked for and uses all it may."""
    if pricing is None:
        return Estimate(0)
    most = _most(subject)
    cost = cost_nanocredits(pricing, most, subject.input, model_type=subject.model_type)
    known = counted(pricing, subject.input, model_type=subject.model_type) <= most.keys()
    return Estimate(cost, known)


def _most(subject: Subject) -> Metrics:
    """How much there may be of everything, as far as that can be told."""
    given = subject.input
    count = _first(given, _COUNTS) or 1
    found = {
        "prediction_count": 1.0,
        "image_count": count,
        "video_count": count,
        "predict_time": subject.run_timeout_seconds,
        # A token is a byte of text at least; the names and quotes of JSON are for what a model puts around it.
        "tokens_in": float(len(msgspec.json.encode(given))),
    }
    width, height = _first(given, ("width",)), _first(given, ("height",))
    if width is not None and height is not None:
        found["megapixels"] = count * width * height / 1_000_000
    duration = _first(given, _DURATIONS)
    if duration is not None:
        found["audio_seconds"] = found["video_seconds"] = count * duration
    tokens = _tokens_out(subject)
    return found if tokens is None else found | {"tokens_out": tokens}


def _tokens_out(subject: Subject) -> float | None:
    if subject.model_type in _WORDLESS:
        return 0.0
    given = _first(subject.input, _LENGTHS)
    if given is not None:
        return given
    properties = subject.input_schema.get("properties", {})
    return _first({name: properties.get(name, {}).get("maximum") for name in _LENGTHS}, _LENGTHS)


def _first(given: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    """The first of `names` that is a number."""
    for name in names:
        value = given.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
