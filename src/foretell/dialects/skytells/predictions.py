"""The prediction object: every key is there in every state, for clients that decode strictly."""

from typing import Any, Literal, TypedDict, cast

from foretell.dialects.skytells import messages
from foretell.dialects.skytells.files import storage_entry
from foretell.dialects.skytells.instants import timestamp
from foretell.dialects.skytells.models import wire_type
from foretell.file import File, Purpose
from foretell.prediction import TRIAL, Prediction, Status
from foretell.result import Form, file_ids, form, replaced

SECONDS = 1_000_000
"""Microseconds in one."""

TextSoFar = str | list[str] | None
"""What a streaming model has said so far: its text, or its texts where it yields separate ones."""

_Status = Literal["starting", "processing", "succeeded", "failed", "canceled", "cancelled"]
_Source = Literal["api", "cli", "dashboard", "web"]
_Privacy = Literal["private", "public"]


class _Failure(TypedDict):
    response: str | None
    error: str | None
    error_id: str | None
    error_message: str | None


def render(
    prediction: Prediction,
    files: list[File],
    *,
    spelling: str = "canceled",
    sdk: bool = False,
    public: bool = False,
    text_so_far: TextSoFar = None,
) -> messages.Prediction:
    """The object as a caller sees it, with addresses under `prediction.origin`.

    `spelling` is this caller's word for a cancel; `sdk` names sources in the words of the official clients;
    `public` leaves out what only the owner may see.
    """
    kept = [file for file in files if file.purpose is not Purpose.UPLOAD]
    return {
        "id": prediction.id,
        "status": _status(prediction, spelling),
        "type": "inference",
        "stream": prediction.stream,
        "input": prediction.input,
        "output": _output(prediction, kept, text_so_far),
        "result": _result(prediction, kept),
        **_failure(prediction),
        "created_at": timestamp(prediction.created_at),
        "started_at": _timestamp(prediction.started_at),
        "completed_at": _timestamp(prediction.completed_at),
        "updated_at": timestamp(prediction.updated_at),
        "privacy": cast(_Privacy, prediction.privacy),
        "source": _source(prediction, sdk=sdk),
        "model": {"name": prediction.model, "type": wire_type(prediction.model_type)},
        "webhook": _webhook(prediction, public=public),
        "metrics": _metrics(prediction, kept),
        "metadata": _metadata(prediction, kept),
        "data_removed": prediction.data_removed_at is not None,
        "urls": _urls(prediction),
    }


def enveloped(flat: bytes, status: str) -> bytes:
    """The answer of `POST /v1/predict`: the bare object for the clients, in an envelope for the documents.

    `flat` is its JSON, which stands in there twice.
    """
    said = f',"success":true,"message":"Prediction {status}","data":'
    return b"".join((flat[:-1], said.encode(), flat, b"}"))


def _status(prediction: Prediction, spelling: str) -> _Status:
    return cast(_Status, spelling if prediction.status is Status.CANCELED else str(prediction.status))


def _source(prediction: Prediction, *, sdk: bool) -> _Source:
    word = "web" if sdk and prediction.source == "dashboard" else prediction.source
    word = "api" if word == TRIAL else word
    return cast(_Source, word)


def _failure(prediction: Prediction) -> _Failure:
    """Why it failed, under every name that a client looks for."""
    failure = prediction.failure
    message = None if failure is None else failure.message
    code = None if failure is None else failure.code
    return {"response": message, "error": message, "error_id": code, "error_message": message}


def _output(prediction: Prediction, files: list[File], so_far: TextSoFar) -> messages.Output:
    if prediction.status is Status.PROCESSING:
        return so_far
    if prediction.status is not Status.SUCCEEDED:
        return None
    if form(prediction.result) in {Form.TEXT, Form.TEXTS}:
        return cast(str | list[str], prediction.result)
    if form(prediction.result) is Form.FILES:
        addresses = _addresses(prediction, files)
        return [addresses[each] for each in file_ids(prediction.result) if each in addresses]
    values = [file.url(prediction.origin) for file in files if file.purpose is Purpose.VALUE]
    return values or None


