"""InputSchema: which inputs a model takes, what it fills in, and what is wrong with an input and where."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, cast

import jsonschema_rs

from foretell.errors import Code, Error

SYNONYMS = (
    ("num_outputs", "number_of_images", "n"),
    ("duration_seconds", "duration", "seconds"),
    ("steps", "num_inference_steps"),
    ("guidance", "guidance_scale"),
    ("safety_checker", "safety_check"),
)
"""Words that mean one input: whichever of them a model has, callers may use any."""

SAFETY = SYNONYMS[-1]
"""The switch that callers may send to every model: one that has nothing to check passes over it."""

PROBLEMS_MAX = 100
"""How many problems of one input are named; what is beyond is counted."""

VAST = 10_000
"""From how many values on not every problem among them is named."""

HIDDEN = "**********"
"""What stands in the place of a secret."""

_SHOWN_MAX = 60
_KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_SENTENCES = {
    "type": "{shown} is not {bound}",
    "maximum": "{shown} is more than the maximum of {bound}",
    "minimum": "{shown} is less than the minimum of {bound}",
    "exclusiveMaximum": "{shown} is not less than {bound}",
    "exclusiveMinimum": "{shown} is not more than {bound}",
    "enum": "{shown} is not one of {bound}",
    "maxLength": "has {size:,} characters, more than the {bound:,} allowed",
    "minLength": "has {size:,} characters, fewer than the {bound:,} required",
    "maxItems": "has {size:,} items, more than the {bound:,} allowed",
    "minItems": "has {size:,} items, fewer than the {bound:,} required",
    "multipleOf": "{shown} is not a multiple of {bound}",
    "pattern": "{shown} does not match the pattern {bound}",
    "anyOf": "{shown} is of none of the kinds allowed",
    "oneOf": "{shown} is of none of the kinds allowed",
}


class InputSchema:
    """A model's JSON Schema, compiled once. `schema` must describe an object."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._properties: dict[str, dict[str, Any]] = schema.get("properties", {})
        self._required = frozenset(schema.get("required", ()))
        self._open = schema.get("additionalProperties", False) is not False
        self._validator = jsonschema_rs.validator_for(schema)
        self._files = tuple(name for name, each in self._properties.items() if self._is_file(each))
        self._secrets = tuple(
            name for name, each in self._properties.items() if _is_secret(self._resolved(each))
        )

    def complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The input a run gets: synonyms renamed, defaults filled in, whole floats made integers.

        Raises `Error(INVALID_INPUT)` whose details name every problem at once, each with its path.
        """
        problems: list[str] = []
        known = self._known(values, problems)
        completed = self._with_defaults(known)
        problems += self._invalid(completed)
        if problems:
            raise invalid_input(problems)
        return completed

    def has(self, name: str) -> bool:
        """Whether the model takes an input of this name."""
        return name in self._properties

    def said_of(self, name: str) -> dict[str, Any] | None:
        """What is said of the input of this name, or of a synonym of it; None: the model takes none such."""
        own = self._own_name(name)
        return None if own is None else self._resolved(self._properties[own])

    @property
    def names(self) -> frozenset[str]:
        """The inputs that the model takes, by its own names."""
        return frozenset(self._properties)

    def file_fields(self) -> tuple[str, ...]:
        """The inputs that are files (`format: uri`): each value is a string or a list of strings."""
        return self._files

    def secret_fields(self) -> tuple[str, ...]:
        """The inputs that are secrets (`format: password`), each of them a string or a list of strings."""
        return self._secrets

    def _known(self, values: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
        """`values` under the model's own names, without nulls that only say "not given"."""
        known: dict[str, Any] = {}
        for given, value in values.items():
            name = self._own_name(given)
            if name is None and not self._open and given in SAFETY:
                continue
            if name is None and not self._open:
                # What is beyond is only counted, and a search for the nearest name takes its time.
                problems.append(self._unknown(given) if len(problems) < PROBLEMS_MAX else given)
            elif name is not None and name != given and name in values:
                problems.append(f"{given}: is another word for '{name}', which is given too")
            elif value is not None or self._takes_null(name or given):
                known[name or given] = value
        return known

    def _own_name(self, given: str) -> str | None:
        if given in self._properties:
            return given
        words = next((group for group in SYNONYMS if given in group), ())
        return next((word for word in words if word in self._properties), None)

    def _unknown(self, given: str) -> str:
        if len(given) > _SHOWN_MAX:
            return f"{_shortened(given)}: is not an input of this model"
        nearest = difflib.get_close_matches(given, self._properties, n=1, cutoff=0.6)
        if nearest:
            return f"{_shortened(given)}: is not an input of this model; did you mean '{nearest[0]}'?"
        names = ", ".join(self._properties) or "none"
        return f"{_shortened(given)}: is not an input of this model, which takes {names}"

    def _takes_null(self, name: str) -> bool:
        return name not in self._properties or "null" in _types(self._resolved(self._properties[name]))

    def _with_defaults(self, known: dict[str, Any]) -> dict[str, Any]:
        completed: dict[str, Any] = {}
        for name, schema in self._properties.items():
            if name in known:
                completed[name] = self._whole(known[name], schema)
            elif schema.get("default") is not None:
                completed[name] = schema["default"]
        return completed | {name: value for name, value in known.items() if name not in self._properties}

    def _whole(self, value: Any, schema: dict[str, Any]) -> Any:
        """`value` with floats such as 30.0 made integers where the schema wants integers."""
        if not isinstance(value, float | list):
            return value
        schema = self._resolved(schema)
        if isinstance(value, list) and isinstance(schema.get("items"), dict):
            return [self._whole(each, schema["items"]) for each in value]
        types = _types(schema)
        if isinstance(value, float) and value.is_integer() and "integer" in types and "number" not in types:
            return int(value)
        return value

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """`schema` with a local `$ref`, alone or in an `allOf` of one, followed."""
        parts = schema.get("allOf", [])
        reference = schema.get("$ref") or (parts[0].get("$ref") if len(parts) == 1 else None)
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        found: Any = self._schema
        for step in reference[2:].split("/"):
            found = found.get(step, {})
        return cast(dict[str, Any], found) | {name: each for name, each in schema.items() if name != "$ref"}

    def _is_file(self, schema: dict[str, Any]) -> bool:
        schema = self._resolved(schema)
        if schema.get("format") == "uri":
            return True
        return any(self._is_file(each) for each in (*schema.get("anyOf", ()), schema.get("items")) if each)

    def _invalid(self, completed: dict[str, Any]) -> list[str]:
        try:
            if self._validator.is_valid(completed):
                return []
            return self._sentences(completed) or ["input: is not what this model takes"]
        except (ValueError, RecursionError):  # what the validator has for a value that it cannot walk
            return ["input: is nested too deeply"]

    def _sentences(self, completed: dict[str, Any]) -> list[str]:
        """What is wrong. The validator finds all problems before it names one, which takes minutes where
        there are millions, so that it gets only values of a size at which it cannot."""
        vast = {name: value for name, value in completed.items() if _is_vast(value)}
        alone = jsonschema_rs.validator_for({**self._schema, "required": []})
        sentences = [
            f"{_shortened(name)}: holds more than {VAST:,} values, not all of which are what this model takes"
            for name, value in vast.items()
            if not alone.is_valid({name: value})
        ]
        rest = {name: value for name, value in completed.items() if name not in vast}
        if _is_vast(rest):
            return sentences
        found = self._validator.iter_errors(rest)
        return sentences + [
            _sentence(problem, is_secret=problem.instance_path[:1] in [[name] for name in self._secrets])
            for problem in found
            if not self._is_known(problem, vast)
        ]

    def _is_known(self, problem: jsonschema_rs.ValidationError, vast: Mapping[str, Any]) -> bool:
        """Whether it is no problem, or was named already: unknown names, and what was held back."""
        if problem.kind.name == "required" and not problem.instance_path:
            return problem.kind.as_dict()["property"] in vast
        return problem.kind.name == "additionalProperties" and not problem.instance_path


