"""Tools and formats of answers, checked for their form before a model sees them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foretell.dialects.openai.errors import refused

CHOICES = ("none", "auto", "required")
FORMATS = ("text", "json_object", "json_schema")
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)


def check_tools(tools: Sequence[Mapping[str, Any]] | None, choice: str | Mapping[str, Any] | None) -> None:
    """Raises Error(INVALID_PARAMETER) for a tool that is no function, and a choice of what is not there."""
    names = {_name(f"tools[{place}]", each) for place, each in enumerate(tools or ())}
    if choice in (None, "none", "auto"):
        return
    if not names:
        raise refused("tool_choice", "needs 'tools' to choose from")
    if isinstance(choice, str) and choice not in CHOICES:
        raise refused("tool_choice", f"must be one of {', '.join(CHOICES)}, or name a function")
    if isinstance(choice, Mapping) and _name("tool_choice", choice) not in names:
        raise refused("tool_choice", "names a function that is not among the tools")


def check_format(wanted: Mapping[str, Any] | None) -> None:
    """Raises Error(INVALID_PARAMETER) for a `response_format` that is none."""
    if wanted is None:
        return
    if wanted.get("type") not in FORMATS:
        raise refused("response_format.type", f"must be one of {', '.join(FORMATS)}")
    described = wanted.get("json_schema")
    if wanted["type"] != "json_schema":
        return
    if not isinstance(described, Mapping) or not isinstance(described.get("schema"), Mapping):
        raise refused("response_format.json_schema.schema", "must be a JSON Schema")


def _name(path: str, tool: Mapping[str, Any]) -> str:
    if tool.get("type") != "function":
        raise refused(f"{path}.type", "must be 'function'")
    function = tool.get("function")
    function = function if isinstance(function, Mapping) else {}
    name = function.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise refused(f"{path}.function.name", "must be 1 to 64 letters, digits, '_' and '-'")
    if not isinstance(function.get("parameters", {}), Mapping | None):
        raise refused(f"{path}.function.parameters", "must be a JSON Schema")
    return name
