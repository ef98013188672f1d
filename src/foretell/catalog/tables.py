"""Tables of a TOML file, read as dataclasses: every problem is gathered, with its place and the nearest right word."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields
from decimal import Decimal
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args, get_origin

_WORDS = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    Decimal: "a number, 0 or more",
    bool: "true or false",
    tuple: "a list of strings",
    dict: "a table",
}


class Problems(list[str]):
    """What is wrong, a sentence each."""

    def match(self, key: str, value: object, pattern: re.Pattern[str], words: str) -> None:
        if isinstance(value, str) and not pattern.fullmatch(value):
            self.append(f"'{key}' must be {words}, not '{value}'")


def read_table(
    place: str, found: Any, kind: type, problems: Problems, *, known_besides: Collection[str] = ()
) -> dict[str, Any]:
    """The settings of a table that are well formed, as the fields of `kind` but for those of `known_besides`.

    `place` is its name with those around it, "" for the file itself.
    """
    prefix = f"{place}." if place else ""
    if not isinstance(found, dict):
        problems.append(f"'{place}' must be a table")
        return {}
    known = {each.name: each for each in fields(kind) if each.name not in known_besides}
    values = {}
    for key, value in found.items():
        if key not in known:
            near = nearest(key, {*known, *known_besides} - {key})
            problems.append(f"'{prefix}{key}' is not a setting{near}")
            continue
        fits, converted = _converted(value, known[key].type)
        if fits:
            values[key] = converted
        else:
            problems.append(f"'{prefix}{key}' must be {_word(known[key].type)}")
    problems += [f"'{prefix}{key}' is missing" for key in _required(known) if key not in found]
    return values


def nearest(key: str, known: Collection[str]) -> str:
    """A question whether the nearest known word was meant; "" when none is near."""
    near = get_close_matches(key, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _converted(value: Any, kind: Any) -> tuple[bool, Any]:
    """Whether a value is of a field's kind, and the value as that kind."""
    plain = _plain(kind)
    if plain is Decimal:
        fits = type(value) in {int, float} and math.isfinite(value) and value >= 0
        # As it is written: the shortest decimal that means this float is the one that was typed.
        return fits, Decimal(str(value)) if fits else Decimal(0)
    if plain is float and type(value) is int:
        return True, float(value)
    if plain is tuple:
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return fits, tuple(value) if fits else ()
    return type(value) in get_args(kind) if isinstance(kind, UnionType) else type(value) is plain, value


def _plain(kind: Any) -> Any:
    """The type of a field's value: of `X | None`, X; any of several types stays as it is."""
    if isinstance(kind, UnionType):
        inner = [each for each in get_args(kind) if each is not type(None)]
        return kind if len(inner) > 1 else inner[0]
    return get_origin(kind) or kind


def _word(kind: Any) -> str:
    return _WORDS.get(_plain(kind), "a string, a number, true or false")


def _required(known: Mapping[str, Field[Any]]) -> list[str]:
    return [
        name for name, each in known.items() if each.default is MISSING and each.default_factory is MISSING
    ]
