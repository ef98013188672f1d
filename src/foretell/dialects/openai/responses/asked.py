"""Asked: a checked body, as a chat's options, and as what is kept to render the response again."""

from collections.abc import Mapping
from typing import Any

import msgspec

from foretell.dialects.openai.errors import refused
from foretell.dialects.openai.responses.messages import METADATA_MAX, CreateResponse
from foretell.dialects.openai.tools import check_tools
from foretell.errors import Error

ENDPOINT = "responses"
"""What `request` of a prediction says that is a response."""

TOOL_CHOICES = ("auto", "none", "required")
LOGPROBS = "message.output_text.logprobs"

WORDS = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "logprobs": "include",
}
"""A chat's options that are called otherwise here."""

KEPT = (
    "instructions",
    "previous_response_id",
    "background",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "max_output_tokens",
    "max_tool_calls",
    "temperature",
    "top_p",
    "top_logprobs",
    "metadata",
    "truncation",
    "reasoning",
    "user",
    "safety_identifier",
    "prompt_cache_key",
)
"""What is answered as it was asked."""


def check(asked: CreateResponse) -> None:
    """Refuses what can be seen to be wrong without its model. Raises Error that names the place."""
    for name, instead in (("conversation", "use 'previous_response_id'"), ("prompt", "send the text itself")):
        if getattr(asked, name) is not None:
            raise refused(name, f"is not supported: {instead}")
    if len(asked.metadata or {}) > METADATA_MAX:
        raise refused("metadata", f"must not have more than {METADATA_MAX} entries")
    if asked.background and asked.store is False:
        raise refused("background", "needs 'store': the response could never be fetched")


def kept(asked: CreateResponse) -> dict[str, Any]:
    """What is needed to render the response again, beside the prediction."""
    values: dict[str, Any] = msgspec.to_builtins(asked)
    found = {name: values[name] for name in KEPT if values[name] is not None}
    return {"endpoint": ENDPOINT, "store": asked.store is not False, **found}


def options(asked: CreateResponse) -> dict[str, Any]:
    """What is asked beside the conversation, in the words of a chat. Raises Error for what has none."""
    tools, choice = _tools(asked), _tool_choice(asked)
    check_tools(tools, choice)
    wants_logprobs = LOGPROBS in (asked.include or ()) or bool(asked.top_logprobs)
    found = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_tokens": asked.max_output_tokens,
        "tools": tools,
        "tool_choice": choice,
        "parallel_tool_calls": asked.parallel_tool_calls,
        "response_format": _response_format(asked),
        "verbosity": None if asked.text is None else asked.text.verbosity,
        "reasoning_effort": (asked.reasoning or {}).get("effort"),
        "logprobs": wants_logprobs or None,
        "top_logprobs": asked.top_logprobs,
    }
    return {name: value for name, value in found.items() if value is not None}


def in_own_words(error: Error) -> Error:
    """The refusal of a chat's option, in the words that its caller used."""
    name, _, what = error.details[0].partition(": ") if error.details else ("", "", "")
    return refused(WORDS[name], what) if name in WORDS else error


def _tools(asked: CreateResponse) -> list[dict[str, Any]] | None:
    if not asked.tools:
        return None
    return [_tool(tool, f"tools[{place}]") for place, tool in enumerate(asked.tools)]


def _tool(tool: Mapping[str, Any], path: str) -> dict[str, Any]:
    kind = tool.get("type")
    if kind != "function":
        raise refused(f"{path}.type", f"must be 'function': there are no built-in tools such as {kind!r}")
    if not isinstance(tool.get("name"), str) or not tool["name"]:
        raise refused(f"{path}.name", "must be a string")
    if not isinstance(tool.get("parameters"), dict | None):
        raise refused(f"{path}.parameters", "must be a JSON Schema")
    names = ("name", "description", "parameters", "strict")
    return {
        "type": "function",
        "function": {name: tool[name] for name in names if tool.get(name) is not None},
    }


def _tool_choice(asked: CreateResponse) -> str | dict[str, Any] | None:
    choice = asked.tool_choice
    if choice is None or choice in TOOL_CHOICES:
        return choice
    if isinstance(choice, dict) and choice.get("type") == "function" and isinstance(choice.get("name"), str):
        return {"type": "function", "function": {"name": choice["name"]}}
    raise refused("tool_choice", "must be auto, none, required, or a function by its name")


def _response_format(asked: CreateResponse) -> dict[str, Any] | None:
    wanted = None if asked.text is None else asked.text.format
    if wanted is None or wanted.get("type") == "text":
        return None
    if wanted.get("type") == "json_object":
        return {"type": "json_object"}
    if wanted.get("type") != "json_schema":
        raise refused("text.format.type", "must be text, json_object or json_schema")
    if not isinstance(wanted.get("schema"), dict) or not isinstance(wanted.get("name"), str):
        raise refused("text.format", "must have a name and a schema")
    return {
        "type": "json_schema",
        "json_schema": {name: value for name, value in wanted.items() if name != "type"},
    }
