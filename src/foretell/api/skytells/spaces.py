"""Answers that begin with spaces, which JSON allows: a caller that counts from the last byte has not waited in vain."""

import time
from collections.abc import AsyncIterator

from starlette.requests import Request

from foretell.api.answers import json_bytes
from foretell.api.creating import SLICE_SECONDS, deleted_meanwhile
from foretell.api.requests import request_id, services
from foretell.api.skytells.rendering import shown
from foretell.dialects import skytells
from foretell.prediction import Prediction


async def spaced(
    request: Request, prediction: Prediction, seconds: float, *, is_enveloped: bool
) -> AsyncIterator[bytes]:
    """A space now and then until the prediction ends or the time is up; then the prediction as it is."""
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
    yield await shown(request, prediction, is_enveloped=is_enveloped)
