"""Hearing and speaking: what is asked of models of sound in OpenAI's words, and the input of the run."""

from collections.abc import Mapping
from typing import Any

from foretell.dialects.openai.audio import SpeechBody, TranscriptionForm
from foretell.dialects.openai.errors import refused
from foretell.dialects.openai.picturing import chosen
from foretell.errors import Code, Error
from foretell.model import Version
from foretell.schema import InputSchema

FORMAT = "mp3"
"""What clients expect who leave the kind of file open."""

SPEAKERS = frozenset({"audio", "music"})
TEXTS = ("prompt", "text", "input")
RECORDINGS = ("audio", "file", "audio_file")
PROMPTS = ("initial_prompt", "prompt")
FORMATS = ("output_format", "audio_format", "response_format")
TIMED = {"srt": "srt", "vtt": "vtt", "verbose_json": "json"}
"""The choice of a model's output format that each form of a transcript with times takes."""


def speech_input(
    name: str, version: Version, schema: InputSchema, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """The input of a run that reads a text aloud.

    Raises Error(MODEL_NOT_SUPPORTED), Error(INVALID_PARAMETER) for what the model does not have.
    """
    text = _first(schema, TEXTS)
    if version.manifest.type not in SPEAKERS or text is None:
        raise Error(Code.MODEL_NOT_SUPPORTED, f"The model '{name}' does not read aloud.")
    if asked.get("stream_format") == "sse":
        raise refused("stream_format", "must be audio: speech does not come in events")
    found = _rest(asked, SpeechBody) | {text: asked["input"]}
    for hint in ("voice", "instructions"):
        if hint in asked and schema.has(hint):
            found[hint] = asked[hint]
    if "speed" in asked and (schema.has("speed") or asked["speed"] != 1):
        if not schema.has("speed"):
            raise refused("speed", "must be 1: this model has one pace")
        found["speed"] = asked["speed"]
    return found | _kind_of_file(schema, asked)


def transcription_input(
    name: str, version: Version, schema: InputSchema, asked: Mapping[str, Any], file_id: str
) -> dict[str, Any]:
    """The input of a run that writes down a recording, in the form that the answer is made from.

    Raises Error(MODEL_NOT_SUPPORTED), Error(INVALID_PARAMETER) for what the model does not have.
    """
    recording = _first(schema, [each for each in RECORDINGS if each in schema.file_fields()])
    if recording is None or version.manifest.type != "text":
        raise Error(Code.MODEL_NOT_SUPPORTED, f"The model '{name}' does not write down what is said.")
    found = _rest(asked, TranscriptionForm) | {recording: file_id}
    prompt = _first(schema, PROMPTS)
    if prompt is not None and asked.get("prompt"):
        found[prompt] = asked["prompt"]
    for hint in ("language", "temperature"):
        if hint in asked and schema.has(hint):
            found[hint] = asked[hint]
    return found | _times(version, schema, asked)


def wants_segments(asked: Mapping[str, Any]) -> bool:
    """Whether segments belong into the detailed form: unless words alone were asked for."""
    return "segment" in (asked.get("timestamp_granularities") or ["segment"])


def _rest(asked: Mapping[str, Any], kind: type[SpeechBody] | type[TranscriptionForm]) -> dict[str, Any]:
    """What is the model's own."""
    return {name: value for name, value in asked.items() if name not in kind.__struct_fields__}


def _first(schema: InputSchema, names: tuple[str, ...] | list[str]) -> str | None:
    return next((each for each in names if schema.has(each)), None)


def _kind_of_file(schema: InputSchema, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The kind that was asked for; nothing, for a model that makes one kind alone, whose answer says which."""
    name = _first(schema, FORMATS)
    choices = (schema.said_of(name) or {}).get("enum", ()) if name else ()
    if name is None or not choices or ("response_format" not in asked and FORMAT not in choices):
        return {}
    return {name: chosen(schema, name, asked.get("response_format", FORMAT), "response_format")}


def _times(version: Version, schema: InputSchema, asked: Mapping[str, Any]) -> dict[str, Any]:
    form = asked.get("response_format", "json")
    words = "word" in (asked.get("timestamp_granularities") or ())
    if asked.get("timestamp_granularities") and form != "verbose_json":
        raise refused("timestamp_granularities", "needs response_format to be verbose_json")
    if words and not schema.has("word_timestamps"):
        raise refused("timestamp_granularities", "must be segment: this model does not time words")
    if form not in TIMED:
        return {}
    choices = (schema.said_of("output_format") or {}).get("enum", ())
    if TIMED[form] in choices:
        return {"output_format": TIMED[form]} | ({"word_timestamps": True} if words else {})
    if form == "verbose_json" and "segments" in version.output_schema.get("properties", {}):
        return {"word_timestamps": True} if words else {}
    possible = ["json", "text", *(each for each in TIMED if TIMED[each] in choices)]
    raise refused("response_format", f"must be one of {', '.join(possible)} for this model")
