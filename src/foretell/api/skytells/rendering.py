"""Rendering: the prediction as this very caller should read it."""

from typing import Any

from msgspec.structs import replace
from starlette.requests import Request
from starlette.types import Scope

from foretell.api.answers import json_bytes
from foretell.api.heads import heads_of, of_head
from foretell.api.requests import caller_or_none, edge, origin, services
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.event import Kind
from foretell.file import File
from foretell.prediction import Prediction, Status
from foretell.result import Form, form
from foretell.schema import without_secrets

PAGE = 1_000
_TEXTS = {Form.TEXT, Form.TEXTS}
_SPELLINGS = {"sdk": "cancelled", "docs": "canceled"}


def spelling(request: Request) -> str:
    """This caller's word for a cancel: official clients know one, the documents another.

    The clients send a JSON content type with every verb, and create at `/predict`; others do neither.
    """
    return of_head(request.scope, _spelling)


def _spelling(scope: Scope) -> str:
    heads = heads_of(scope)
    asked = _SPELLINGS.get(heads.get("accept-version", "").strip().lower())
    if asked is not None:
        return asked
    path = scope["path"]
    if path in {"/v1/predict", "/v1/predictions"} and scope["method"] == "POST":
        return "cancelled" if path == "/v1/predict" else "canceled"
    is_json = heads.get("content-type", "").lower().startswith("application/json")
    return "cancelled" if is_json else "canceled"


async def rendered(
    request: Request, prediction: Prediction, *, files: list[File] | None = None
) -> messages.Prediction:
    """The object for the caller of `request`; one without the owner's key sees what is public of it."""
    if files is None:
        files = await files_of(request, prediction)
    word = spelling(request)
    is_running = prediction.status is Status.PROCESSING
    return skytells.render(
        replace(prediction, origin=origin(request), input=await _shown_input(request, prediction)),
        files,
        spelling=word,
        sdk=word == "cancelled",
        public=not is_owner(request, prediction),
        text_so_far=await _text_so_far(request, prediction) if is_running else None,
    )


async def shown(request: Request, prediction: Prediction, *, is_enveloped: bool) -> bytes:
    """The same as JSON, in the envelope or bare."""
    flat = await rendered(request, prediction)
    data = json_bytes(flat)
    return skytells.enveloped(data, flat["status"]) if is_enveloped else data


def is_owner(request: Request, prediction: Prediction) -> bool:
    """Whether the prediction is in the caller's reach, as more than a public one."""
    found = caller_or_none(request)
    return found is not None and found.reaches(prediction.account_id)


async def files_of(request: Request, prediction: Prediction) -> list[File]:
    """The output files of a prediction; a text has none, so that none are looked for."""
    if _has_no_files(prediction):
        return []
    if prediction.files is not None:
        return list(prediction.files)
    return await services(request).store.files_of(prediction.id)


def _has_no_files(prediction: Prediction) -> bool:
    return prediction.status is not Status.SUCCEEDED or form(prediction.result) in _TEXTS


async def _shown_input(request: Request, prediction: Prediction) -> dict[str, Any]:
    versions = edge(request).versions
    known = versions.at_hand(prediction.version_id) or await versions.of(prediction.version_id)
    if known is None or not known.schema.secret_fields():
        return prediction.input
    return without_secrets(known.version.input_schema, prediction.input)


async def _text_so_far(request: Request, prediction: Prediction) -> skytells.TextSoFar:
    """What a streaming model has said in its present attempt; None before its first word."""
    known = await edge(request).versions.of(prediction.version_id)
    if known is None or not known.version.streaming:
        return None
    texts = await _texts(request, prediction)
    is_one_text = known.version.output_schema.get("x-cog-array-display") == "concatenate"
    if known.version.output_schema.get("type") == "string" or is_one_text:
        return "".join(texts) if texts else None
    return texts or None


async def _texts(request: Request, prediction: Prediction) -> list[str]:
    texts: list[str] = []
    after = 0
    while True:
        events = await services(request).store.events(
            prediction.id, attempt=prediction.attempt, after=after, limit=PAGE
        )
        texts += [each.data["value"] for each in events if _is_text(each.kind, each.data)]
        if len(events) < PAGE:
            return texts
        after = events[-1].sequence


def _is_text(kind: Kind, data: dict[str, Any]) -> bool:
    return kind is Kind.OUTPUT and isinstance(data.get("value"), str)
