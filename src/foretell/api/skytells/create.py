"""Create a prediction, and answer at once, at its end, or as a stream."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from foretell.api.answers import JSON, answer, encoded_answer, json_bytes
from foretell.api.creating import SLICE_SECONDS, awaited, create, deleted_meanwhile, find_model
from foretell.api.deadlines import cancel_for_leaver, heard_out
from foretell.api.operations import operation
from foretell.api.requests import accepts_stream, edge, preferred_wait_seconds, request_id, services
from foretell.api.seats import HeldStream
from foretell.api.skytells.previewing import previewed
from foretell.api.skytells.rendering import rendered
from foretell.api.skytells.streams import EVENTS, seated_stream
from foretell.api.skytells.wishes import Asked, read_body
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.prediction import Prediction

PATIENCE_SECONDS = 0.8
"""How long a caller whose timeout counts from the last byte is left without one."""


REFUSALS = (
    Code.INVALID_PARAMETER,
    Code.INVALID_COMBINATION,
    Code.MISSING_FIELD,
    Code.INVALID_INPUT,
    Code.MODEL_NOT_FOUND,
    Code.FILE_NOT_FOUND,
    Code.PREDICTION_NOT_FOUND,
    Code.GONE,
    Code.RATE_LIMITED,
    Code.OVERLOADED,
    Code.UNAVAILABLE,
)
"""What a create may be refused with, beyond what every keyed route may."""

EXAMPLES: Mapping[str, Any] = {
    "A picture": {"model": "truefusion", "input": {"prompt": "a red fox in the snow"}},
    "Wait for the end": {"model": "truefusion", "input": {"prompt": "a red fox in the snow"}, "await": True},
    "Text, piece by piece": {
        "model": "deepbrain",
        "input": {"prompt": "Why is the sky blue?"},
        "stream": True,
    },
    "Tell a webhook": {
        "model": "truefusion",
        "input": {"prompt": "a red fox in the snow"},
        "webhook": {"url": "https://example.com/hook", "events": ["completed", "failed"]},
    },
    "What it would cost": {
        "model": "truefusion",
        "input": {"prompt": "a red fox in the snow"},
        "dry_run": True,
    },
}


@operation(
    "Create a prediction",
    tag="Predictions",
    description="The prediction is durable when it is answered, and runs after that. With `await` the answer "
    "comes at its end, with `stream` and `Accept: text/event-stream` it is its events. A prediction that fails "
    "after it was accepted is no HTTP error: its `status` is `failed`, and `error` says why.",
    body=messages.Create,
    headers=messages.CreateHeaders,
    examples=EXAMPLES,
    answer=(messages.CreatedPrediction, messages.DryRun),
    stream=EVENTS,
    errors=REFUSALS,
)
async def predict(request: Request) -> Response:
    """The prediction in the envelope: the bare object with `success`, `message` and `data` beside it."""
    return await _create(request, is_enveloped=True)


@operation(
    "Create a bare prediction",
    tag="Predictions",
    description="The same as `POST /v1/predict`, with nothing beside the prediction in its answer.",
    body=messages.Create,
    headers=messages.CreateHeaders,
    examples=EXAMPLES,
    answer=(messages.Prediction, messages.DryRun),
    stream=EVENTS,
    errors=REFUSALS,
)
async def predictions(request: Request) -> Response:
    """The bare prediction."""
    return await _create(request, is_enveloped=False)


async def _create(request: Request, *, is_enveloped: bool) -> Response:
    asked = await read_body(request)
    if asked.is_dry:
        return answer(await previewed(request, asked.wish))
    await _check_combination(request, asked)
    streams = asked.wish.stream and accepts_stream(request)
    seconds = _seconds_to_wait(request, asked)
    with ExitStack() as held:
        if streams or seconds > 0:
            held.enter_context(edge(request).seats.one())
        prediction = await create(request, asked.wish, awaited=seconds > 0)
        left = partial(cancel_for_leaver, request, prediction) if asked.ends_with_caller else None
        if streams:
            return seated_stream(request, prediction, held.pop_all(), left)
        try:
            if _counts_from_last_byte(request) and seconds > PATIENCE_SECONDS:
                return await _patiently(
                    request, prediction, seconds, is_enveloped=is_enveloped, held=held, left=left
                )
            prediction = await awaited(request, prediction, seconds)
        except ClientDisconnect:
            if left is not None:
                left()
            raise
    return encoded_answer(await _shown(request, prediction, is_enveloped=is_enveloped))


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


def _counts_from_last_byte(request: Request) -> bool:
    """Python's urllib gives up a time after the last byte: a space now and then keeps it waiting.

    Others count from the start or read the spaces as an answer, so only this one gets them.
    """
    return request.headers.get("user-agent", "").startswith("Python-urllib/")


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
        return encoded_answer(await _shown(request, prediction, is_enveloped=is_enveloped))
    pieces = _spaced(request, prediction, seconds - PATIENCE_SECONDS, is_enveloped=is_enveloped)
    if left is not None:
        pieces = heard_out(pieces, left)
    return HeldStream(held.pop_all(), pieces, headers={"content-type": JSON})


async def _spaced(
    request: Request, prediction: Prediction, seconds: float, *, is_enveloped: bool
) -> AsyncIterator[bytes]:
    until = time.monotonic() + seconds
    while not prediction.status.is_terminal and time.monotonic() < until:
        yield b" "
        if services(request).stopping.is_set():
            break
        left = min(SLICE_SECONDS, until - time.monotonic())
        found = await services(request).store.await_terminal(prediction.id, max(left, 0.0))
        if found is None:
            yield json_bytes(skytells.error_envelope(deleted_meanwhile(), request_id(request))[1])
            return
        prediction = found
    yield await _shown(request, prediction, is_enveloped=is_enveloped)


async def _shown(request: Request, prediction: Prediction, *, is_enveloped: bool) -> bytes:
    flat = await rendered(request, prediction)
    data = json_bytes(flat)
    return skytells.enveloped(data, flat["status"]) if is_enveloped else data
