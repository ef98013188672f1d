"""The one shape of everything that goes on as long as the server does."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

BACKOFF_SECONDS = (1, 2, 5, 10, 30, 60)
"""How long to wait after the first, second, … failure in a row."""

Step = Callable[[], Awaitable[float]]
"""Does one thing that may as well be done twice, and says how many seconds to wait before the next."""

_log = logging.getLogger(__name__)


async def forever(step: Step, *, wait: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
    """Takes one step after another until it is canceled. A step that fails is logged and taken again, later.

    `wait(seconds)` may return early when there is news.
    """
    failures = 0
    while True:
        try:
            seconds = await step()
            failures = 0
        except Exception:  # noqa: BLE001 a loop that ended in silence would be worse than any error
            _log.exception(
                "A step of %s failed; it will be taken again.", getattr(step, "__qualname__", step)
            )
            await asyncio.sleep(_backoff_seconds(failures))
            failures += 1
            continue
        await wait(seconds)


def _backoff_seconds(failures: int) -> float:
    return BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)] * random.uniform(0.8, 1.2)
