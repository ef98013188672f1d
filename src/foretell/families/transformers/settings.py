"""What the configuration beside the weights says, as the settings of a predictor."""

from collections.abc import Mapping
from typing import Any

from foretell.families.files import Files
from foretell.families.languages import language_settings
from foretell.families.transformers.kinds import (
    CHAT,
    HEARING,
    REWRITING,
    SPEAKING,
    TEXT,
    VECTORS,
    VISION,
    Kind,
)
from foretell.families.transformers.templates import chat_template, knows_tools

ROOM_TOKENS = 32_768
"""Of what a model can read at once, so much is used: more takes memory that few machines have."""
ANSWER_TOKENS = 512
_ROOMS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "n_ctx",
    "max_target_positions",
)
_UNKNOWN_ROOM = 2048


def settings_of(kind: Kind, files: Files, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a kind's predictor has."""
    if kind in (CHAT, TEXT, VISION):
        return _talking(files, config)
    if kind is REWRITING:
        room = min(_room(config) or _UNKNOWN_ROOM, ROOM_TOKENS)
        return {"answer_tokens": min(ANSWER_TOKENS, room), "answer_tokens_max": room}
    if kind is VECTORS:
        return _vectors(files, config)
    if kind is HEARING:
        # Those of English alone have no marks of languages.
        multilingual = bool(files.table("generation_config.json").get("is_multilingual"))
        return language_settings(multilingual=multilingual)
    if kind is SPEAKING:
        return {"speakers": max(int(config.get("num_speakers") or 1), 1)}
    return {}


def is_quantised(config: Mapping[str, Any]) -> bool:
    """Whether the weights have fewer bits than they are computed with."""
    return isinstance(config.get("quantization_config"), Mapping)


def _talking(files: Files, config: Mapping[str, Any]) -> dict[str, Any]:
    room = min(_room(config) or _UNKNOWN_ROOM, ROOM_TOKENS)
    said = files.table("generation_config.json")
    samples = bool(said.get("do_sample"))
    return {
        "context_tokens": room,
        "answer_tokens": min(ANSWER_TOKENS, room),
        "answer_tokens_max": room,
        "temperature": _bounded(said.get("temperature", 1.0), 2.0) if samples else 0.7,
        "top_p": _bounded(said.get("top_p", 1.0), 1.0) if samples else 0.95,
        "native_tools": knows_tools(chat_template(files)),
        "quantised": is_quantised(config),
    }


def _vectors(files: Files, config: Mapping[str, Any]) -> dict[str, Any]:
    described = files.table("sentence_bert_config.json")
    rooms = (described.get("max_seq_length"), _tokens_max(files), _room(config))
    room = min((each for each in rooms if isinstance(each, int) and each > 0), default=_UNKNOWN_ROOM)
    return {"tokens_max": min(room, ROOM_TOKENS), "quantised": is_quantised(config)}


def _tokens_max(files: Files) -> int | None:
    """What the tokenizer takes; a number beyond all sense stands for "I do not know"."""
    found = files.table("tokenizer_config.json").get("model_max_length")
    return int(found) if isinstance(found, int | float) and 0 < found < 10**7 else None


def _room(config: Mapping[str, Any]) -> int | None:
    for each in (config, config.get("text_config"), config.get("decoder")):
        if isinstance(each, Mapping):
            found = next((each[name] for name in _ROOMS if isinstance(each.get(name), int)), None)
            if found:
                return int(found)
    return None


def _bounded(value: Any, most: float) -> float:
    return min(max(float(value), 0.0), most) if isinstance(value, int | float) else most
