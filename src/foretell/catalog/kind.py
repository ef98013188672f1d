"""The type of a model that does not say its own: guessed from what it gives."""

import re
from typing import Any

_ENDINGS = {
    "video": re.compile(r"""\.(mp4|webm|mov|avi|gif)["']"""),
    "audio": re.compile(r"""\.(wav|mp3|flac|ogg|opus|m4a)["']"""),
}


def guessed(output_schema: dict[str, Any], source: str) -> str:
    """One of the manifest's types. Of files, `source` tells by the names that it gives them."""
    if _has_file(output_schema):
        return next((kind for kind, ending in _ENDINGS.items() if ending.search(source)), "image")
    return "embedding" if _is_numbers(output_schema) else "text"


def _has_file(schema: dict[str, Any]) -> bool:
    if schema.get("format") == "uri":
        return True
    parts = [schema.get("items"), *schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    return any(_has_file(part) for part in parts if isinstance(part, dict))


def _is_numbers(schema: dict[str, Any]) -> bool:
    """A vector, or a list of them."""
    items = schema.get("items") if schema.get("type") == "array" else None
    return isinstance(items, dict) and (items.get("type") == "number" or _is_numbers(items))
