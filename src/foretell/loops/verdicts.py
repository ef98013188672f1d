"""What the answer to a delivery means: delivered, given up, or to be tried again, and when."""

import random
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

from foretell.webhook import Delivery, DeliveryState, retry_seconds

GONE = 410
JITTER = 0.2
RETRY_AFTER_SECONDS_MAX = 86_400
SECOND = 1_000_000
"""One second in instants."""


def verdict(
    delivery: Delivery,
    status: int | None,
    *,
    now: int,
    retry_after: str = "",
    chance: Callable[[], float] = random.random,
) -> tuple[DeliveryState, float | None]:
    """Where a delivery stands after one more try, and in how many seconds the next one is due.

    `status` None means that no answer came; `retry_after` is the receiver's header of that name.
    """
    if status is not None and 200 <= status < 300:
        return DeliveryState.DELIVERED, None
    planned = retry_seconds(delivery.event, delivery.attempts + 1)
    if status == GONE or planned is None:
        return DeliveryState.DEAD, None
    jittered = planned * (1 + JITTER * (2 * chance() - 1))
    wished = _wished_seconds(retry_after, now=now)
    return DeliveryState.PENDING, max(jittered, wished)


def reason(delivery: Delivery, status: int | None) -> str:
    """Why a delivery is dead after one more try."""
    if status == GONE:
        return f"The receiver answered {GONE}: nobody is there to be told any more."
    tries = delivery.attempts + 1
    return f"Given up after {tries} attempt{'s' if tries > 1 else ''}."


def _wished_seconds(retry_after: str, *, now: int) -> float:
    """How long a receiver wishes to be left alone: a number of seconds or a date; at most a day."""
    if retry_after.strip().isdecimal():
        seconds = float(retry_after)
    else:
        try:
            at = parsedate_to_datetime(retry_after)
        except ValueError:
            return 0
        seconds = at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now / SECOND
    return min(max(seconds, 0), RETRY_AFTER_SECONDS_MAX)
