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
    request: Request,
    prediction: Prediction,
    held: ExitStack,
    left: Callable[[], None] | None = None,
    *,
    made: bool = False,
) -> HeldStream:
    """The same for a caller who has a seat already; `left` is called if they do not stay to the end.

    `made`: it was created for this request, a moment ago, in the same turn of the event loop.
    """
    telling = Telling(request, prediction, _place(request.headers.get("last-event-id", "")))
    # Only what this process runs itself can be heard from its first word on.
    here = prediction if made and prediction.node is not None else None
    ear = held.enter_context(Ear(services(request).store, prediction.id, here))
    pieces = _told(request, ear, telling)
    return HeldStream(held, pieces if left is None else heard_out(pieces, left), headers=HEADERS)


async def _told(request: Request, ear: Ear, telling: Telling) -> AsyncIterator[bytes]:
    """Bytes as they are to be sent: one piece for all that is new, a heartbeat where nothing is."""
    heartbeat_seconds, stopping = services(request).heartbeat_seconds, services(request).stopping
    quiet_since = time.monotonic()
    while not telling.is_over and not stopping.is_set():
        if not telling.is_behind:
            await ear.wait(min(heartbeat_seconds, STOPPING_SECONDS))
        piece = await _heard(ear, telling)
        if piece and ear.must_look:
            # What was heard does not wait until the table has answered.
            yield piece
            piece, quiet_since = b"", time.monotonic()
        piece += await _looked(ear, telling)
        now = time.monotonic()
        if not piece and now - quiet_since >= heartbeat_seconds:
            piece = skytells.stream_comment("heartbeat")
        if piece:
            quiet_since = now
            yield piece


async def _heard(ear: Ear, telling: Telling) -> bytes:
    """What was said and how the row moved since the last time, in order."""
    row, events = ear.row(), ear.take()
    if row is None:
        return await telling.hear(events)
    if row.status.is_terminal:
        return await telling.hear(events) + await telling.look(row)
    return await telling.look(row) + await telling.hear(events)


async def _looked(ear: Ear, telling: Telling) -> bytes:
    """What the table adds, if it has to be asked."""
    if telling.is_over or not (ear.must_look or telling.is_behind):
        return b""
    ear.must_look = False
    return await telling.look()


def _place(last_event_id: str) -> Place | None:
    found = _PLACE.fullmatch(last_event_id.strip())
    if found is None:
        return None
    attempt, sequence = found.groups()
    return Place(int(attempt), None if sequence == "end" else int(sequence))
