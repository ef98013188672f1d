"""What a create answers: at once, at the prediction's end, or as a stream of its events."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from foretell.api.answers import JSON, answer, encoded_answer
from foretell.api.creating import awaited, create, find_model
from foretell.api.deadlines import cancel_for_leaver, heard_out
from foretell.api.heads import heads_of, of_head
from foretell.api.idempotency import is_replayed
from foretell.api.requests import accepts_stream, edge, preferred_wait_seconds, services
from foretell.api.seats import HeldStream
from foretell.api.skytells.bodies import Asked
from foretell.api.skytells.previewing import previewed
from foretell.api.skytells.rendering import shown
from foretell.api.skytells.spaces import spaced
from foretell.api.skytells.streams import seated_stream
from foretell.api.skytells.wishes import read_body
from foretell.errors import Code, Error
from foretell.prediction import Prediction

PATIENCE_SECONDS = 0.8
"""How long a caller whose timeout counts from the last byte is left without one."""


async def predicted(request: Request, *, is_enveloped: bool) -> Response:
    """Creates what the request asks for, and answers when it wants to be answered."""
    asked = await read_body(request)
    if asked.is_dry:
        return answer(await previewed(request, asked.wish))
    await _check_combination(request, asked)
    streams = asked.wish.stream and accepts_stream(request)
    seconds = _seconds_to_wait(request, asked)
    with ExitStack() as held:
        if streams or seconds > 0:
            held.enter_context(edge(request).seats.one())
        prediction = await create(request, asked.wish, awaited=streams or seconds > 0)
        left = partial(cancel_for_leaver, request, prediction) if asked.ends_with_caller else None
        if streams:
            made = not is_replayed(request, prediction.id)
            return seated_stream(request, prediction, held.pop_all(), left, made=made)
        try:
            if of_head(request.scope, _counts_from_last_byte) and seconds > PATIENCE_SECONDS:
                return await _patiently(
                    request, prediction, seconds, is_enveloped=is_enveloped, held=held, left=left
                )
            prediction = await awaited(request, prediction, seconds)
        except ClientDisconnect:
            if left is not None:
                left()
            raise
    return encoded_answer(await shown(request, prediction, is_enveloped=is_enveloped))


async def _check_combination(request: Request, asked: Asked) -> None:
    if not (asked.wish.stream and asked.awaits):
        return
    known = await find_model(request, asked.wish.model)
    if not known.version.streaming:
        message = f"'stream' with 'await' needs a model that streams, and '{known.name}' does not."
        raise Error(Code.INVALID_COMBINATION, message)


def _seconds_to_wait(request: Request, asked: Asked) -> float:
    config = services(request).config
    preferred = preferred_wait_seconds(request)
    if preferred is not None and asked.awaits is not False:
        return min(preferred, config.await_seconds_max)
    if asked.awaits is None:
        return min(config.default_await_seconds, config.await_seconds_max)
    return config.await_seconds_max if asked.awaits else 0.0


def _counts_from_last_byte(scope: Scope) -> bool:
    """Python's urllib gives up a time after the last byte: a space now and then keeps it waiting.

    Others count from the start or read the spaces as an answer, so only this one gets them.
    """
    return str(heads_of(scope).get("user-agent", "")).startswith("Python-urllib/")


async def _patiently(
    request: Request,
    prediction: Prediction,
    seconds: float,
    *,
    is_enveloped: bool,
    held: ExitStack,
    left: Callable[[], None] | None,
) -> Response:
    """The usual answer if it comes soon; else one whose body begins with spaces, which JSON allows."""
    prediction = await awaited(request, prediction, PATIENCE_SECONDS)
    if prediction.status.is_terminal:
        return encoded_answer(await shown(request, prediction, is_enveloped=is_enveloped))
    pieces = spaced(request, prediction, seconds - PATIENCE_SECONDS, is_enveloped=is_enveloped)
    if left is not None:
        pieces = heard_out(pieces, left)
    return HeldStream(held.pop_all(), pieces, headers={"content-type": JSON})
