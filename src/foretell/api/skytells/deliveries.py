"""What was told of a prediction, to whom and how that went; and telling it again."""

from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Role, Scope
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import caller, services
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
    body: messages.DeliveryList = {"data": await rendered(request, found)}
    return answer(body)


@operation(
    "Send a delivery of a prediction again",
    tag="Predictions",
    description="At once, with the same bytes, whether it was delivered, given up, or waits for its next attempt. "
    "One that is under way is left alone.",
    path=_PATH,
    answer=messages.DeliveryMessage,
    errors=(Code.PREDICTION_NOT_FOUND, Code.NOT_FOUND, Code.GONE),
)
async def resend(request: Request) -> Response:
    """Error(NOT_FOUND) when the prediction owes no such delivery."""
    prediction_id = await _own(request)
    found = await services(request).store.delivery(request.path_params["delivery"])
    if found is None or found.prediction_id != prediction_id:
        raise Error(Code.NOT_FOUND, "The prediction has no such delivery.")
    (shown,) = await rendered(request, [await sent_again(request, found)])
    return answer(shown)


def reach(request: Request) -> str | None:
    """The account whose webhooks the caller may see; None: everybody's, for operators whose key may manage."""
    who = caller(request)
    if who.key is not None and who.account.role is Role.OPERATOR and Scope.MANAGE in who.scopes:
        return None
    return who.scope


async def sent_again(request: Request, delivery: Delivery) -> Delivery:
    """The delivery, which is due now. Raises Error(GONE) when what it said was erased."""
    if delivery.is_erased:
        raise Error(Code.GONE, "What this delivery said was erased with the data of its prediction.")
    return await services(request).store.resend(delivery.id, delivery.prediction_id) or delivery


async def rendered(request: Request, deliveries: Sequence[Delivery]) -> list[messages.DeliveryMessage]:
    """Deliveries with their attempts."""
    attempts = await services(request).store.attempts_of(deliveries)
    names = await names_of(request, (each.account_id for each in deliveries))
    return [_message(each, attempts[each.id], names[each.account_id]) for each in deliveries]


async def names_of(request: Request, account_ids: Iterable[str]) -> dict[str, str]:
    """The names of accounts by their ids."""
    store = services(request).store
    found = {each: await store.account(each) for each in set(account_ids)}
    return {each: "" if account is None else account.name for each, account in found.items()}


def _message(
    delivery: Delivery, attempts: Sequence[DeliveryAttempt], account: str
) -> messages.DeliveryMessage:
    is_pending = delivery.state is DeliveryState.PENDING
    return {
        "id": delivery.id,
        "prediction_id": delivery.prediction_id,
        "account": account,
        "event": delivery.event.value,
        "url": delivery.url,
        "state": delivery.state.value,
        "reason": delivery.reason,
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
        "answer": attempt.answer,
    }


async def _own(request: Request) -> str:
    """The id of the path, if it is a prediction of the caller's."""
    prediction = await services(request).store.get(request.path_params["id"])
    if prediction is None or not is_owner(request, prediction):
        raise Error(Code.PREDICTION_NOT_FOUND, "There is no such prediction.")
    return prediction.id
