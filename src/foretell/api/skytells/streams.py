"""Streams: what follows a prediction, as server-sent events that can be resumed at each of them."""

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from typing import Any

from starlette.requests import Request

from foretell.api.deadlines import heard_out
from foretell.api.ear import Ear
from foretell.api.requests import edge, services
from foretell.api.seats import HeldStream
from foretell.api.skytells.telling import Place, Telling
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.prediction import Prediction

HEADERS = {"content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no"}
EVENTS: Mapping[str, Any] = {
    "status": messages.StatusEvent,
    "progress": messages.ProgressEvent,
    "output": messages.OutputEvent,
    "log": messages.LogEvent,
    "delta": messages.DeltaEvent,
    "preview": messages.PreviewEvent,
    "restarted": messages.RestartedEvent,
    "error": messages.ErrorEvent,
    "done": (messages.Prediction, messages.GoneEvent),
}
"""What each event's data is; the last one is `done`."""

STOPPING_SECONDS = 1.0
"""How long a quiet stream may not notice that the server stops."""
_PLACE = re.compile(r"(\d{1,9}):(\d{1,15}|end)", re.ASCII)


def stream(request: Request, prediction: Prediction) -> HeldStream:
    """The events of a prediction from the place that `Last-Event-ID` names to its end.

    Raises Error(OVERLOADED) when too many callers are held already.
    """
    with ExitStack() as held:
        held.enter_context(edge(request).seats.one())
        return seated_stream(request, prediction, held.pop_all())


def seated_stream(
    request: Request, prediction: Prediction, held: ExitStack, left: Callable[[], None] | None = None
) -> HeldStream:
    """The same for a caller who has a seat already; `left` is called if they do not stay to the end."""
    telling = Telling(request, prediction, _place(request.headers.get("last-event-id", "")))
    pieces = _told(request, prediction.id, telling)
    return HeldStream(held, pieces if left is None else heard_out(pieces, left), headers=HEADERS)


async def _told(request: Request, prediction_id: str, telling: Telling) -> AsyncIterator[bytes]:
    """Bytes as they are to be sent: one piece for all that is new, a heartbeat where nothing is."""
    heartbeat_seconds, stopping = services(request).heartbeat_seconds, services(request).stopping
    quiet_since = time.monotonic()
    async with Ear(services(request).store, prediction_id) as ear:
        while not telling.is_over and not stopping.is_set():
            piece = await _next(ear, telling, heartbeat_seconds)
            if not piece and time.monotonic() - quiet_since >= heartbeat_seconds:
                piece = skytells.stream_comment("heartbeat")
            if piece:
                quiet_since = time.monotonic()
                yield piece


async def _next(ear: Ear, telling: Telling, timeout_seconds: float) -> bytes:
    """What the next thing heard, or a look at the table, adds; nothing is possible."""
    if not ear.must_look and not telling.is_behind:
        await ear.wait(min(timeout_seconds, STOPPING_SECONDS))
    piece = await telling.hear(ear.take())
    if ear.must_look or telling.is_behind:
        ear.must_look = False
        piece += await telling.look()
    return piece


def _place(last_event_id: str) -> Place | None:
    found = _PLACE.fullmatch(last_event_id.strip())
    if found is None:
        return None
    attempt, sequence = found.groups()
    return Place(int(attempt), None if sequence == "end" else int(sequence))
