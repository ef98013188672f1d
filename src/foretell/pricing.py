"""Prices: what a run costs, in whole 10⁻⁹ credit, from what was measured of it.

Amounts are decimals and every figure counts as it is written, so that nothing is lost on the way: what comes out is
rounded once, to the nearest 10⁻⁹ credit, and halves upward.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

Metrics = Mapping[str, float]

NANOCREDITS = 10**9
NANOCREDITS_MAX = 2**63 - 1
"""What a database can hold."""

MADE = {"video": "video_seconds", "audio": "audio_seconds", "music": "audio_seconds"}
"""Types of models whose seconds are those of what they make; the seconds of the others are those of the run."""

UNITS = {
    "prediction": "prediction_count",
    "image": "image_count",
    "video": "video_count",
    "image_megapixel": "megapixels",
    "audio_second": "audio_seconds",
    "video_second": "video_seconds",
    "computing_second": "predict_time",
    "gpu": "predict_time",
}
"""The metric that counts a unit."""

SIZES = {"second": Fraction(1), "minute": Fraction(60), "5 seconds": Fraction(5)}
"""Units of time, in seconds; of `5 seconds` those begun count."""

TOKENS = {"token": Fraction(1), "million_token": Fraction(1_000_000)}

USED = frozenset({"predict_time", "tokens_in", "tokens_out"})
"""What a run has used when it is stopped in the middle; all else counts once it is delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Another price, and perhaps another unit, where the input `field` is `value`."""

    field: str
    value: str | int | float | bool
    billable_price: Decimal
    unit: str | None = None
    description: str = ""

    def holds(self, given: Mapping[str, Any]) -> bool:
        found = given.get(self.field)
        return isinstance(found, bool) == isinstance(self.value, bool) and found == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`amount` credits for each `per` of the metric `variable`."""

    variable: str
    amount: Decimal
    per: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A price of several parts, which are added up. `result_key` names the sum."""

    terms: tuple[Term, ...]
    description: str = ""
    type: str = "linear"
    result_key: str = "credits_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """`amount` credits per `unit`, of which a run is charged `minimum` at least if it is charged any.

    The first criterion that holds wins over the formula, and the formula over the amount.
    """

    amount: Decimal = Decimal(0)
    unit: str = "prediction"
    currency: str = "USD"
    minimum: Decimal = Decimal(0)
    criterias: tuple[Criterion, ...] = ()
    formula: Formula | None = None

    @property
    def is_free(self) -> bool:
        """Whether no run can cost anything."""
        amounts = [self.amount, *(each.billable_price for each in self.criterias)]
        terms = self.formula.terms if self.formula else ()
        return not any(amounts) and not any(each.amount for each in terms)


def cost_nanocredits(
    pricing: Pricing | None, metrics: Metrics, given: Mapping[str, Any], *, model_type: str
) -> int:
    """What a run with this input costs. What is not among the metrics was not delivered, and is free."""
    if pricing is None:
        return 0
    credits = _credits(pricing, metrics, given, model_type)
    return min(math.floor(credits * NANOCREDITS + Fraction(1, 2)), NANOCREDITS_MAX)


def counted(pricing: Pricing, given: Mapping[str, Any], *, model_type: str) -> frozenset[str]:
    """The metrics by which a run with this input is charged."""
    for each in pricing.criterias:
        if each.holds(given):
            return _counted_by(each.unit or pricing.unit, model_type)
    if pricing.formula is not None:
        return frozenset(each.variable for each in pricing.formula.terms)
    return _counted_by(pricing.unit, model_type)


def units(unit: str, metrics: Metrics, *, model_type: str) -> Fraction:
    """How many of a unit a run counts."""
    if unit in TOKENS:
        return (_metric(metrics, "tokens_in") + _metric(metrics, "tokens_out")) / TOKENS[unit]
    if unit in SIZES:
        found = _metric(metrics, MADE.get(model_type, "predict_time")) / SIZES[unit]
        return Fraction(math.ceil(found)) if unit == "5 seconds" else found
    return _metric(metrics, UNITS[unit])


def _credits(pricing: Pricing, metrics: Metrics, given: Mapping[str, Any], model_type: str) -> Fraction:
    for each in pricing.criterias:
        if each.holds(given):
            counted = units(each.unit or pricing.unit, metrics, model_type=model_type)
            return Fraction(each.billable_price) * _at_least(pricing.minimum, counted)
    if pricing.formula is not None:
        return sum((_part(each, metrics) for each in pricing.formula.terms), Fraction(0))
    counted = units(pricing.unit, metrics, model_type=model_type)
    return Fraction(pricing.amount) * _at_least(pricing.minimum, counted)


def _counted_by(unit: str, model_type: str) -> frozenset[str]:
    if unit in TOKENS:
        return frozenset({"tokens_in", "tokens_out"})
    if unit in SIZES:
        return frozenset({MADE.get(model_type, "predict_time")})
    return frozenset({UNITS[unit]})


def _part(term: Term, metrics: Metrics) -> Fraction:
    return Fraction(term.amount) * _metric(metrics, term.variable) / Fraction(term.per)


def _at_least(minimum: Decimal, counted: Fraction) -> Fraction:
    return max(Fraction(minimum), counted) if counted else counted


def _metric(metrics: Metrics, name: str) -> Fraction:
    """A figure as it is written: 0.1 is a tenth. What counts nothing, or less, is nothing."""
    value = metrics.get(name, 0)
    return max(Fraction(0), Fraction(str(value))) if math.isfinite(value) else Fraction(0)
