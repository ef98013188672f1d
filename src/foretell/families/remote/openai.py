"""Servers that speak OpenAI's language: OpenAI itself, vLLM, SGLang, Ollama, llama-server and many more."""

import re
from collections.abc import Mapping
from typing import Any

from foretell.errors import Code, Error
from foretell.families.remote.asking import Asking
from foretell.families.remote.found import Found, common_settings

TASKS = ("chat", "embeddings", "images", "speech", "transcription")
OPENAI = "api.openai.com"
NAMES_SHOWN = 12

_HINTS = (
    ("embeddings", r"embed|minilm|\bbge|\bgte\b|\be5-"),
    ("transcription", r"whisper|transcribe|parakeet|canary"),
    ("speech", r"\btts|kokoro|speech|piper"),
    ("images", r"dall-e|gpt-image|flux|stable-diffusion|sdxl|\bsd3|qwen-image|truefusion"),
)
"""What names say of what their models do, as far as they do; any other model chats."""
_PREDICTORS = {
    "chat": ("openai_chat.py:Chat", "text", ("chat", "text-generation", "streaming", "tools", "json")),
    "embeddings": ("openai_embeddings.py:Embed", "embedding", ("embeddings",)),
    "images": ("openai_images.py:Draw", "image", ("text-to-image",)),
    "speech": ("openai_speech.py:Speak", "audio", ("text-to-speech",)),
    "transcription": ("openai_transcription.py:Transcribe", "text", ("speech-to-text",)),
}
_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "chat": {"prompt": "What is the capital of France?", "max_tokens": 64},
    "embeddings": {"text": "A cat on a mat."},
}


async def of_openai(asking: Asking) -> Found:
    """The model that is meant, or the only one."""
    url, listed = await _listed(asking)
    about = _chosen(asking, listed)
    name, variable = str(about["id"]), asking.wanted.variable or ""
    title = name.rpartition("/")[2]
    task = asking.wanted.task or next(
        (each for each, hint in _HINTS if re.search(hint, name.lower())), "chat"
    )
    predictor, kind, capabilities = _PREDICTORS[task]
    if task == "chat" and _sees(about):
        capabilities += ("vision",)
    return Found(
        kind="openai",
        model=name,
        title=title,
        type=asking.wanted.type or kind,
        description=f"{title}, run elsewhere by a server that speaks OpenAI's language ({task}).",
        capabilities=capabilities,
        predictor=predictor,
        settings=common_settings(url, name, variable, key_header="authorization")
        | _dialect(asking, about, task),
        variable=variable,
        example=_EXAMPLES.get(task),
    )


async def _listed(asking: Asking) -> tuple[str, list[dict[str, Any]]]:
    """The address under which the routes lie, and the models."""
    bases = [f"{asking.url}/v1", asking.url]
    if asking.url.rpartition("/")[2].startswith("v") or asking.url.endswith("/openai"):
        bases.reverse()
    problem = None
    for base in bases:
        try:
            found = await asking.found(f"{base}/models")
        except Error as error:
            problem = problem or error
            continue
        if isinstance(found, dict) and isinstance(found.get("data"), list):
            return base, [each for each in found["data"] if isinstance(each, dict) and "id" in each]
    raise problem or Error(Code.INVALID_REQUEST, f"{asking.place} lists no models as OpenAI does.")


def _chosen(asking: Asking, listed: list[dict[str, Any]]) -> dict[str, Any]:
    wanted = asking.wanted.model
    if not wanted and len(listed) == 1:
        return listed[0]
    found = next((each for each in listed if each["id"] == wanted), None)
    if found is not None:
        return found
    if wanted and not listed:
        return {"id": wanted}
    names = [str(each["id"]) for each in listed]
    more = f" and {len(names) - NAMES_SHOWN} more" if names[NAMES_SHOWN:] else ""
    problem = (
        f"has no model '{wanted}'" if wanted else f"has {len(names)} models: say which with --model NAME"
    )
    there = f" There are {', '.join(names[:NAMES_SHOWN])}{more}." if names else ""
    raise Error(Code.INVALID_REQUEST, f"{asking.place} {problem}.{there}")


def _sees(about: Mapping[str, Any]) -> bool:
    """Whether the server says that the model reads pictures."""
    said = [about.get("capabilities"), (about.get("architecture") or {}).get("input_modalities")]
    words = {str(each) for found in said if isinstance(found, list) for each in found}
    return bool(words & {"multimodal", "vision", "image"})


def _dialect(asking: Asking, about: Mapping[str, Any], task: str) -> dict[str, Any]:
    """In what this server differs from others. `body` is sent along with every request."""
    owner = about.get("owned_by")
    settings: dict[str, Any] = {"body": {}}
    if task in {"images", "speech", "transcription"}:
        # They answer when they are done, and say nothing before.
        settings["silence_seconds"] = 600.0
    if task == "speech":
        settings["voice"] = "alloy" if asking.host == OPENAI else ""
    if task == "chat":
        # Both tell how much was read and written before the end: what a canceled run has used is known.
        settings["stream_options"] = {"continuous_usage_stats": True} if owner == "vllm" else {}
        settings["body"] = {"return_progress": True} if owner == "llamacpp" else {}
        settings["length_field"] = "max_completion_tokens" if asking.host == OPENAI else "max_tokens"
    return settings
