"""Create a prediction: check everything, write it, and answer at once, at its end, or as a stream."""

import hashlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from foretell.api.answers import JSON, answer, json_bytes
from foretell.api.requests import (
    accepts_stream,
    caller,
    edge,
    is_local,
    origin,
    preferred_wait_seconds,
    request_id,
    services,
)
from foretell.api.seats import HeldStream
from foretell.api.skytells.input_files import check_files
from foretell.api.skytells.rendering import rendered
from foretell.api.skytells.streams import seated_stream
from foretell.api.skytells.webhooks import check_address
from foretell.api.skytells.wishes import Wish, read_wish
from foretell.api.versions import Known
from foretell.dialects import skytells
from foretell.errors import Code, Error
from foretell.ids import new_id
from foretell.prediction import NewPrediction, Prediction

SLICE_SECONDS = 1.0
"""How often a held caller is asked whether they are still there."""
PATIENCE_SECONDS = 0.8
"""How long a caller whose timeout counts from the last byte is left without one."""

_sorted = msgspec.json.Encoder(order="sorted").encode
_log = logging.getLogger("foretell.predictions.accepted")


async def predict(request: Request) -> Response:
    """The prediction in the envelope: the bare object with `success`, `message` and `data` beside it."""
    return await _create(request, is_enveloped=True)


async def predictions(request: Request) -> Response:
    """The bare prediction."""
    return await _create(request, is_enveloped=False)


async def _create(request: Request, *, is_enveloped: bool) -> Response:
    wish = await read_wish(request)
    new = await _new_prediction(request, wish)
    streams = wish.stream and accepts_stream(request)
    seconds = _seconds_to_wait(request, wish)
    with ExitStack() as held:
        if streams or seconds > 0:
            held.enter_context(edge(request).seats.one())
        if new.webhook is not None:
            await edge(request).keys.seal(caller(request))
        prediction = await services(request).store.create(new)
        _log_created(request, prediction)
        if streams:
            return seated_stream(request, prediction, held.pop_all())
        if _counts_from_last_byte(request) and seconds > PATIENCE_SECONDS:
            return await _patiently(request, prediction, seconds, is_enveloped=is_enveloped, held=held)
        prediction = await _awaited(request, prediction, seconds)
    return answer(await _shown(request, prediction, is_enveloped=is_enveloped))


async def _new_prediction(request: Request, wish: Wish) -> NewPrediction:
    """The checked request, ready to be written."""
    known = await edge(request).versions.find(wish.model)
    version = known.version
    if version.offline_reason is not None:
        raise Error(Code.UNAVAILABLE, f"The model '{known.name}' is offline: {version.offline_reason}")
    _check_combination(wish, known)
    values = known.schema.complete(_with_safety(wish, known))
    await check_files(request, known.schema, values)
    check_address(wish.webhook, services(request).check_form)
    owner = caller(request)
    return NewPrediction(
        id=new_id(),
        account_id=owner.account.id,
        key_id=None if owner.key is None else owner.key.id,
        model=known.name,
        model_type=version.manifest.type,
        version_id=version.id,
        lane=version.lane(None),
        input=values,
        input_hash=hashlib.sha256(version.id.encode() + _sorted(values)).hexdigest(),
        origin=origin(request),
        source="cli" if is_local(request) else "api",
        privacy=wish.privacy,
        stream=wish.stream,
        webhook=wish.webhook,
    )


def _check_combination(wish: Wish, known: Known) -> None:
    if wish.stream and wish.awaits and not known.version.streaming:
        message = f"'stream' with 'await' needs a model that streams, and '{known.name}' does not."
        raise Error(Code.INVALID_COMBINATION, message)


def _with_safety(wish: Wish, known: Known) -> dict[str, Any]:
    """The input with the switch from beside it, for a model that has one, where the input says nothing."""
    if wish.safety_checker is None or not known.schema.has("safety_checker"):
        return wish.input
    return {"safety_checker": wish.safety_checker} | wish.input


def _seconds_to_wait(request: Request, wish: Wish) -> float:
    config = services(request).config
    preferred = preferred_wait_seconds(request)
    if preferred is not None and wish.awaits is not False:
        return min(preferred, config.await_seconds_max)
    if wish.awaits is None:
        return min(config.default_await_seconds, config.await_seconds_max)
    return config.await_seconds_max if wish.awaits else 0.0


async def _awaited(request: Request, prediction: Prediction, seconds: float) -> Prediction:
    """The prediction at its end, or as it is when the time is up or the server stops.

    Raises ClientDisconnect when nobody waits any more; the prediction goes on.
    """
    until = time.monotonic() + seconds
    while not prediction.status.is_terminal:
        left = until - time.monotonic()
        if left <= 0 or services(request).stopping.is_set():
            break
        found = await services(request).store.await_terminal(prediction.id, min(left, SLICE_SECONDS))
        if found is None:
            raise Error(Code.PREDICTION_NOT_FOUND, "The prediction was deleted while you waited for it.")
        prediction = found
        if not prediction.status.is_terminal and await request.is_disconnected():
            raise ClientDisconnect
    return prediction


def _counts_from_last_byte(request: Request) -> bool:
    """Python's urllib gives up a time after the last byte: a space now and then keeps it waiting.

    Others count from the start or read the spaces as an answer, so only this one gets them.
    """
    return request.headers.get("user-agent", "").startswith("Python-urllib/")


async def _patiently(
    request: Request, prediction: Prediction, seconds: float, *, is_enveloped: bool, held: ExitStack
) -> Response:
    """The usual answer if it comes soon; else one whose body begins with spaces, which JSON allows."""
    prediction = await _awaited(request, prediction, PATIENCE_SECONDS)
    if prediction.status.is_terminal:
        return answer(await _shown(request, prediction, is_enveloped=is_enveloped))
    pieces = _spaced(request, prediction, seconds - PATIENCE_SECONDS, is_enveloped=is_enveloped)
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
            missing = Error(Code.PREDICTION_NOT_FOUND, "The prediction was deleted while you waited for it.")
            yield json_bytes(skytells.error_envelope(missing, request_id(request))[1])
            return
        prediction = found
    yield json_bytes(await _shown(request, prediction, is_enveloped=is_enveloped))


async def _shown(request: Request, prediction: Prediction, *, is_enveloped: bool) -> dict[str, Any]:
    flat = await rendered(request, prediction)
    return skytells.enveloped(flat) if is_enveloped else flat


def _log_created(request: Request, prediction: Prediction) -> None:
    found = {
        "prediction_id": prediction.id,
        "model": prediction.model,
        "account_id": prediction.account_id,
        "request_id": request_id(request),
    }
    _log.info("accepted %s for %s", prediction.id, prediction.model, extra=found)
