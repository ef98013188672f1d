"""Picturing: what is asked of an image model in OpenAI's words, and the inputs of the runs that this takes."""

import math
import re
from collections.abc import Mapping
from typing import Any

from foretell.dialects.openai.errors import refused
from foretell.errors import Code, Error
from foretell.schema import InputSchema

PICTURES_MAX = 10
"""How many pictures one request may ask for."""

PARTIAL_IMAGES_MAX = 3

HINTS = frozenset({"quality", "style", "background", "moderation", "user", "input_fidelity"})
"""What a model without an input of that name may pass over."""

OWN = frozenset(
    {
        "model",
        "prompt",
        "n",
        "size",
        "response_format",
        "output_format",
        "output_compression",
        "stream",
        "partial_images",
    }
)
"""What is translated or answered here; whatever else is sent goes to the model under its own name."""

_SIZE = re.compile(r"([1-9]\d{0,4})\s*x\s*([1-9]\d{0,4})", re.ASCII | re.IGNORECASE)
_RATIO = re.compile(r"(\d{1,4}):(\d{1,4})", re.ASCII)
_SYNONYMS = {"jpeg": "jpg", "jpg": "jpeg"}


def inputs_for(schema: InputSchema, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The inputs of the runs that make as many pictures as were asked for.

    Raises Error(INVALID_PARAMETER) for what cannot be right and for what the model does not have.
    """
    _check_background(schema, asked.get("background"))
    one = {
        name: value
        for name, value in asked.items()
        if value is not None and name not in OWN and (name not in HINTS or schema.said_of(name) is not None)
    }
    if isinstance(asked.get("prompt"), str) and schema.has("prompt"):
        one["prompt"] = asked["prompt"]
    one |= _size(schema, asked.get("size")) | _format(schema, asked)
    return _several(schema, one, asked.get("n"))


def wants_data(name: str, asked: Mapping[str, Any]) -> bool:
    """Whether the pictures are to stand in the answer itself: as asked, else as clients expect of such a name."""
    found = asked.get("response_format")
    if found is None:
        return name.lower().startswith(("gpt-image", "chatgpt-image"))
    if found not in ("url", "b64_json"):
        raise refused("response_format", "must be url or b64_json")
    return bool(found == "b64_json")


def partial_images(asked: Mapping[str, Any]) -> int:
    """How many unfinished pictures a stream may show."""
    return _whole("partial_images", asked.get("partial_images"), 0, PARTIAL_IMAGES_MAX) or 0


def chosen(schema: InputSchema, name: str, wanted: Any, param: str) -> str:
    """The choice of the model's input `name` that `wanted` means. Raises Error(INVALID_PARAMETER)."""
    choices = (schema.said_of(name) or {}).get("enum", ())
    if not isinstance(wanted, str) or not choices:
        what = "is nothing that this model can be told" if not choices else "must be a word"
        raise refused(param, what)
    for word in (wanted, _SYNONYMS.get(wanted)):
        if word in choices:
            return str(word)
    raise refused(param, f"must be one of {', '.join(map(str, choices))} for this model")


def check_draws(name: str, model_type: str, schema: InputSchema) -> None:
    """Lets models pass that draw from words. Raises Error(MODEL_NOT_SUPPORTED)."""
    if model_type != "image" or not schema.has("prompt"):
        raise Error(Code.MODEL_NOT_SUPPORTED, f"The model '{name}' does not draw pictures from words.")


def change(
    name: str, model_type: str, schema: InputSchema, asked: Mapping[str, Any], file_id: str
) -> dict[str, Any]:
    """The picture to be changed, as the model's input, and a prompt that is the name of one of its styles.

    Raises Error(MODEL_NOT_SUPPORTED), also for other words that the model cannot heed.
    """
    fields = schema.file_fields()
    field = "image" if "image" in fields else fields[0] if len(fields) == 1 else None
    if model_type != "image" or field is None:
        raise Error(Code.MODEL_NOT_SUPPORTED, f"The model '{name}' does not change pictures.")
    is_list = (schema.said_of(field) or {}).get("type") == "array"
    return {field: [file_id] if is_list else file_id} | _style(name, schema, asked)


def _style(name: str, schema: InputSchema, asked: Mapping[str, Any]) -> dict[str, Any]:
    prompt = asked.get("prompt", "").strip()
    if not prompt or schema.has("prompt"):
        return {}
    styles = (schema.said_of("style") or {}).get("enum", ())
    if prompt in styles and "style" not in asked:
        return {"style": prompt}
    hint = f" or the name of a style: {', '.join(map(str, styles))}" if styles else ""
    message = (
        f"The model '{name}' takes no prompt. Send an empty one{hint}; its other inputs stand beside it."
    )
    raise Error(Code.MODEL_NOT_SUPPORTED, message, details=("prompt: is nothing that this model heeds",))


def _several(schema: InputSchema, one: dict[str, Any], n: Any) -> list[dict[str, Any]]:
    """The same input as often as it takes; a given seed counts on, since it would draw the same again."""
    wanted = _whole("n", n, 1, PICTURES_MAX)
    said = schema.said_of("num_outputs")
    if wanted is None or (wanted == 1 and said is None):
        return [one]
    at_once = 1 if said is None else min(int(said.get("maximum", wanted)), wanted)
    seed = one.get("seed")
    found = []
    for made in range(0, wanted, at_once):
        more = {} if said is None else {"num_outputs": min(at_once, wanted - made)}
        if isinstance(seed, int) and made:
            more["seed"] = seed + made
        found.append(one | more)
    return found


def _size(schema: InputSchema, size: Any) -> dict[str, Any]:
    if size in (None, "auto"):
        return {}
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None:
        raise refused("size", "must be auto, or width x height in pixels such as 1024x1024")
    width, height = int(match[1]), int(match[2])
    if schema.has("width") and schema.has("height"):
        _check_side(schema, "width", width)
        _check_side(schema, "height", height)
        return {"width": width, "height": height}
    ratios = (schema.said_of("aspect_ratio") or {}).get("enum", ())
    known = {each: found for each in ratios if (found := _ratio(each)) is not None}
    if not known:
        raise refused("size", "is nothing that this model can be told: it chooses the size itself")
    wanted = math.log(width / height)
    return {"aspect_ratio": min(known, key=lambda each: abs(math.log(known[each]) - wanted))}


def _check_side(schema: InputSchema, name: str, pixels: int) -> None:
    said = schema.said_of(name) or {}
    least, most = said.get("minimum", 1), said.get("maximum", math.inf)
    if not least <= pixels <= most:
        bounds = f"from {least} to {most}" if most < math.inf else f"of at least {least}"
        raise refused("size", f"has a {name} of {pixels}, and this model makes pictures with one {bounds}")


def _ratio(word: Any) -> float | None:
    found = _RATIO.fullmatch(word) if isinstance(word, str) else None
    return int(found[1]) / int(found[2]) if found and int(found[1]) and int(found[2]) else None


def _format(schema: InputSchema, asked: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if asked.get("output_format") is not None:
        found["output_format"] = chosen(schema, "output_format", asked["output_format"], "output_format")
    compression = _whole("output_compression", asked.get("output_compression"), 0, 100)
    if compression is not None and schema.has("output_quality"):
        found["output_quality"] = max(compression, 1)
    return found


def _check_background(schema: InputSchema, background: Any) -> None:
    if background == "transparent" and schema.said_of("background") is None:
        raise refused("background", "cannot be transparent: this model has no such choice")


def _whole(param: str, value: Any, least: int, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise refused(param, f"must be a whole number from {least} to {most}")
    return value
