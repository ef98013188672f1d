"""Audio: text read aloud, and recordings written down."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.creating import find_model
from foretell.api.files import served
from foretell.api.openai.asking import REFUSALS, finished, heard
from foretell.api.openai.fields import form_fields, json_fields, model_of
from foretell.api.openai.outputs import output_files
from foretell.api.openai.streaming import streamed
from foretell.api.operations import operation
from foretell.api.receiving import lent
from foretell.api.requests import request_id
from foretell.api.wish import Wish
from foretell.dialects.openai import refused
from foretell.dialects.openai.audio import (
    SpeechBody,
    TranscriptDelta,
    TranscriptDone,
    Transcription,
    TranscriptionForm,
    render_detailed_transcription,
    render_transcription,
    text_of,
    transcript_delta,
    transcript_done,
)
from foretell.dialects.openai.events import error_event, event
from foretell.dialects.openai.hearing import speech_input, transcription_input, wants_segments
from foretell.errors import Code
from foretell.event import Kind
from foretell.prediction import Prediction

MEDIA = ("audio/mpeg", "audio/wav", "audio/flac", "audio/ogg", "audio/aac", "audio/pcm")
_TEXTS = {"text": "text/plain", "srt": "application/x-subrip; charset=utf-8", "vtt": "text/vtt"}
_ERRORS = (*REFUSALS, Code.MODEL_NOT_SUPPORTED, Code.INVALID_INPUT)


@operation(
    "Create speech",
    tag="Audio",
    description="Works with every audio model that takes a text. The answer is the recording, and its content type "
    "is what it is.",
    body=SpeechBody,
    media=MEDIA,
    answers={200: bytes},
    errors=_ERRORS,
)
async def speak(request: Request) -> Response:
    """The recording."""
    fields = await json_fields(request, SpeechBody)
    known = await find_model(request, fields["model"])
    given = speech_input(known.name, known.version, known.schema, fields)
    wish = Wish(model=fields["model"], input=given, request={"endpoint": "audio.speech"})
    recording, *_ = await output_files(request, await finished(request, wish), "audio")
    return await served(request, recording)


@operation(
    "Create a transcription",
    tag="Audio",
    description="Works with every text model that takes a recording. `text`, `srt` and `vtt` are answered as text; "
    "`srt`, `vtt` and `verbose_json` need a model that gives times. A stream of a model that does not stream "
    "has all of the text in its first event.",
    form=TranscriptionForm,
    answer=Transcription,
    media=("text/plain", "text/vtt", "application/x-subrip"),
    stream={"transcript.text.delta": TranscriptDelta, "transcript.text.done": TranscriptDone},
    errors=(*_ERRORS, Code.TOO_LARGE),
)
async def transcribe(request: Request) -> Response:
    """What was said, in the form that was asked for."""
    async with AsyncExitStack() as held:
        upload, file = await held.enter_async_context(lent(request))
        if upload.field != "file" or upload.others:
            raise refused("file", "must be the one file of the form")
        known = await find_model(request, model_of(upload.fields))
        fields = form_fields(upload.fields, "file", TranscriptionForm, known.schema)
        given = transcription_input(known.name, known.version, known.schema, fields, file.id)
        wish = Wish(
            model=fields["model"],
            input=given,
            stream=bool(fields.get("stream")),
            request={"endpoint": "audio.transcriptions"},
        )
        if wish.stream:
            return await _streamed(request, wish, fields, held.pop_all())
        return _written(await finished(request, wish), fields)


def _written(prediction: Prediction, fields: Mapping[str, Any]) -> Response:
    form = fields.get("response_format", "json")
    if form in _TEXTS:
        return Response(f"{text_of(prediction).rstrip()}\n", media_type=_TEXTS[form])
    if form == "json":
        return answer(render_transcription(prediction))
    return answer(render_detailed_transcription(prediction, has_segments=wants_segments(fields)))


async def _streamed(
    request: Request, wish: Wish, fields: Mapping[str, Any], held: AsyncExitStack
) -> Response:
    async with held:
        if fields.get("response_format", "json") not in ("json", "text"):
            raise refused("stream", "is possible with response_format json or text alone")
        in_band = partial(error_event, request_id=request_id(request))
        return await streamed(request, _events(request, wish, held.pop_all()), in_band)


async def _events(request: Request, wish: Wish, held: AsyncExitStack) -> AsyncGenerator[bytes]:
    has_spoken = False
    async with held, aclosing(heard(request, wish)) as said:
        async for each in said:
            if isinstance(each, Prediction):
                yield _ending(each, has_spoken=has_spoken)
            elif each.kind is Kind.OUTPUT and isinstance(each.data.get("value"), str):
                has_spoken = True
                yield _piece(each.data["value"])


def _piece(text: str) -> bytes:
    delta = transcript_delta(text)
    return event(delta["type"], delta)


def _ending(prediction: Prediction, *, has_spoken: bool) -> bytes:
    """The last events; what a model said all at once is among them."""
    done = transcript_done(prediction)
    return (b"" if has_spoken else _piece(done["text"])) + event(done["type"], done)
