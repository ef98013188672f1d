"""Prices: what a model says of itself, what its operator says instead, and what is wrong with either."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from foretell import catalog
from foretell.catalog.prices import read_pricing
from foretell.catalog.tables import Problems
from foretell.config import Config, load
from foretell.errors import Error
from foretell.pricing import Criterion, Formula, Pricing, Term

MODEL = """
name = "Mine"
type = "video"
description = "Films."
predictor = "predict.py:Predictor"
"""
PREDICT = """
from cog import BasePredictor, Path

class Predictor(BasePredictor):
    def predict(self, prompt: str, resolution: str = "1080p") -> Path: ...
"""
WHOLE = """
[pricing]
amount = 0.1
unit = "video_second"
minimum = 5

[[pricing.criterias]]
field = "resolution"
value = "720p"
billable_price = 0.07
unit = "video"
description = "Small ones."

[pricing.formula]
description = "Time and words."
[[pricing.formula.terms]]
variable = "tokens_in"
amount = 0.000000001
per = 2
"""


def folder(root: Path, more: str) -> Path:
    path = root / "mine"
    path.mkdir(parents=True)
    (path / "model.toml").write_text(MODEL + more)
    (path / "predict.py").write_text(PREDICT)
    return path


def pricing_of(path: Path) -> Pricing:
    return catalog.read_folder(path, created_at=1).manifest.pricing


def loaded(root: Path, prices: dict[str, Any]) -> dict[str, Pricing]:
    versions, _ = catalog.load(Config(models=str(root), prices=prices))
    return {each.model: each.manifest.pricing for each in versions}


def test_a_model_says_its_price_as_it_is_written(tmp_path: Path) -> None:
    assert pricing_of(folder(tmp_path, WHOLE)) == Pricing(
        amount=Decimal("0.1"),
        unit="video_second",
        minimum=Decimal(5),
        criterias=(
            Criterion(
                field="resolution",
                value="720p",
                billable_price=Decimal("0.07"),
                unit="video",
                description="Small ones.",
            ),
        ),
        formula=Formula(
            description="Time and words.",
            terms=(Term(variable="tokens_in", amount=Decimal("1E-9"), per=Decimal(2)),),
        ),
    )


def test_a_price_may_only_depend_on_an_input_that_the_model_takes(tmp_path: Path) -> None:
    with pytest.raises(Error, match=r"its input 'resolutoin', .* did you mean 'resolution'"):
        pricing_of(folder(tmp_path, WHOLE.replace('field = "resolution"', 'field = "resolutoin"')))


@pytest.mark.parametrize(
    ("found", "problems"),
    [
        ({"amount": -1}, ["'p.amount' must be a number, 0 or more"]),
        ({"amount": float("nan")}, ["'p.amount' must be a number, 0 or more"]),
        ({"amount": True}, ["'p.amount' must be a number, 0 or more"]),
        ({"amuont": 1}, ["'p.amuont' is not a setting; did you mean 'amount'?"]),
        ({"criterias": {}}, ["'p.criterias' must be written as [[p.criterias]]"]),
        (
            {"criterias": [{"field": "a", "value": [1]}]},
            [
                "'p.criterias[1].value' must be a string, a number, true or false",
                "'p.criterias[1].billable_price' is missing",
            ],
        ),
        ({"formula": {"terms": []}}, ["'p.formula.terms' is missing"]),
        ({"formula": 3}, ["'p.formula' must be a table"]),
        (
            {"formula": {"terms": [{"variable": "a", "amount": 1, "per": 0}]}},
            ["'p.formula.terms' counts 'a' per 0"],
        ),
        ("free", ["'p' must be a table"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(found: Any, problems: list[str]) -> None:
    gathered = Problems()
    assert read_pricing("p", found, gathered) == Pricing()
    assert gathered == problems


def test_a_unit_is_one_of_those_that_can_be_counted() -> None:
    gathered = Problems()
    read_pricing("p", {"unit": "picture"}, gathered)
    assert len(gathered) == 1
    assert gathered[0].startswith("'p.unit' must be one of 5 seconds, audio_second, ")


def test_the_operator_prices_built_in_models_without_touching_them(tmp_path: Path) -> None:
    file = tmp_path / "foretell.toml"
    file.write_text('[prices]\ntruefusion = { amount = 0.03, unit = "image" }\n')
    versions, problems = catalog.load(load({}, file=file))
    found = {each.model: each.manifest.pricing for each in versions}
    assert found["truefusion"] == Pricing(amount=Decimal("0.03"), unit="image")
    assert found["truefusion-pro"].is_free
    assert problems == []
    # The version is what runs, and that is the same.
    free, _ = catalog.load(Config())
    assert {each.id for each in free} == {each.id for each in versions}


def test_the_operator_s_price_takes_the_place_of_the_model_s_own(tmp_path: Path) -> None:
    folder(tmp_path, WHOLE)
    assert loaded(tmp_path, {})["mine"].unit == "video_second"
    assert loaded(tmp_path, {"mine": {"amount": 2}})["mine"] == Pricing(amount=Decimal(2))


def test_a_price_that_makes_no_sense_stops_the_start(tmp_path: Path) -> None:
    folder(tmp_path, "")
    with pytest.raises(Error, match=r"'prices\.mine\.unit' must be one of"):
        loaded(tmp_path, {"mine": {"amount": 2, "unit": "furlong"}})
    with pytest.raises(Error, match=r"depends on its input 'size'"):
        loaded(tmp_path, {"mine": {"criterias": [{"field": "size", "value": 1, "billable_price": 1}]}})


def test_a_table_may_come_from_the_environment_too() -> None:
    found = load({"FORETELL_PRICES": "embed = { amount = 0.1, unit = 'million_token' }"})
    assert found.prices == {"embed": {"amount": 0.1, "unit": "million_token"}}
    with pytest.raises(ValueError, match="FORETELL_PRICES must be a table"):
        load({"FORETELL_PRICES": "cheap"})
