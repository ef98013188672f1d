"""Prices, as strict clients of this dialect decode them."""

from foretell.dialects.skytells import messages
from foretell.pricing import Criterion, Formula, Pricing


def render_pricing(pricing: Pricing) -> messages.PricingMessage:
    """What a model costs; `formula` and `minimum` are there only where it has them."""
    body: messages.PricingMessage = {
        "amount": float(pricing.amount),
        "currency": pricing.currency,
        "unit": pricing.unit,
        "criterias": [_criterion(each, pricing.unit) for each in pricing.criterias],
    }
    if pricing.formula is not None:
        body["formula"] = _formula(pricing.formula)
    if pricing.minimum:
        body["minimum"] = float(pricing.minimum)
    return body


def _criterion(criterion: Criterion, unit: str) -> messages.CriterionMessage:
    return {
        "field": criterion.field,
        "description": criterion.description or f"Where {criterion.field} is {_shown(criterion.value)}.",
        "operator": "equals",
        "value": criterion.value,
        "billable_price": float(criterion.billable_price),
        "unit": criterion.unit or unit,
    }


def _formula(formula: Formula) -> messages.FormulaMessage:
    terms: list[messages.TermMessage] = [
        {"variable": each.variable, "amount": float(each.amount), "per": float(each.per)}
        for each in formula.terms
    ]
    parts = (f"{each.amount} for each {_count(each.per)}{each.variable}" for each in formula.terms)
    return {
        "description": formula.description or f"The sum of {', and '.join(parts)}.",
        "type": formula.type,
        "variables": list(dict.fromkeys(each.variable for each in formula.terms)),
        "terms": terms,
        "result_key": formula.result_key,
    }


def _shown(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _count(per: object) -> str:
    return "" if per == 1 else f"{per:,} "
