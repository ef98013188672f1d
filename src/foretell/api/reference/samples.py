"""Samples: values that fit a schema and look like life, for the examples of the reference."""

from typing import Any

from foretell.api.reference.schemas import Schema

DEPTH_MAX = 8
_TEXTS = {
    "uri": "https://example.com/picture.png",
    "date-time": "2026-03-04T21:20:58.000000Z",
    "date": "2026-03-04",
    "password": "a secret",
    "binary": "(bytes)",
}
_WORDS = {"prompt": "a red fox in the snow", "text": "Once upon a time there was a fox.", "message": "hello"}


def sample(schema: Schema, components: dict[str, Schema], *, name: str = "", depth: int = 0) -> Any:
    """A value of the schema: its own example where it has one, else one put together from its parts."""
    schema = resolved(schema, components)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("default") is not None:
        return schema["default"]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return sample(schema[key][0], components, name=name, depth=depth)
    return _of_type(schema, components, name, depth)


def sample_input(schema: Schema, components: dict[str, Schema]) -> dict[str, Any]:
    """What a model must be given, and nothing that it need not be, but for a prompt."""
    required = schema.get("required") or ["prompt"]
    return {
        name: sample(each, components, name=name)
        for name, each in schema.get("properties", {}).items()
        if name in required
    }


def resolved(schema: Schema, components: dict[str, Schema]) -> Schema:
    """The schema behind a reference, with what stands beside the reference."""
    only = schema["allOf"][0] if len(schema.get("allOf", ())) == 1 else schema
    beside = {key: each for key, each in schema.items() if key not in {"$ref", "allOf"}}
    if "$ref" not in only:
        return schema if only is schema else {**only, **beside}
    found: Any = components
    for key in only["$ref"].removeprefix("#/components/schemas/").split("/"):
        found = found[key]
    return {**resolved(found, components), **beside}


def _of_type(schema: Schema, components: dict[str, Schema], name: str, depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            return _object(schema, components, depth)
        case "array":
            item = schema.get("items") or {"type": "string"}
            return [] if depth > DEPTH_MAX else [sample(item, components, name=name, depth=depth + 1)]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "string":
            return _text(schema, name)
    return "…" if kind is None else None


def _object(schema: Schema, components: dict[str, Schema], depth: int) -> dict[str, Any]:
    if depth > DEPTH_MAX:
        return {}
    required = schema.get("required", ())
    return {
        name: sample(each, components, name=name, depth=depth + 1)
        for name, each in schema.get("properties", {}).items()
        if name in required
    }


def _text(schema: Schema, name: str) -> str:
    if "format" in schema:
        return _TEXTS.get(schema["format"], "…")
    text = _WORDS.get(name, "…")
    most = schema.get("maxLength")
    text = text if most is None else text[:most]
    return text.ljust(schema.get("minLength", 0), ".")
