"""What was told of a prediction, to whom and how that went; and telling it again."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.api.skytells.rendering import is_owner
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error
from foretell.store import DeliveryAttempt
from foretell.webhook import Delivery, DeliveryState

_PATH = {"delivery": "The delivery's id, which receivers find in `webhook-id`."}


@operation(
    "List the deliveries of a prediction",
    tag="Predictions",
    description="What its webhook was or will be told, in the order it happened, with every attempt.",
    answer=messages.DeliveryList,
    errors=(Code.PREDICTION_NOT_FOUND,),
)
async def index(request: Request) -> Response:
    """Error(PREDICTION_NOT_FOUND) for whoever is not the owner, also of a public prediction."""
    prediction_id = await _own(request)
    found = await services(request).store.deliveries(prediction_id)
    body: messages.DeliveryList = {"data": [await _rendered(request, each) for each in found]}
    return answer(body)


@operation(
    "Send a delivery again",
    tag="Predictions",
    description="At once, with the same bytes, whether it was delivered, given up, or waits for its next attempt. "
    "One that is under way is left alone.",
    path=_PATH,
    answer=messages.DeliveryMessage,
    errors=(Code.PREDICTION_NOT_FOUND, Code.NOT_FOUND),
)
async def resend(request: Request) -> Response:
    """Error(NOT_FOUND) when the prediction owes no such delivery."""
    prediction_id = await _own(request)
    found = await services(request).store.resend(request.path_params["delivery"], prediction_id)
    if found is None:
        raise Error(Code.NOT_FOUND, "The prediction has no such delivery.")
    return answer(await _rendered(request, found))


async def _own(request: Request) -> str:
    """The id of the path, if it is a prediction of the caller's."""
    prediction = await services(request).store.get(request.path_params["id"])
    if prediction is None or not is_owner(request, prediction):
        raise Error(Code.PREDICTION_NOT_FOUND, "There is no such prediction.")
    return prediction.id


async def _rendered(request: Request, delivery: Delivery) -> messages.DeliveryMessage:
    attempts = await services(request).store.delivery_attempts(delivery.id)
    is_pending = delivery.state is DeliveryState.PENDING
    return {
        "id": delivery.id,
        "event": delivery.event.value,
        "url": delivery.url,
        "state": delivery.state.value,
        "created_at": timestamp(delivery.created_at),
        "next_at": timestamp(delivery.next_at) if is_pending else None,
        "attempts": [_attempt(each) for each in attempts],
    }


def _attempt(attempt: DeliveryAttempt) -> messages.DeliveryAttemptMessage:
    return {
        "at": timestamp(attempt.at),
        "status": attempt.status,
        "error": attempt.error,
        "seconds": attempt.seconds,
    }
