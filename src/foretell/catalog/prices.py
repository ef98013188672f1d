"""Prices as they are written: in a model's own `[pricing]`, or for any model in the server's settings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from foretell.catalog.tables import Problems, nearest, read_table
from foretell.errors import Code, Error
from foretell.model import Version
from foretell.pricing import SIZES, TOKENS, UNITS, Criterion, Formula, Pricing, Term

WORDS = sorted({*UNITS, *SIZES, *TOKENS})


def read_pricing(place: str, found: Any, problems: Problems) -> Pricing:
    """The price that a table says; what is wrong with it goes to `problems`, with `place` before it."""
    before = len(problems)
    values = read_table(
        place, _without_tables(found), Pricing, problems, known_besides=("criterias", "formula")
    )
    if isinstance(found, dict):
        values["criterias"] = _criterias(f"{place}.criterias", found.get("criterias", []), problems)
        values["formula"] = _formula(f"{place}.formula", found.get("formula"), problems)
    for key, unit in _units(place, values):
        if unit not in WORDS:
            problems.append(f"'{key}' must be one of {', '.join(WORDS)}, not '{unit}'")
    return Pricing(**values) if len(problems) == before else Pricing()


def priced(version: Version, prices: Mapping[str, Any]) -> Version:
    """The version at the price that the operator set for its model, if any.

    Error(INVALID_REQUEST) says what is wrong with that.
    """
    if version.model not in prices:
        return version
    problems = Problems()
    pricing = read_pricing(f"prices.{version.model}", prices[version.model], problems)
    found = replace(version, manifest=replace(version.manifest, pricing=pricing))
    problems += misfits(found)
    if problems:
        raise Error(Code.INVALID_REQUEST, "\n".join(problems), details=tuple(problems))
    return found


def misfits(version: Version) -> list[str]:
    """What in a version's price names an input that its model does not take."""
    inputs = version.input_schema.get("properties", {})
    return [
        f"a price of '{version.model}' depends on its input '{each.field}', which it does not take"
        f"{nearest(each.field, inputs)}"
        for each in version.manifest.pricing.criterias
        if each.field not in inputs
    ]


def _without_tables(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    return {name: value for name, value in found.items() if name not in {"criterias", "formula"}}


def _criterias(place: str, found: Any, problems: Problems) -> tuple[Criterion, ...]:
    return tuple(Criterion(**each) for each in _several(place, found, Criterion, problems))


def _formula(place: str, found: Any, problems: Problems) -> Formula | None:
    if found is None:
        return None
    plain = (
        {name: value for name, value in found.items() if name != "terms"}
        if isinstance(found, dict)
        else found
    )
    values = read_table(place, plain, Formula, problems, known_besides=("terms",))
    given = found.get("terms", []) if isinstance(found, dict) else []
    terms = [Term(**each) for each in _several(f"{place}.terms", given, Term, problems)]
    if isinstance(found, dict) and not given:
        problems.append(f"'{place}.terms' is missing")
    problems += [f"'{place}.terms' counts '{each.variable}' per 0" for each in terms if not each.per]
    return Formula(**values, terms=tuple(terms))


def _several(place: str, found: Any, kind: type, problems: Problems) -> list[dict[str, Any]]:
    """The settings of each table of an array of tables, of those in which nothing is wrong."""
    if not isinstance(found, list):
        problems.append(f"'{place}' must be written as [[{place}]]")
        return []
    right = []
    for number, each in enumerate(found, 1):
        before = len(problems)
        values = read_table(f"{place}[{number}]", each, kind, problems)
        if len(problems) == before:
            right.append(values)
    return right


def _units(place: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every unit that is named, with its place."""
    found = [(f"{place}.unit", values["unit"])] if "unit" in values else []
    criterias = enumerate(values.get("criterias", ()), 1)
    return found + [
        (f"{place}.criterias[{number}].unit", each.unit)
        for number, each in criterias
        if each.unit is not None
    ]
