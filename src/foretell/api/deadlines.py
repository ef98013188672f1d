"""Deadlines: how long a caller gives a prediction to end, and to begin."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request

from foretell.api.requests import request_id, services
from foretell.duration import seconds_of
from foretell.errors import Code, Error
from foretell.prediction import Prediction

SECONDS_MIN = 0.1
SECONDS_MAX = 365 * 86_400
CALLER_LEFT = "caller_left"

_log = logging.getLogger("foretell.predictions")
_leaving: set[asyncio.Task[None]] = set()
"""Cancels under way for callers who left: a task that nobody refers to may vanish."""


def duration_problem(name: str, value: Any) -> str | None:
    """What is wrong with a body's duration, with its name; None: nothing."""
    try:
        seconds = duration(value)
    except ValueError as error:
        return f"{name}: {error}"
    if seconds is not None and not SECONDS_MIN <= seconds <= SECONDS_MAX:
        return f"{name}: must be from {SECONDS_MIN:g} to {SECONDS_MAX:,} seconds"
    return None


def duration(value: Any) -> float | None:
    """The seconds that a number or a word such as `5m` says. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, str):
        return seconds_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number of seconds, or a time such as 90s, 5m or 1h30m")
    return float(value)


def cancel_after_seconds(request: Request, wished: float | None) -> float | None:
    """After how long what is created is canceled: as the body says or `Cancel-After`, whichever is sooner."""
    header = request.headers.get("cancel-after")
    if header is None:
        return wished
    problem = duration_problem("Cancel-After", header)
    if problem is not None:
        raise Error(Code.INVALID_PARAMETER, f"The header is not valid: {problem}.", details=(problem,))
    return _sooner(duration(header), wished)


def queue_seconds(request: Request, wished: float | None) -> float | None:
    """How long what is created may wait for its run to begin; None: for ever."""
    usual = services(request).config.queue_seconds_max or None
    return usual if wished is None else _sooner(usual, wished)


def cancel_for_leaver(request: Request, prediction: Prediction) -> None:
    """Cancels what nobody waits for any more. Nobody waits for that either, and a server that stops does not."""
    if services(request).stopping.is_set():
        return
    task = asyncio.create_task(_canceled(request, prediction))
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)


async def heard_out(pieces: AsyncIterator[bytes], left: Callable[[], None]) -> AsyncIterator[bytes]:
    """The same pieces; `left` is called when the caller does not stay to their end."""
    is_over = False
    try:
        async for piece in pieces:
            yield piece
        is_over = True
    finally:
        if not is_over:
            left()


async def _canceled(request: Request, prediction: Prediction) -> None:
    found = {"prediction_id": prediction.id, "model": prediction.model, "request_id": request_id(request)}
    try:
        await services(request).store.cancel(prediction.id, account_id=None, canceled_by=CALLER_LEFT)
    except Error as error:
        _log.warning("could not cancel %s, whose caller left: %s", prediction.id, error.message)
        return
    _log.info("canceled %s of %s: %s", prediction.id, prediction.model, CALLER_LEFT, extra=found)


def _sooner(*seconds: float | None) -> float | None:
    return min((each for each in seconds if each is not None), default=None)
