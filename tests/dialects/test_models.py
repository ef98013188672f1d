"""The model object from the noun alone: prices, and what it says under another's name."""

from dataclasses import replace
from decimal import Decimal

import strict
from foretell.dialects import skytells
from foretell.model import Alias, Manifest, Version
from foretell.pricing import Criterion, Formula, Pricing, Term

MANIFEST = Manifest(
    namespace="clip",
    name="Clip",
    type="video",
    description="Films emoji.",
    folder="/models/clip",
    predictor="predict.py:Predictor",
)
VERSION = Version(
    id="v1", manifest=MANIFEST, input_schema={}, output_schema={}, streaming=False, created_at=1
)
VEO = Alias(name="veo-3.1", runs="clip", says="Clip: short silent videos.")


def priced(pricing: Pricing) -> Version:
    return replace(VERSION, manifest=replace(MANIFEST, pricing=pricing))


def test_a_price_has_its_numbers_as_they_are_written() -> None:
    found = skytells.render_model(priced(Pricing(amount=Decimal("0.1"), unit="image")))
    strict.check(strict.MODEL, found)
    assert found["billable"] is True
    assert found["pricing"] == {"amount": 0.1, "currency": "USD", "unit": "image", "criterias": []}


def test_criteria_are_whole_and_only_ever_equals() -> None:
    criterias = (
        Criterion(field="generate_audio", value=True, billable_price=Decimal("0.17"), unit="second"),
        Criterion(field="resolution", value="720p", billable_price=Decimal("0.07"), description="Small."),
    )
    pricing = Pricing(unit="video", minimum=Decimal(5), criterias=criterias)
    found = skytells.render_model(priced(pricing))
    strict.check(strict.MODEL, found)
    assert found["billable"] is True
    assert found["pricing"]["minimum"] == 5
    assert found["pricing"]["criterias"] == [
        {
            "field": "generate_audio",
            "description": "Where generate_audio is true.",
            "operator": "equals",
            "value": True,
            "billable_price": 0.17,
            "unit": "second",
        },
        {
            "field": "resolution",
            "description": "Small.",
            "operator": "equals",
            "value": "720p",
            "billable_price": 0.07,
            "unit": "video",
        },
    ]


def test_a_formula_names_its_variables_and_terms() -> None:
    terms = (
        Term(variable="tokens_in", amount=Decimal("0.50"), per=Decimal(1_000_000)),
        Term(variable="images", amount=Decimal("0.01")),
    )
    found = skytells.render_model(priced(Pricing(formula=Formula(terms=terms))))
    strict.check(strict.MODEL, found)
    assert found["pricing"]["formula"] == {
        "description": "The sum of 0.50 for each 1,000,000 tokens_in, and 0.01 for each images.",
        "type": "linear",
        "variables": ["tokens_in", "images"],
        "terms": [
            {"variable": "tokens_in", "amount": 0.5, "per": 1_000_000},
            {"variable": "images", "amount": 0.01, "per": 1},
        ],
        "result_key": "credits_used",
    }


def test_what_is_free_is_not_billable() -> None:
    found = skytells.render_model(VERSION)
    strict.check(strict.MODEL, found)
    assert found["billable"] is False


def test_under_another_s_name_a_model_says_first_what_really_runs() -> None:
    found = skytells.render_model(VERSION, name="veo-3.1", alias=VEO)
    strict.check(strict.MODEL, found)
    assert found["namespace"] == "veo-3.1"
    assert found["description"].startswith("Clip: short silent videos. It answers to 'veo-3.1' here.")
    assert found["description"].endswith("Films emoji.")
    assert (found["metadata"]["alias_of"], found["metadata"]["runs"]) == ("clip", VEO.says)
    unsaid = skytells.render_model(VERSION, name="x", alias=Alias(name="x", runs="clip"))
    assert unsaid["metadata"]["runs"] == "Clip."


def test_in_the_sandbox_it_says_that_a_stand_in_runs() -> None:
    stand_in = replace(VERSION, manifest=replace(MANIFEST, capabilities=("sandbox",)))
    assert skytells.render_model(stand_in, alias=VEO)["metadata"]["runs"] == "A stand-in for Clip."
