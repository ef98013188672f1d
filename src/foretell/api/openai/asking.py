"""Asking: a prediction whose caller waits for its answer, or hears it come.

Nobody can fetch the answer later, so a prediction whose caller goes, or cannot be answered any more, is canceled;
unless the request has an idempotency key, under which the caller can ask for the same answer again.
"""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from foretell.api.creating import awaited, create
from foretell.api.ear import Ear
from foretell.api.idempotency import claim_of, is_repeatable, is_replayed
from foretell.api.openai.following import Following
from foretell.api.requests import caller, edge, has_left, request_id, services
from foretell.api.wish import Wish
from foretell.errors import Code, Error
from foretell.event import Event
from foretell.prediction import Prediction, Status

HEARD_SECONDS = 1.0
"""How often it is looked at whether somebody still listens."""
RETRY_AFTER_SECONDS = 5
"""When to come back to a server that is stopping."""

REFUSALS = (
    Code.MODEL_NOT_FOUND,
    Code.INVALID_PARAMETER,
    Code.INPUT_TOO_LONG,
    Code.INFERENCE_FAILED,
    Code.INFERENCE_TIMEOUT,
    Code.UNAVAILABLE,
)
"""What every request that waits for an answer may be refused with."""

_FAILURES = {
    "bad_input": Code.INVALID_PARAMETER,
    "input_too_long": Code.INPUT_TOO_LONG,
    "timeout": Code.INFERENCE_TIMEOUT,
    "expired": Code.INFERENCE_TIMEOUT,
    "unsafe_output": Code.CONTENT_POLICY,
}
_log = logging.getLogger("foretell.predictions")


async def finished(request: Request, wish: Wish) -> Prediction:
    """The prediction, succeeded. Nothing is sent to the caller before, who holds a seat.

    Raises Error(INFERENCE_FAILED) with the model's own sentence, Error(INFERENCE_TIMEOUT), Error(UNAVAILABLE)
    when the server stops, ClientDisconnect when the caller has gone, and what creating raises.
    """
    [prediction] = await all_finished(request, [wish])
    return prediction


async def all_finished(request: Request, wishes: Sequence[Wish]) -> list[Prediction]:
    """The same for several that make one answer, in their order: the failure of one ends them all."""
    until = _deadline(request)
    async with asked(request, wishes, awaited=len(wishes) == 1) as created:
        found = []
        for each in created:
            ended = await awaited(request, each, max(until - time.monotonic(), 0))
            if not ended.status.is_terminal:
                raise _unanswered(request)
            found.append(succeeded(ended))
        return found


async def heard(request: Request, wish: Wish) -> AsyncGenerator[Event | Prediction]:
    """What the model says (outputs, deltas, previews), in order and each once; last the succeeded prediction.

    Raises what `finished` raises, also in the middle; and Error(INFERENCE_FAILED) when the attempt is lost
    after its first words, since what was heard cannot be unsaid.
    """
    async with asked(request, [wish]) as [prediction], aclosing(said_of(request, prediction)) as said:
        async for each in said:
            yield succeeded(each) if isinstance(each, Prediction) else each


async def said_of(request: Request, prediction: Prediction) -> AsyncGenerator[Event | Prediction]:
    """The same for a prediction that is there already, from its beginning; last the prediction however it ended.

    Raises what `heard` raises for those who listen. The prediction goes on without them.
    """
    until = _deadline(request)
    store = services(request).store
    with Ear(store, prediction.id) as ear:
        following, heard_seconds = Following(store, prediction), time.monotonic()
        while following.ended is None:
            for event in await _next(ear, following):
                yield event
            if following.ended is None and time.monotonic() - heard_seconds >= HEARD_SECONDS:
                heard_seconds = time.monotonic()
                await _check_is_heard(request, until)
        yield following.ended


def succeeded(prediction: Prediction) -> Prediction:
    """The ended prediction if it succeeded. Raises the Error that it is to its caller otherwise."""
    if prediction.status is Status.SUCCEEDED:
        return prediction
    failure = prediction.failure
    if failure is None:
        raise Error(Code.INFERENCE_FAILED, "The prediction was canceled before it had its answer.")
    code = _FAILURES.get(failure.code, Code.INFERENCE_FAILED)
    raise Error(code, failure.message, details=(failure.message,) if code is Code.INVALID_PARAMETER else ())


