"""One prediction: get it, cancel it, delete it."""

import logging

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import accepts_stream, caller, caller_or_none, is_asked, request_id, services
from foretell.api.skytells.rendering import is_owner, rendered
from foretell.api.skytells.streams import EVENTS, stream
from foretell.api.skytells.waiting import add_waiting
from foretell.audit import Action
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.prediction import Prediction, Status

_log = logging.getLogger("foretell.predictions")


@operation(
    "Get a prediction",
    tag="Predictions",
    description="A public prediction is answered without a key. While it waits, `metadata.phase` says for what, and "
    "`metadata.queue` for about how long; while it runs, `metrics.progress` says how far it is.",
    query=messages.PredictionQuery,
    headers=messages.StreamHeaders,
    answer=messages.Prediction,
    stream=EVENTS,
    errors=(Code.PREDICTION_NOT_FOUND, Code.INVALID_PARAMETER, Code.OVERLOADED),
)
async def get(request: Request) -> Response:
    """The prediction, or with `?stream=true` what follows it."""
    prediction = await readable(request)
    if _asks_for_stream(request):
        return stream(request, prediction)
    return answer(await _with_outlook(request, prediction))


@operation(
    "Follow a prediction",
    tag="Predictions",
    description="Its events with `Accept: text/event-stream` or `?stream=true`, from the first one on or behind "
    "the one that `Last-Event-ID` names; else the prediction. A comment comes every 15 seconds in which nothing "
    "else does.",
    query=messages.PredictionQuery,
    headers=messages.StreamHeaders,
    answer=messages.Prediction,
    stream=EVENTS,
    errors=(Code.PREDICTION_NOT_FOUND, Code.INVALID_PARAMETER, Code.OVERLOADED),
)
async def get_stream(request: Request) -> Response:
    """What follows the prediction for callers who accept events; the prediction for all others."""
    prediction = await readable(request)
    if _asks_for_stream(request) or (accepts_stream(request) and request.method == "GET"):
        return stream(request, prediction)
    return answer(await _with_outlook(request, prediction))


@operation(
    "Cancel a prediction",
    tag="Predictions",
    description="The run is stopped, by force if need be. Canceling twice is fine; what has ended otherwise "
    "cannot be canceled.",
    answer=messages.EndedPrediction,
    errors=(Code.PREDICTION_NOT_FOUND, Code.FINISHED),
)
async def cancel(request: Request) -> Response:
    """The canceled prediction. Canceling twice is fine; canceling what has ended otherwise is refused."""
    scope = caller(request).scope
    prediction = await services(request).store.cancel(request.path_params["id"], account_id=scope)
    if prediction is None:
        raise _missing(request)
    if prediction.status is not Status.CANCELED:
        message = f"The prediction has already {prediction.status.value} and cannot be canceled."
        raise Error(Code.FINISHED, message)
    found = {"prediction_id": prediction.id, "model": prediction.model, "request_id": request_id(request)}
    _log.info("canceled %s of %s", prediction.id, prediction.model, extra=found | {"status": "canceled"})
    return answer(_ended(await rendered(request, prediction)))


@operation(
    "Delete a prediction",
    tag="Predictions",
    description="Its input, output, logs and files go with it. A live one is canceled first.",
    answer=messages.EndedPrediction,
    errors=(Code.PREDICTION_NOT_FOUND,),
)
async def delete(request: Request) -> Response:
    """The last state of the prediction, which is gone with its files; a live one is canceled first."""
    store = services(request).store
    prediction_id = request.path_params["id"]
    before = await store.get(prediction_id)
    if before is None or not is_owner(request, before):
        raise _missing(request)
    files = await store.files_of(prediction_id)
    doing = store.by(deed(request, Action.PREDICTION_DELETED, prediction_id))
    after = await doing.delete(prediction_id, account_id=before.account_id)
    if after is None:
        raise _missing(request)
    last = before if before.status is after.status else after
    return answer(_ended(await rendered(request, last, files=files)))


async def readable(request: Request) -> Prediction:
    """The prediction of the path. Raises Error(PREDICTION_NOT_FOUND | UNAUTHORIZED) for strangers."""
    prediction = await services(request).store.get(request.path_params["id"])
    if prediction is not None and (prediction.privacy == "public" or is_owner(request, prediction)):
        return prediction
    if caller_or_none(request) is None:
        raise Error(Code.UNAUTHORIZED, "An API key is required, unless the prediction is public.")
    raise _missing(request)


def _ended(last: messages.Prediction) -> messages.EndedPrediction:
    return {**last, "success": True}


async def _with_outlook(request: Request, prediction: Prediction) -> messages.Prediction:
    body = await rendered(request, prediction)
    if prediction.status is Status.STARTING:
        outlook = await services(request).store.outlook(prediction)
        add_waiting(body, prediction, outlook)
    return body


def _asks_for_stream(request: Request) -> bool:
    return request.method == "GET" and is_asked(request, "stream")


def _missing(request: Request) -> Error:
    prediction_id = request.path_params["id"]
    shown = prediction_id if len(prediction_id) <= 100 else f"{prediction_id[:99]}…"
    return Error(Code.PREDICTION_NOT_FOUND, f"There is no prediction '{shown}'.")
