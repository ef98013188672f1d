"""What a run costs is exact: decimals as they are written, rounded once."""

import math
from decimal import Decimal, localcontext
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.catalog.prices import WORDS
from foretell.pricing import (
    NANOCREDITS_MAX,
    USED,
    Criterion,
    Formula,
    Pricing,
    Term,
    cost_nanocredits,
)

AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=9)
COUNTS = st.integers(0, 500_000)
SECONDS = st.integers(0, 5 * 10**11).map(lambda microseconds: microseconds / 1_000_000)
EVERY = {
    "prediction_count": 1,
    "image_count": 3,
    "video_count": 2,
    "megapixels": 0.786432,
    "audio_seconds": 12.5,
    "video_seconds": 7.25,
    "predict_time": 90.5,
    "tokens_in": 1_000,
    "tokens_out": 250,
}


def cost(pricing: Pricing, kind: str = "image", given: dict[str, Any] | None = None, **metrics: float) -> int:
    return cost_nanocredits(pricing, metrics, given or {}, model_type=kind)


def price(amount: str, unit: str, **more: Any) -> Pricing:
    return Pricing(amount=Decimal(amount), unit=unit, **more)


@pytest.mark.parametrize(
    ("unit", "kind", "nanocredits"),
    [
        ("prediction", "text", 100_000_000),
        ("image", "image", 300_000_000),
        ("video", "video", 200_000_000),
        ("image_megapixel", "image", 78_643_200),
        ("audio_second", "audio", 1_250_000_000),
        ("video_second", "video", 725_000_000),
        ("computing_second", "video", 9_050_000_000),
        ("gpu", "video", 9_050_000_000),
        ("second", "image", 9_050_000_000),
        ("second", "video", 725_000_000),
        ("second", "music", 1_250_000_000),
        ("5 seconds", "video", 200_000_000),
        ("5 seconds", "text", 1_900_000_000),
        ("minute", "text", 150_833_333),
        ("minute", "audio", 20_833_333),
        ("token", "text", 125_000_000_000),
        ("million_token", "text", 125_000),
    ],
)
def test_each_unit_counts_what_it_says(unit: str, kind: str, nanocredits: int) -> None:
    assert cost(price("0.1", unit), kind, **EVERY) == nanocredits


def test_every_unit_of_the_vendor_is_there() -> None:
    published = (
        "image, video, second, prediction, gpu, image_megapixel, computing_second, audio_second, video_second, "
        "token, million_token, 5 seconds, minute"
    )
    assert set(published.split(", ")) == set(WORDS)


@given(AMOUNTS, COUNTS)
def test_whole_units_cost_exactly_as_many_times_the_amount(amount: Decimal, count: int) -> None:
    pricing = Pricing(amount=amount, unit="image")
    assert cost(pricing, image_count=count) == int(amount * 10**9) * count


@given(AMOUNTS, SECONDS)
def test_measured_units_are_off_by_half_a_nanocredit_at_most(amount: Decimal, seconds: float) -> None:
    with localcontext(prec=60):
        exact = amount * Decimal(str(seconds)) * 10**9
        found = cost(Pricing(amount=amount, unit="computing_second"), predict_time=seconds)
        assert Decimal("-0.5") < found - exact <= Decimal("0.5")


@given(st.lists(st.tuples(AMOUNTS, COUNTS), min_size=1, max_size=6))
def test_the_parts_of_a_formula_add_up_without_drift(parts: list[tuple[Decimal, int]]) -> None:
    terms = tuple(Term(variable=f"m{number}", amount=amount) for number, (amount, _) in enumerate(parts))
    metrics = {f"m{number}": count for number, (_, count) in enumerate(parts)}
    expected = sum(int(amount * 10**9) * count for amount, count in parts)
    assert cost(Pricing(formula=Formula(terms=terms)), **metrics) == min(expected, NANOCREDITS_MAX)


