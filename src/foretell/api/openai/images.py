"""Images: pictures drawn from words, and pictures changed."""

import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.creating import find_model
from foretell.api.openai.asking import REFUSALS, all_finished, heard
from foretell.api.openai.fields import form_fields, json_fields, model_of
from foretell.api.openai.outputs import output_files
from foretell.api.openai.streaming import streamed, together
from foretell.api.operations import operation
from foretell.api.receiving import lent
from foretell.api.requests import origin, request_id, services
from foretell.api.versions import Known
from foretell.api.wish import Wish
from foretell.dialects.openai import picturing, refused
from foretell.dialects.openai.events import error_event, event
from foretell.dialects.openai.images import (
    ImageEdit,
    ImageGeneration,
    Kind,
    Picture,
    PictureEvent,
    PictureList,
    picture_event,
    render_pictures,
    usage,
)
from foretell.errors import Code
from foretell.event import Event
from foretell.event import Kind as EventKind
from foretell.file import File
from foretell.prediction import Prediction

DEFAULT_MODEL = "truefusion"
_ERRORS = (*REFUSALS, Code.MODEL_NOT_SUPPORTED, Code.INVALID_INPUT, Code.CONTENT_POLICY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for: `fields` as sent, and the wishes that make it."""

    kind: Kind
    fields: Mapping[str, Any]
    wishes: list[Wish]
    has_data: bool


@operation(
    "Create images",
    tag="Images",
    description="Works with every image model that takes a prompt. What the safety checker withholds is left "
    "out. With `stream` the answer is events; a model shows unfinished pictures only where it has any and "
    "`safety_checker` is false, since they would be seen unchecked.",
    body=ImageGeneration,
    answer=PictureList,
    stream={
        "image_generation.partial_image": PictureEvent,
        "image_generation.completed": PictureEvent,
    },
    errors=_ERRORS,
)
async def generate(request: Request) -> Response:
    """The pictures; as a stream if the body says so."""
    fields = await json_fields(request, ImageGeneration)
    known = await find_model(request, fields.get("model", DEFAULT_MODEL))
    picturing.check_draws(known.name, known.version.manifest.type, known.schema)
    asked = _asked("image_generation", known, fields, {})
    if fields.get("stream"):
        return await _streamed(request, asked, AsyncExitStack())
    return await _answered(request, asked)


@operation(
    "Edit an image",
    tag="Images",
    description="Works with every image model that takes one picture. Other inputs of the model are further "
    "fields of the form. The picture is kept only until the answer is there.",
    form=ImageEdit,
    answer=PictureList,
    stream={"image_edit.partial_image": PictureEvent, "image_edit.completed": PictureEvent},
    errors=(*_ERRORS, Code.TOO_LARGE),
)
async def edit(request: Request) -> Response:
    """The changed pictures; as a stream if the form says so."""
    async with AsyncExitStack() as held:
        upload, file = await held.enter_async_context(lent(request))
        _check_parts([upload.field, *upload.others])
        known = await find_model(request, model_of(upload.fields))
        fields = form_fields(upload.fields, "image", ImageEdit, known.schema)
        given = picturing.change(known.name, known.version.manifest.type, known.schema, fields, file.id)
        asked = _asked("image_edit", known, fields, given)
        if fields.get("stream"):
            return await _streamed(request, asked, held.pop_all())
        return await _answered(request, asked)


def _check_parts(parts: list[str]) -> None:
    """Lets a form pass that has one picture and no other file."""
    names = [each.removesuffix("[]") for each in parts]
    if names != ["image"]:
        strange = next((each for each in names if each != "image"), "image")
        raise refused(strange, "is not possible: one 'image' is changed at a time, as a whole")


def _asked(kind: Kind, known: Known, fields: dict[str, Any], given: dict[str, Any]) -> Asked:
    name = fields.get("model", DEFAULT_MODEL)
    endpoint = "images.generations" if kind == "image_generation" else "images.edits"
    found = picturing.inputs_for(known.schema, fields)
    return Asked(
        kind=kind,
        fields=fields,
        wishes=[
            Wish(
                model=name,
                input=each | given,
                stream=bool(fields.get("stream")),
                request={"endpoint": endpoint},
                position=position,
            )
            for position, each in enumerate(found)
        ],
        has_data=picturing.wants_data(name, fields),
    )


async def _answered(request: Request, asked: Asked) -> Response:
    predictions = await all_finished(request, asked.wishes)
    files = [file for each in predictions for file in await output_files(request, each, "image")]
    pictures: list[Picture] = [
        {"b64_json": await _encoded(request, file)} if asked.has_data else {"url": file.url(origin(request))}
        for file in files
    ]
    metrics = {
        name: sum(each.metrics.get(name, 0.0) for each in predictions) for name in ("tokens_in", "tokens_out")
    }
    media_types = [file.content_type for file in files]
    return answer(render_pictures(predictions[0].created_at, pictures, media_types, metrics))


async def _streamed(request: Request, asked: Asked, held: AsyncExitStack) -> Response:
    in_band = partial(error_event, request_id=request_id(request))
    return await streamed(request, _events(request, asked, held), in_band)


async def _events(request: Request, asked: Asked, held: AsyncExitStack) -> AsyncGenerator[bytes]:
    shown, shown_max = 0, picturing.partial_images(asked.fields)
    streams = [heard(request, each) for each in asked.wishes]
    async with held, aclosing(together(streams)) as said:
        async for _, each in said:
            if isinstance(each, Prediction):
                yield await _completed(request, asked, each)
            elif each.kind is EventKind.PREVIEW and shown < shown_max:
                yield _partial(asked, each, shown)
                shown += 1


def _partial(asked: Asked, said: Event, index: int) -> bytes:
    head, _, encoded = said.data["image"].partition(",")
    media_type = head.removeprefix("data:").partition(";")[0]
    found = picture_event(asked.kind, media_type, encoded, said.at, asked.fields, is_whole=False)
    return event(found["type"], found | {"partial_image_index": index})


async def _completed(request: Request, asked: Asked, prediction: Prediction) -> bytes:
    found = b""
    for file in await output_files(request, prediction, "image"):
        whole = picture_event(
            asked.kind,
            file.content_type,
            await _encoded(request, file),
            prediction.completed_at or prediction.created_at,
            asked.fields,
            is_whole=True,
        )
        found += event(whole["type"], whole | {"usage": usage(prediction.metrics)})
    return found


async def _encoded(request: Request, file: File) -> str:
    data = b"".join([piece async for piece in services(request).blobs.read(file.blob)])
    return base64.b64encode(data).decode()