def _result(prediction: Prediction, files: list[File]) -> Any:
    if prediction.status is not Status.SUCCEEDED:
        return None
    return replaced(prediction.result, _addresses(prediction, files).get)


def _addresses(prediction: Prediction, files: list[File]) -> dict[str, str]:
    return {file.id: file.url(prediction.origin) for file in files}


def _timestamp(at: int | None) -> str | None:
    return None if at is None else timestamp(at)


def _webhook(prediction: Prediction, *, public: bool) -> messages.WebhookOfPrediction:
    if public or prediction.webhook is None:
        return {"url": None, "events": []}
    return {"url": prediction.webhook.url, "events": list(prediction.webhook.names)}


def _metrics(prediction: Prediction, files: list[File]) -> dict[str, float]:
    """Numbers only. What the run did not measure itself is worked out from the row."""
    metrics = _times(prediction)
    if files:
        metrics["asset_count"] = len(files)
    images = sum(file.content_type.startswith("image/") for file in files)
    if images:
        metrics["image_count"] = images
    for name, each in prediction.metrics.items():
        # A count is shown as a whole number, as strict decoders expect it.
        if type(each) is float:
            metrics[name] = int(each) if each.is_integer() else each
        elif type(each) is int:
            metrics[name] = each
    if prediction.status is Status.SUCCEEDED:
        metrics["progress"] = 100
    elif prediction.started_at is not None or prediction.progress > 0:
        metrics["progress"] = prediction.progress
    return metrics


def _times(prediction: Prediction) -> dict[str, float]:
    times: dict[str, float] = {}
    created, started, completed = prediction.created_at, prediction.started_at, prediction.completed_at
    if started is not None:
        times["queue_time"] = (started - created) / SECONDS
    if completed is not None:
        times["total_time"] = (completed - created) / SECONDS
    if started is not None and completed is not None:
        times["predict_time"] = (completed - started) / SECONDS
    return times


def _metadata(prediction: Prediction, files: list[File]) -> messages.PredictionMetadata:
    said = dict(prediction.metadata)
    if prediction.phase is not None and not prediction.status.is_terminal:
        said["phase"] = prediction.phase.value
    if prediction.steps is not None:
        said.setdefault("progress", prediction.steps.told())
    expires_at = _data_expires_at(prediction)
    if expires_at is not None:
        said["data_expires_at"] = timestamp(expires_at)
    if prediction.status.is_terminal:
        said["phases"] = _phases(prediction)
    known: messages.PredictionMetadata = {
        "billing": {"credits_used": prediction.cost_nanocredits / 1_000_000_000},
        "storage": {
            "files": [storage_entry(each, prediction.origin) for each in files if each.removed_at is None]
        },
        "data_available": prediction.data_removed_at is None,
    }
    return cast(messages.PredictionMetadata, said | known)


def _phases(prediction: Prediction) -> dict[str, float]:
    """How long it was at what: what it waited for is written down, the rest is worked out from the row."""
    found = {"queued_seconds": _between(prediction.created_at, prediction.held_at or prediction.completed_at)}
    found |= prediction.metadata.get("phases", {})
    if prediction.started_at is not None:
        ran = _between(prediction.started_at, prediction.completed_at)
        found["running_seconds"] = round(prediction.metrics.get("predict_time", ran), 3)
    return found


def _between(start_at: int, end_at: int | None) -> float:
    """Seconds to three places, without the decimal that `round` would write for it."""
    return (max(0, (end_at or start_at) - start_at) + 500) // 1_000 / 1_000


def _data_expires_at(prediction: Prediction) -> int | None:
    """When its output goes; None where it is kept, is gone, or is still to come."""
    if (
        prediction.retention is None
        or prediction.completed_at is None
        or prediction.data_removed_at is not None
    ):
        return None
    seconds = prediction.retention.keep_outputs_seconds
    return prediction.completed_at + seconds * SECONDS if seconds else None


def _urls(prediction: Prediction) -> messages.PredictionUrls:
    own = f"{prediction.origin}/v1/predictions/{prediction.id}"
    return {"get": own, "cancel": f"{own}/cancel", "stream": f"{own}/stream", "delete": f"{own}/delete"}
