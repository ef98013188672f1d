"""Talk: what is asked of a chat model in OpenAI's words, and the input that this is to a model of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foretell.chat import chats, picture_input
from foretell.dialects.openai.errors import refused
from foretell.dialects.openai.turns import Turn, images_in, text_in
from foretell.errors import Code, Error
from foretell.model import Version

NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "stop": ([], ""),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
}
"""What changes the answer's meaning, so that a model without it refuses; with these values it changes nothing."""

HINTS = (
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "parallel_tool_calls",
    "reasoning_effort",
    "verbosity",
)
"""What a model without it may pass over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """`turns` are what was said; `parameters` the rest by the names above, where None is not given."""

    turns: list[Turn]
    parameters: Mapping[str, Any]


def input_for(version: Version, talk: Talk) -> dict[str, Any]:
    """The input of a run. What the caller left open is the model's own to choose.

    Raises Error(MODEL_NOT_SUPPORTED), Error(INVALID_PARAMETER) for what the model does not have.
    """
    if not chats(version):
        message = (
            f"The model '{version.model}' does not chat. Create a prediction with it at /v1/predictions."
        )
        raise Error(Code.MODEL_NOT_SUPPORTED, message, details=("model: does not chat",))
    return _said(version, talk.turns) | _chosen(version, talk.parameters)


def text_of(result: Any) -> str:
    """The words of a chat model's result."""
    if isinstance(result, Mapping):
        result = result.get("text")
    if isinstance(result, list):
        return "".join(each for each in result if isinstance(each, str))
    return result if isinstance(result, str) else ""


def _said(version: Version, turns: list[Turn]) -> dict[str, Any]:
    """What was said, in the inputs that the model has for it."""
    properties = _properties(version)
    if "messages" in properties and "vision" in version.manifest.capabilities:
        return {"messages": turns}
    found = _shown(version, images_in(turns))
    if "messages" in properties:
        return found | {"messages": [turn | {"content": text_in(turn)} for turn in turns]}
    if "prompt" in properties:
        asked = [text_in(turn) for turn in turns if turn["role"] == "user"]
        found["prompt"] = asked[-1] if asked else text_in(turns[-1])
    system = [text_in(turn) for turn in turns if turn["role"] == "system"]
    if system and "system_prompt" in properties:
        found["system_prompt"] = "\n".join(system)
    return found


def _shown(version: Version, images: list[str]) -> dict[str, Any]:
    """The one picture that a model takes beside or instead of words."""
    field = picture_input(version)
    if field is None and images:
        raise refused("messages", f"have an image, and the model '{version.model}' takes none")
    if len(images) > 1:
        raise refused("messages", f"have {len(images)} images, and the model '{version.model}' takes one")
    if field is None or images:
        return {field: images[0]} if field else {}
    if field in version.input_schema.get("required", ()):
        raise refused("messages", f"must have an image: the model '{version.model}' reads one")
    return {}


def _chosen(version: Version, parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties = _properties(version)
    found = {}
    for name in (*NEUTRAL, *HINTS):
        value = parameters.get(name)
        if value is None:
            continue
        if name in properties:
            found[name] = _fitted(name, value, properties[name])
        elif name in NEUTRAL and value not in NEUTRAL[name]:
            raise refused(name, f"is not understood by the model '{version.model}'")
    return found


def _fitted(name: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """A value in the form that the model takes: a shorter answer than could be had is no error, one stop is a list."""
    if name == "max_tokens" and isinstance(value, int) and "maximum" in schema:
        return min(value, schema["maximum"])
    if name == "stop" and isinstance(value, str) and "array" in schema.get("type", ()):
        return [value]
    return value


def _properties(version: Version) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = version.input_schema.get("properties", {})
    return found
