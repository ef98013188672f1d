"""What went wrong lately: predictions that failed and deliveries that were given up, each in groups."""

import time
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.api.skytells.listing import number
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code
from foretell.prediction import Prediction, Status
from foretell.store import Inbox, Store
from foretell.webhook import Delivery, DeliveryState

DAYS = 7
DAYS_MAX = 90
LOOKED_THROUGH_MAX = 500
"""How many failed predictions, and how many deliveries, are looked through: the newest."""
IDS_MAX = 10

_Each = TypeVar("_Each")


@operation(
    "List what went wrong",
    tag="Operator",
    description="Predictions that failed, by model and code, and deliveries that were given up, by receiver and "
    f"reason; of the last {DAYS} days. The newest {LOOKED_THROUGH_MAX} of each are looked through.",
    query=messages.TroublesQuery,
    answer=messages.Troubles,
    errors=(Code.INVALID_PARAMETER,),
)
async def index(request: Request) -> Response:
    days = number(request.query_params, "days", default=DAYS, most=DAYS_MAX)
    return answer(await troubles(services(request).store, days=days))


async def troubles(store: Store, *, days: int = DAYS) -> messages.Troubles:
    """What went wrong in so many days before now."""
    since = time.time_ns() // 1_000 - days * 86_400 * 1_000_000
    failed, failed_count = await store.list_predictions(
        account_id=None, status=Status.FAILED, since=since, limit=LOOKED_THROUGH_MAX
    )
    dead = Inbox(account_id=None, state=DeliveryState.DEAD, since=since)
    given_up, given_up_count = await store.delivery_page(dead, offset=0, limit=LOOKED_THROUGH_MAX)
    return {
        "since": timestamp(since),
        "failed": [_failed(each) for each in _groups(failed, lambda each: (each.model, _code(each)))],
        "given_up": [
            _given_up(each) for each in _groups(given_up, lambda each: (_receiver(each), each.reason))
        ],
        "is_whole": max(failed_count, given_up_count) <= LOOKED_THROUGH_MAX,
    }


def _groups(found: Iterable[_Each], key: Callable[[_Each], Hashable]) -> list[list[_Each]]:
    """In the order of their first members."""
    groups: dict[Hashable, list[_Each]] = {}
    for each in found:
        groups.setdefault(key(each), []).append(each)
    return list(groups.values())


def _failed(group: list[Prediction]) -> messages.FailedGroup:
    newest = group[0]
    return {
        "model": newest.model,
        "code": _code(newest),
        "count": len(group),
        "message": "" if newest.failure is None else newest.failure.message,
        "first_at": timestamp(group[-1].created_at),
        "last_at": timestamp(newest.created_at),
        "predictions": [each.id for each in group[:IDS_MAX]],
    }


def _given_up(group: list[Delivery]) -> messages.GivenUpGroup:
    return {
        "receiver": _receiver(group[0]),
        "reason": group[0].reason or "",
        "count": len(group),
        "last_at": timestamp(group[0].created_at),
        "deliveries": [each.id for each in group[:IDS_MAX]],
    }


def _code(prediction: Prediction) -> str:
    return "" if prediction.failure is None else prediction.failure.code


def _receiver(delivery: Delivery) -> str:
    # The rest of an address may hold what only its owner is to know.
    parts = urlsplit(delivery.url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