@given(AMOUNTS, st.sampled_from(WORDS), st.floats(), st.floats(), st.sampled_from(["video", "text"]))
def test_no_figure_that_a_model_may_report_breaks_the_bill(
    amount: Decimal, unit: str, first: float, second: float, kind: str
) -> None:
    metrics = dict.fromkeys(EVERY, first) | {"tokens_out": second}
    found = cost(Pricing(amount=amount, unit=unit), kind, **metrics)
    assert 0 <= found <= NANOCREDITS_MAX
    assert math.isfinite(found)


def test_three_times_a_tenth_is_three_tenths() -> None:
    assert cost(price("0.1", "image"), image_count=3) == 300_000_000
    assert cost(price("0.1", "computing_second"), predict_time=0.1 + 0.2) == 30_000_000


def test_no_bill_is_higher_than_a_database_can_hold() -> None:
    assert cost(price("10000", "image"), image_count=10**9) == NANOCREDITS_MAX


def test_halves_are_rounded_upward_and_once() -> None:
    tiny = price("0.0000000005", "image")
    assert [cost(tiny, image_count=count) for count in (1, 2, 3)] == [1, 1, 2]


def test_words_read_and_words_written_may_cost_differently() -> None:
    terms = (
        Term(variable="tokens_in", amount=Decimal("0.50"), per=Decimal(1_000_000)),
        Term(variable="tokens_out", amount=Decimal("1.25"), per=Decimal(1_000_000)),
    )
    pricing = price("0.50", "million_token", formula=Formula(terms=terms))
    assert cost(pricing, "text", tokens_in=1_000, tokens_out=2_000) == 500_000 + 2_500_000


def test_a_minimum_is_charged_where_anything_is() -> None:
    pricing = price("0.112", "video_second", minimum=Decimal(5))
    assert cost(pricing, "video", video_seconds=3) == 560_000_000
    assert cost(pricing, "video", video_seconds=6) == 672_000_000
    assert cost(pricing, "video") == 0


def test_an_input_may_change_the_price_and_the_unit() -> None:
    criterias = (
        Criterion(field="generate_audio", value=True, billable_price=Decimal("0.17"), unit="video_second"),
        Criterion(field="resolution", value="720p", billable_price=Decimal("0.07")),
    )
    pricing = price("0.10", "prediction", criterias=criterias)
    figures = {"video_seconds": 10, "prediction_count": 1}
    assert cost(pricing, "video", {"generate_audio": True}, **figures) == 1_700_000_000
    assert cost(pricing, "video", {"resolution": "720p"}, **figures) == 70_000_000
    assert cost(pricing, "video", {"generate_audio": 1}, **figures) == 100_000_000
    assert cost(pricing, "video", {}, **figures) == 100_000_000


@pytest.mark.parametrize("unit", WORDS)
def test_of_a_run_that_was_stopped_only_time_and_tokens_count(unit: str) -> None:
    used = {name: value for name, value in EVERY.items() if name in USED}
    is_charged = unit in {
        "second",
        "minute",
        "5 seconds",
        "gpu",
        "computing_second",
        "token",
        "million_token",
    }
    assert (cost(price("1", unit), "image", **used) > 0) is is_charged


def test_what_has_no_price_is_free() -> None:
    assert cost_nanocredits(None, EVERY, {}, model_type="image") == 0
    assert Pricing().is_free
    assert not price("0.01", "image").is_free
    assert not Pricing(criterias=(Criterion(field="a", value=1, billable_price=Decimal(1)),)).is_free
    assert not Pricing(formula=Formula(terms=(Term(variable="a", amount=Decimal(1)),))).is_free


def test_a_price_comes_back_from_json_as_it_was() -> None:
    terms = (Term(variable="tokens_in", amount=Decimal("0.000000001")),)
    criterias = (Criterion(field="a", value=False, billable_price=Decimal("0.30")),)
    pricing = price("0.1", "image", formula=Formula(terms=terms), criterias=criterias)
    assert msgspec.json.decode(msgspec.json.encode(pricing), type=Pricing) == pricing
