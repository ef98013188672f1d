"""Tables: schemas as rows for people to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from foretell.api.reference.samples import resolved
from foretell.api.reference.schemas import Schema

DEPTH_MAX = 4
CHOICES_MAX = 40
_FORMATS = {"uri": "address", "binary": "file", "date": "date", "date-time": "moment", "password": "secret"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field: `kind` says of what type it is, `facts` what its value may be; `depth` how deep it is nested."""

    name: str
    kind: str
    is_required: bool
    description: str
    facts: tuple[str, ...]
    default: str
    depth: int


def rows(schema: Schema, components: dict[str, Schema], *, depth: int = 0) -> Iterator[Row]:
    """The fields of an object, each followed by those within it."""
    schema = resolved(schema, components)
    required = schema.get("required", ())
    properties = sorted(schema.get("properties", {}).items(), key=lambda each: each[1].get("x-order", 0))
    for name, each in properties:
        yield row(name, each, components, is_required=name in required, depth=depth)
        if depth < DEPTH_MAX:
            for inner in _inner(each, components):
                yield from rows(inner, components, depth=depth + 1)


def row(
    name: str, schema: Schema, components: dict[str, Schema], *, is_required: bool, depth: int = 0
) -> Row:
    """A field by itself. Of one that may be left out it is not said that it may be null, which means the same."""
    found, word = resolved(schema, components), kind(schema, components)
    return Row(
        name=name,
        kind=word if is_required else word.removesuffix(" or null"),
        is_required=is_required,
        description=found.get("description", ""),
        facts=tuple(_facts(found, components)),
        default=shown(found["default"]) if found.get("default") is not None else "",
        depth=depth,
    )


def kind(schema: Schema, components: dict[str, Schema]) -> str:
    """A schema's type in words."""
    found = resolved(schema, components)
    alternatives = found.get("anyOf") or found.get("oneOf")
    if alternatives:
        beside = {key: each for key, each in found.items() if key in {"type", "format"}}
        meant = [{**beside, **each} for each in alternatives if each.get("maxLength") != 0]
        return " or ".join(dict.fromkeys(kind(each, components) for each in meant))
    word = found.get("type")
    if isinstance(word, list):
        return " or ".join(word)
    if word == "array":
        return f"array of {_plural(kind(found.get('items') or {}, components))}"
    if word == "string" and found.get("format") in _FORMATS:
        return _FORMATS[found["format"]]
    if word is None and "enum" in found:
        return "string" if all(isinstance(each, str) for each in found["enum"]) else "value"
    return str(word or "anything")


def shown(value: Any) -> str:
    """A value as JSON writes it, but for text, which stands for itself."""
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _plural(word: str) -> str:
    if " or " in word:
        return f"({word})"
    return word if word == "anything" else "addresses" if word == "address" else f"{word}s"


def _inner(schema: Schema, components: dict[str, Schema]) -> Iterator[Schema]:
    """The objects within a field: itself, its items, its alternatives."""
    found = resolved(schema, components)
    if found.get("properties"):
        yield found
    if isinstance(found.get("items"), dict):
        yield from _inner(found["items"], components)
    for each in [*found.get("anyOf", ()), *found.get("oneOf", ())]:
        yield from _inner(each, components)


def _facts(schema: Schema, components: dict[str, Schema]) -> Iterator[str]:
    for each in schema.get("anyOf", ()):
        yield from _facts(resolved(each, components), components)
    yield from _range(schema)
    if schema.get("maxLength"):
        yield f"at most {schema['maxLength']} characters"
    if schema.get("maxItems") is not None:
        yield f"at most {schema['maxItems']} items"
    choices = [shown(each) for each in schema.get("enum", ()) if each not in {None, ""}]
    if len(choices) == 1:
        yield f"always `{choices[0]}`"
    elif choices:
        more = f" and {len(choices) - CHOICES_MAX} more" if len(choices) > CHOICES_MAX else ""
        yield "one of " + ", ".join(f"`{each}`" for each in choices[:CHOICES_MAX]) + more


def _range(schema: Schema) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        yield f"{least} to {most}"
    elif least is not None:
        yield f"at least {least}"
    elif most is not None:
        yield f"at most {most}"