def without_secrets(schema: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """An input as it may be shown: what the schema calls `format: password` is hidden."""
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    secret = {name: HIDDEN for name in values if _is_secret(properties.get(name, {}))}
    return values | secret if secret else values


def invalid_input(problems: list[str]) -> Error:
    """The refusal of an input with these problems, each `path: what is wrong`."""
    named = problems[:PROBLEMS_MAX]
    if len(problems) > PROBLEMS_MAX:
        named.append(f"and {len(problems) - PROBLEMS_MAX} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    message = f"The input has {count}: {'; '.join(named)}"
    return Error(Code.INVALID_INPUT, message, details=tuple(named))


def _is_secret(schema: dict[str, Any]) -> bool:
    parts = (*schema.get("anyOf", ()), schema.get("items"))
    return schema.get("format") == "password" or any(
        _is_secret(each) for each in parts if isinstance(each, dict)
    )


def _is_vast(value: Any) -> bool:
    """Whether more than `VAST` values lie in this one, at whatever depth."""
    waiting, count = [value], 0
    while waiting and count <= VAST:
        each = waiting.pop()
        if isinstance(each, list | dict):
            count += len(each)
            if count <= VAST:
                waiting += each.values() if isinstance(each, dict) else each
    return count > VAST


def _types(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema admits, as far as it says so plainly."""
    found = schema.get("type", [])
    types = {found} if isinstance(found, str) else set(found)
    for each in schema.get("anyOf", ()):
        types |= _types(each)
    return types | ({"null"} if schema.get("nullable") else set())


def _sentence(problem: jsonschema_rs.ValidationError, *, is_secret: bool) -> str:
    path = _path(problem.instance_path)
    if problem.kind.name == "required":
        missing = problem.kind.as_dict()["property"]
        return f"{f'{path}.{missing}' if path else missing}: is required"
    return f"{path or 'input'}: {_what_is_wrong(problem, is_secret=is_secret)}"


def _what_is_wrong(problem: jsonschema_rs.ValidationError, *, is_secret: bool) -> str:
    value, bound = problem.instance, problem.kind.value
    if problem.kind.name == "type":
        bound = " or ".join(_KINDS.get(each, each) for each in bound)
    elif problem.kind.name == "enum":
        bound = ", ".join(_shown(each) for each in bound)
    size = len(value) if isinstance(value, str | list | dict) else 0
    sentence = _SENTENCES.get(problem.kind.name)
    if sentence is None:
        return "is not what this model takes" if is_secret else _shortened(problem.message)
    return sentence.format(shown=HIDDEN if is_secret else _shown(value), bound=bound, size=size)


def _path(steps: list[str | int]) -> str:
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{_shortened(each)}" for each in steps)
    return text.removeprefix(".")


def _shown(value: Any) -> str:
    return _shortened(json.dumps(value, ensure_ascii=False, default=str))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
