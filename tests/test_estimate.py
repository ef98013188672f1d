"""What a prediction may cost at most: told from its input and its model's limits, and never less than it costs."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.estimate import Estimate, Subject, estimate
from foretell.pricing import NANOCREDITS, UNITS, Criterion, Formula, Pricing, Term, cost_nanocredits

CREDIT = NANOCREDITS


def told(pricing: Pricing | None, kind: str = "image", *, schema: Any = None, **given: Any) -> Estimate:
    subject = Subject(input=given, input_schema=schema or {}, model_type=kind, run_timeout_seconds=300.0)
    return estimate(pricing, subject)


def by(unit: str, amount: str = "1", **more: Any) -> Pricing:
    return Pricing(amount=Decimal(amount), unit=unit, **more)


def test_what_is_free_costs_nothing() -> None:
    assert told(None) == Estimate(0)


@pytest.mark.parametrize(
    ("pricing", "kind", "given", "credits"),
    [
        (by("prediction"), "text", {}, 1),
        (by("image"), "image", {}, 1),
        (by("image"), "image", {"num_outputs": 4}, 4),
        (by("image_megapixel"), "image", {"num_outputs": 2, "width": 1000, "height": 500}, 1),
        (by("second"), "text", {}, 300),
        (by("minute"), "image", {}, 5),
        (by("second"), "video", {"duration": 8}, 8),
        (by("5 seconds"), "video", {"duration_seconds": 6}, 2),
        (by("computing_second", "0.5"), "video", {"duration": 8}, 150),
        (
            by("token"),
            "text",
            {"prompt": "hi", "max_tokens": 100},
            100 + len('{"prompt":"hi","max_tokens":100}'),
        ),
        (by("token"), "embedding", {"prompt": "hi"}, len('{"prompt":"hi"}')),
        (by("image", minimum=Decimal(3)), "image", {}, 3),
    ],
)
def test_it_is_the_most_that_the_input_and_the_limits_allow(
    pricing: Pricing, kind: str, given: dict[str, Any], credits: int
) -> None:
    assert told(pricing, kind, **given) == Estimate(credits * CREDIT)


def test_the_schema_bounds_tokens_where_the_input_does_not() -> None:
    schema = {"properties": {"max_new_tokens": {"type": "integer", "maximum": 50}}}
    assert told(by("token"), "text", schema=schema) == Estimate((2 + 50) * CREDIT)


@pytest.mark.parametrize(
    ("pricing", "kind"),
    [
        (by("token"), "text"),
        (by("second"), "audio"),
        (by("image_megapixel"), "image"),
        (Pricing(formula=Formula(terms=(Term(variable="stars", amount=Decimal(1)),))), "text"),
    ],
)
def test_it_says_when_nobody_can_tell(pricing: Pricing, kind: str) -> None:
    assert not told(pricing, kind).is_upper_bound


def test_a_criterion_that_holds_decides() -> None:
    large = Criterion(field="size", value="large", billable_price=Decimal(7), unit="prediction")
    pricing = by("image", criterias=(large,))
    assert told(pricing, size="large", num_outputs=4) == Estimate(7 * CREDIT)
    assert told(pricing, size="small", num_outputs=4) == Estimate(4 * CREDIT)


@given(
    unit=st.sampled_from([*UNITS, "second", "minute", "5 seconds", "token", "million_token"]),
    kind=st.sampled_from(["image", "video", "audio", "text", "embedding"]),
    share=st.floats(0, 1),
    count=st.integers(1, 8),
)
def test_nothing_that_keeps_within_its_limits_costs_more(
    unit: str, kind: str, share: float, count: int
) -> None:
    given = {"num_outputs": count, "width": 512, "height": 512, "duration": 9, "max_tokens": 64}
    pricing = by(unit, "0.0137")
    metrics = {
        "prediction_count": 1,
        "image_count": int(count * share),
        "video_count": int(count * share),
        "megapixels": count * 512 * 512 / 1_000_000 * share,
        "audio_seconds": count * 9 * share,
        "video_seconds": count * 9 * share,
        "predict_time": 300 * share,
        "tokens_in": 5,
        "tokens_out": 0 if kind != "text" else int(64 * share),
    }
    found = told(pricing, kind, **given)
    assert found.is_upper_bound
    assert cost_nanocredits(pricing, metrics, given, model_type=kind) <= found.nanocredits
