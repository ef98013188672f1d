"""The schemas in an OpenAPI document as Cog and Replicate write them, in one piece and in JSON Schema's words."""

from collections.abc import Mapping
from typing import Any

from foretell.errors import Code, Error

DEPTH_MAX = 24
PREFIX = "#/components/schemas/"


def schemas_in(document: Any, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of input and output. Error(INVALID_REQUEST) when there are none."""
    components = _at(document, "components", "schemas")
    if "Input" not in components:
        raise Error(Code.INVALID_REQUEST, f"{place} does not say what its model takes: it has no schema.")
    given, made = (_whole(components.get(name) or {}, components) for name in ("Input", "Output"))
    given.setdefault("properties", {})
    return given, made


def is_streaming(made: Mapping[str, Any]) -> bool:
    """Whether the output comes piece by piece."""
    return made.get("x-cog-array-type") == "iterator"


def type_of(made: Mapping[str, Any], words: str) -> str:
    """A model's type by what it gives and, where that is files, by what is said of it."""
    items = made.get("items") if made.get("type") == "array" else made
    if not isinstance(items, Mapping) or items.get("format") != "uri":
        return "embedding" if _is_vectors(made) else "text"
    said = words.lower()
    if "video" in said:
        return "video"
    return "audio" if any(each in said for each in ("audio", "speech", "music", "voice", "tts")) else "image"


def _is_vectors(made: Mapping[str, Any]) -> bool:
    while made.get("type") == "array" and isinstance(made.get("items"), Mapping):
        made = made["items"]
        if made.get("type") == "number":
            return True
    return False


def _whole(schema: Any, components: Mapping[str, Any], depth: int = 0) -> Any:
    """A schema with what it refers to in its place."""
    if depth > DEPTH_MAX:
        raise Error(Code.INVALID_REQUEST, "The server's schema refers to itself, or is nested too deeply.")
    if isinstance(schema, list):
        return [_whole(each, components, depth + 1) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: value for name, value in schema.items() if name not in {"$ref", "allOf", "nullable"}}
    for part in [schema, *schema.get("allOf", ())]:
        reference = part.get("$ref", "") if isinstance(part, dict) else ""
        if reference.startswith(PREFIX):
            found = components.get(reference.removeprefix(PREFIX), {}) | found
    found = {name: _whole(value, components, depth + 1) for name, value in found.items()}
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def _at(value: Any, *steps: str) -> dict[str, Any]:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
