"""Everything that an account's webhooks were told, and telling it again."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.api.skytells.deliveries import reach, rendered, sent_again
from foretell.api.skytells.listing import PAGE_MAX, PER_PAGE, PER_PAGE_MAX, number, pagination
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.store import Inbox
from foretell.webhook import Delivery, DeliveryState, WebhookEvent

REDELIVERED_AT_ONCE_MAX = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATH = {"id": "The delivery's id, which receivers find in `webhook-id`."}
_wish = msgspec.json.Decoder(messages.RedeliveryWish)
_Word = TypeVar("_Word", bound=StrEnum)


@operation(
    "List deliveries",
    tag="Webhooks",
    description="What the account's webhooks were and will be told, newest first, in pages. Operators whose keys may "
    "manage see every account's.",
    query=messages.DeliveriesQuery,
    answer=messages.DeliveryPage,
    errors=(Code.INVALID_PARAMETER, Code.INVALID_COMBINATION),
)
async def index(request: Request) -> Response:
    """A page of deliveries, with their attempts."""
    wanted, page, per_page = _wanted(request)
    found, total = await services(request).store.delivery_page(
        wanted, offset=(page - 1) * per_page, limit=per_page
    )
    body: messages.DeliveryPage = {
        "data": await rendered(request, found),
        "pagination": pagination(page, per_page, total),
    }
    return answer(body)


@operation(
    "Get a delivery",
    tag="Webhooks",
    description="With what it says, byte for byte, and every attempt.",
    path=_PATH,
    answer=messages.WholeDelivery,
    errors=(Code.NOT_FOUND,),
)
async def get(request: Request) -> Response:
    """One delivery with its body. Raises Error(NOT_FOUND)."""
    return answer(await _whole(request, await _existing(request)))


@operation(
    "Send a delivery again",
    tag="Webhooks",
    description="At once, with the same bytes and `X-Skytells-Signature` under the same `webhook-id`, whether it was "
    "delivered, given up or kept, or waits for its next attempt; also to a paused endpoint. One that is under way is "
    "left alone.",
    path=_PATH,
    answer=messages.WholeDelivery,
    errors=(Code.NOT_FOUND, Code.GONE),
)
async def redeliver(request: Request) -> Response:
    """The delivery, which is due now. Raises Error(GONE) when what it said was erased."""
    found = await sent_again(request, await _existing(request))
    return answer(await _whole(request, found))


@operation(
    "Send failed deliveries again",
    tag="Webhooks",
    description=f"Those that were given up or are kept for a paused endpoint, the oldest first, "
    f"{REDELIVERED_AT_ONCE_MAX:,} at once. What was erased with its prediction's data is left out.",
    body=messages.RedeliveryWish,
    examples={
        "Everything": {},
        "Of one receiver, since noon": {
            "url": "https://shop.example/hooks/",
            "since": "2026-01-31T12:00:00Z",
        },
    },
    answer=messages.Redelivered,
    errors=(Code.INVALID_PARAMETER,),
)
async def redeliver_failed(request: Request) -> Response:
    """How many are due now, and how many are left."""
    wish = await body_of(request, _wish)
    wanted = Inbox(
        account_id=reach(request),
        prediction_id=_storable(wish.prediction),
        url=_storable(wish.url),
        since=_instant(wish.since),
    )
    made, left = await services(request).store.redeliver(wanted, limit=REDELIVERED_AT_ONCE_MAX)
    body: messages.Redelivered = {"redelivered": made, "left": left}
    return answer(body)


async def _existing(request: Request) -> Delivery:
    """The path's delivery. Raises Error(NOT_FOUND), also for another account's."""
    wanted = request.path_params["id"]
    found = await services(request).store.delivery(wanted) if wanted.isprintable() else None
    if found is None or reach(request) not in {None, found.account_id}:
        raise Error(Code.NOT_FOUND, "There is no such delivery.")
    return found


async def _whole(request: Request, delivery: Delivery) -> messages.WholeDelivery:
    (shown,) = await rendered(request, [delivery])
    body = None if delivery.body is None else delivery.body.decode()
    return {**shown, "body": body, "signature": delivery.signature}


def _wanted(request: Request) -> tuple[Inbox, int, int]:
    """What is asked for, which page, and how long it is. Raises Error with the id that says what is wrong."""
    query = request.query_params
    for name in query:
        if len(query.getlist(name)) > 1:
            raise Error(Code.INVALID_COMBINATION, f"'{name}' is given more than once.")
    wanted = Inbox(
        account_id=reach(request),
        state=_word(query, "state", DeliveryState),
        event=_word(query, "event", WebhookEvent),
        prediction_id=_storable(query.get("prediction")),
        url=_storable(query.get("url")),
        since=_instant(query.get("since")),
    )
    page = number(query, "page", default=1, most=PAGE_MAX)
    return wanted, page, number(query, "per_page", default=PER_PAGE, most=PER_PAGE_MAX)


def _word(query: QueryParams, name: str, kind: type[_Word]) -> _Word | None:
    word = query.get(name)
    if not word:
        return None
    try:
        return kind(word)
    except ValueError as error:
        raise Error(Code.INVALID_PARAMETER, f"'{name}' must be one of {', '.join(kind)}.") from error


def _storable(text: str | None) -> str | None:
    """What is looked for: no delivery has a NUL or half a character, and Postgres cannot be asked for one."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode() if text else None


def _instant(text: str | None) -> int | None:
    """The instant that a date or a time names. Raises Error(INVALID_PARAMETER)."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        message = "'since' must be a date or an instant such as 2026-01-31T12:00:00Z."
        raise Error(Code.INVALID_PARAMETER, message) from error
