"""Audio: bodies and forms that ask for speech or for what was said, and the answers."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta, Struct

from foretell.errors import Code, Error
from foretell.prediction import Prediction


class SpeechBody(Struct, kw_only=True):
    """What to read aloud. Whatever else is sent goes to the model under its own name, such as `seed`."""

    model: Annotated[str, Meta(examples=["speech"], min_length=1)]
    input: Annotated[str, Meta(description="The text.", examples=["Good morning."], min_length=1)]
    voice: Annotated[str | dict[str, Any] | None, Meta(description="For models that have several.")] = None
    response_format: Annotated[
        str | None,
        Meta(
            description="The kind of file: a choice of the model's `output_format`. Left open it is mp3, or what "
            "the model makes where that is no choice.",
            examples=["mp3"],
        ),
    ] = None
    speed: Annotated[float | None, Meta(description="1 is the voice's own pace.")] = None
    instructions: Annotated[str | None, Meta(description="For models that take them.")] = None
    stream_format: Annotated[
        Literal["audio", "sse"] | None, Meta(description="`audio`; events are refused.")
    ] = None


class TranscriptionForm(Struct, kw_only=True):
    """A recording, and how to write it down. Whatever else is sent goes to the model under its own name."""

    file: Annotated[bytes, Meta(description="The recording. It is kept only until the answer is there.")]
    model: Annotated[str, Meta(examples=["transcribe"])]
    language: Annotated[str | None, Meta(description="Such as `en`; for models that take it.")] = None
    prompt: Annotated[str | None, Meta(description="Names and words that occur.")] = None
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] | None = None
    temperature: Annotated[float | None, Meta(description="For models that take it.")] = None
    timestamp_granularities: Annotated[
        list[Literal["word", "segment"]] | None, Meta(description="What has times in `verbose_json`.")
    ] = None
    stream: Annotated[bool | None, Meta(description="Whether to answer in server-sent events.")] = None
    include: list[str] | str | None = None
    chunking_strategy: Any = None


class DurationUsage(TypedDict):
    """How long the recording lasts."""

    type: Literal["duration"]
    seconds: int


class Transcription(TypedDict):
    """What was said. `verbose_json` adds `task`, `language`, `duration`, `segments` and, if asked for, `words`."""

    text: str
    usage: NotRequired[DurationUsage]
    task: NotRequired[str]
    language: NotRequired[str]
    duration: NotRequired[float]
    segments: NotRequired[list[dict[str, Any]]]
    words: NotRequired[list[dict[str, Any]]]


class TranscriptDelta(TypedDict):
    """A piece of what was said."""

    type: Literal["transcript.text.delta"]
    delta: str


class TranscriptDone(TypedDict):
    """All that was said."""

    type: Literal["transcript.text.done"]
    text: str
    usage: NotRequired[DurationUsage]


def text_of(prediction: Prediction) -> str:
    """What the model wrote down. Raises Error(INFERENCE_FAILED) when that is no text."""
    result = prediction.result
    if isinstance(result, list) and all(isinstance(each, str) for each in result):
        return "".join(result)
    found = result.get("text") if isinstance(result, dict) else result
    if not isinstance(found, str):
        raise Error(Code.INFERENCE_FAILED, "The model gave no text.")
    return found


def render_transcription(prediction: Prediction) -> Transcription:
    """What was said, without times."""
    return {"text": text_of(prediction), **usage(prediction.metrics)}  # type: ignore[typeddict-item]


def render_detailed_transcription(prediction: Prediction, *, has_segments: bool) -> dict[str, Any]:
    """What was said, with times; a model that says text gives them as JSON in it."""
    found = prediction.result
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError as error:
            raise Error(Code.INFERENCE_FAILED, "The model gave no times.") from error
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        raise Error(Code.INFERENCE_FAILED, "The model gave no times.")
    shown = {name: value for name, value in found.items() if has_segments or name != "segments"}
    return shown | usage(prediction.metrics)


def transcript_delta(text: str) -> TranscriptDelta:
    """A piece of what was said, in a stream."""
    return {"type": "transcript.text.delta", "delta": text}


def transcript_done(prediction: Prediction) -> TranscriptDone:
    """The end of a stream."""
    text = text_of(prediction)
    return {"type": "transcript.text.done", "text": text, **usage(prediction.metrics)}  # type: ignore[typeddict-item]


def usage(metrics: Mapping[str, float]) -> dict[str, DurationUsage]:
    """`usage`, where the model measured the recording."""
    seconds = metrics.get("audio_seconds")
    return {} if seconds is None else {"usage": {"type": "duration", "seconds": math.ceil(seconds)}}
