"""A value that fits a JSON schema, always the same one. Standard library only."""

import math
import re
from typing import Any, Optional

DEPTH_OPTIONAL = 4
"""Deeper than this, what need not be there is left out."""
DEPTH_MAX = 24
FORMATS = {
    "date": "2030-01-31",
    "date-time": "2030-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
TEXTS = (
    "a",
    "A",
    "0",
    "a1",
    "abc",
    "ABC",
    "123",
    "12345",
    "2030-01-31",
    "a@example.com",
    "https://example.com/",
)

Schema = dict[str, Any]


def schema_value(schema: Schema) -> Any:
    """Raises ValueError where none is found: the schema contradicts itself, has no end, or an odd pattern."""
    return _Values(schema).of(schema, "value", 0)


class _Values:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def of(self, schema: Any, name: str, depth: int) -> Any:
        """`name`: of the property that it is for, which is its text where any will do."""
        if depth > DEPTH_MAX:
            raise ValueError("The sandbox cannot make up a value for a JSON schema that has no end.")
        schema = self._settled(schema, depth) if isinstance(schema, dict) else {}
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in ("integer", "number"):
            return _number(schema, whole=kind == "integer")
        return _text(schema, name) if kind == "string" else {"boolean": True}.get(kind)

    def _settled(self, schema: Schema, depth: int) -> Schema:
        """Without references and alternatives: the first of them, or the one that ends where it is deep."""
        for _ in range(DEPTH_MAX):
            if "$ref" in schema:
                schema = {**self._at(schema["$ref"]), **_without(schema, "$ref")}
            elif schema.get("allOf"):
                schema = _joined([_without(schema, "allOf"), *schema["allOf"]])
            elif options := schema.get("anyOf") or schema.get("oneOf"):
                ends = (
                    [each for each in options if each.get("type") == "null"] if depth > DEPTH_OPTIONAL else []
                )
                schema = _joined([_without(_without(schema, "anyOf"), "oneOf"), (ends or options)[0]])
            else:
                return schema
        raise ValueError("The sandbox cannot follow a JSON schema that refers to itself.")

    def _at(self, reference: str) -> Schema:
        found: Any = self._root
        for part in reference.lstrip("#").strip("/").split("/"):
            if part:
                found = (
                    found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
                )
        if not isinstance(found, dict):
            raise ValueError(f"The JSON schema refers to {reference}, which is not there.")
        return found

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties, required = schema.get("properties") or {}, schema.get("required") or []
        wanted = list(properties) if depth <= DEPTH_OPTIONAL else []
        names = dict.fromkeys([*(name for name in wanted if properties[name] is not False), *required])
        return {name: self.of(properties.get(name, {}), name, depth + 1) for name in names}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        first = schema.get("prefixItems") or []
        least = schema.get("minItems", 0)
        wish = max(least, len(first), 0 if depth > DEPTH_OPTIONAL else 1)
        count = min(wish, schema.get("maxItems", wish))
        rest = schema.get("items", {})
        if rest is False:
            count = min(count, len(first))
        shapes = [*first, *[rest] * count][:count]
        return [
            self.of(shape, name if number == 0 else f"{name} {number + 1}", depth + 1)
            for number, shape in enumerate(shapes)
        ]


def _kind(schema: Schema) -> Optional[str]:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind is None:
        hints = {"properties": "object", "required": "object", "items": "array", "prefixItems": "array"}
        kind = next((hints[name] for name in hints if name in schema), "string")
    return kind


def _number(schema: Schema, *, whole: bool) -> Any:
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    step = schema.get("multipleOf") or 1
    ends = [end for end in (low, high) if math.isfinite(end)]
    wishes = [
        1,
        0,
        *ends,
        *(end + 1 for end in ends),
        *(end - 1 for end in ends),
        sum(ends) / (len(ends) or 1),
    ]
    rounded = [step * math.ceil(wish / step) for wish in wishes] + [
        step * math.floor(wish / step) for wish in wishes
    ]
    for value in [*wishes, *rounded]:
        if _fits(value, schema, whole=whole):
            return int(value) if float(value).is_integer() else value
    raise ValueError("The sandbox finds no number that the JSON schema allows.")


def _fits(value: float, schema: Schema, *, whole: bool) -> bool:
    if whole and not float(value).is_integer():
        return False
    share = value / schema["multipleOf"] if schema.get("multipleOf") else 0.0
    return (
        schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
        and schema.get("exclusiveMinimum", -math.inf) < value < schema.get("exclusiveMaximum", math.inf)
        and abs(share - round(share)) < 1e-9
    )


def _text(schema: Schema, name: str) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    for wish in (FORMATS.get(schema.get("format", ""), name or "value"), *TEXTS):
        text = (wish * max(1, -(-least // len(wish))))[:most]
        if re.search(schema.get("pattern", ""), text):
            return text
    raise ValueError(f"The sandbox makes up no text for the pattern {schema['pattern']!r}.")


def _joined(schemas: list[Any]) -> Schema:
    """All of them as one: their properties and what they require together, of all else the last that says it."""
    whole: Schema = {}
    for schema in schemas:
        known, more = whole.get("properties", {}), schema.get("properties", {})
        required = [*whole.get("required", ()), *schema.get("required", ())]
        whole = {**whole, **schema}
        if known or more:
            whole["properties"] = {**known, **more}
        if required:
            whole["required"] = required
    return whole


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}