@asynccontextmanager
async def asked(
    request: Request, wishes: Sequence[Wish], *, awaited: bool = False
) -> AsyncIterator[list[Prediction]]:
    """The created predictions, canceled if the block ends by an error: nobody would get their answer.

    If their end is `awaited`, they may have ended.
    """
    with edge(request).seats.one():
        created = await _created(request, wishes, awaited=awaited)
        try:
            yield created
        except BaseException as error:
            if not _may_ask_again(request, error):
                await _cancel(request, created, error)
            raise


async def _created(request: Request, wishes: Sequence[Wish], *, awaited: bool) -> list[Prediction]:
    """All of them, or none: what came to be before one was refused is taken back."""
    created: list[Prediction] = []
    try:
        for wish in wishes:
            created.append(await create(request, wish, awaited=awaited))
            _check_is_kept(created[-1])
    except BaseException as error:
        if not _may_ask_again(request, error):
            mine = [each for each in created if not is_replayed(request, each.id)]
            await _cancel(request, mine, error)
            await _unbind(request, mine, wishes)
        raise
    return created


def _check_is_kept(prediction: Prediction) -> None:
    if prediction.data_removed_at is not None:
        message = f"The answer under this Idempotency-Key, prediction '{prediction.id}', is no longer kept."
        raise Error(Code.GONE, message)


def _may_ask_again(request: Request, error: BaseException) -> bool:
    """Whether the caller has gone, or is sent away, who can come back for the same answer."""
    is_refused = isinstance(error, Error) and not services(request).stopping.is_set()
    return is_repeatable(request) and not is_refused


async def _unbind(request: Request, created: Sequence[Prediction], wishes: Sequence[Wish]) -> None:
    """Leaves nothing of a request that was refused under its idempotency key."""
    found = (claim_of(request, caller(request).account.id, each.position) for each in wishes)
    claims = [each for each in found if each is not None]
    if created and claims:
        await services(request).store.unbind([each.id for each in created], claims)


async def _cancel(request: Request, created: Sequence[Prediction], cause: BaseException) -> None:
    canceled_by = cause.code.value if isinstance(cause, Error) else "caller_left"
    for each in created:
        try:
            ended = await services(request).store.cancel(each.id, account_id=None, canceled_by=canceled_by)
        except Error as error:
            _log.warning("could not cancel %s, whose caller is not answered: %s", each.id, error.message)
            continue
        if ended is not None and ended.metadata.get("canceled_by") == canceled_by:
            found = {"prediction_id": each.id, "model": each.model, "request_id": request_id(request)}
            _log.info("canceled %s of %s: %s", each.id, each.model, canceled_by, extra=found)


async def _next(ear: Ear, following: Following) -> list[Event]:
    """What the next thing heard, or a look at the table, adds; nothing is possible."""
    if not following.is_behind:
        await ear.wait(HEARD_SECONDS)
    row, events = ear.row(), following.hear(ear.take())
    if row is not None or ear.must_look or following.is_behind:
        ear.must_look = False
        events += await following.look(row)
    return events


async def _check_is_heard(request: Request, until: float) -> None:
    if services(request).stopping.is_set() or time.monotonic() >= until:
        raise _unanswered(request)
    if await has_left(request):
        raise ClientDisconnect


def _unanswered(request: Request) -> Error:
    """Why the end was not waited for."""
    if services(request).stopping.is_set():
        message = "The server is stopping, and the answer was not ready. Ask again."
        return Error(Code.UNAVAILABLE, message, retry_after_seconds=RETRY_AFTER_SECONDS)
    seconds = services(request).config.inference_seconds_max
    return Error(Code.INFERENCE_TIMEOUT, f"There was no answer within {seconds:g} seconds.")


def _deadline(request: Request) -> float:
    return time.monotonic() + services(request).config.inference_seconds_max
