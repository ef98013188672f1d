"""Telling: what one reader of a stream has been told, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from foretell.api.ear import is_all_heard
from foretell.api.requests import edge, origin, services
from foretell.api.skytells.rendering import is_owner, rendered
from foretell.api.skytells.waiting import phase, waiting
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.event import Event, Kind
from foretell.prediction import Prediction, Status
from foretell.result import file_ids, replaced
from foretell.store import Outlook

PAGE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands: after event `sequence` of an attempt; `sequence` None is behind its end."""

    attempt: int
    sequence: int | None


class Telling:
    """A reader's progress through a prediction. `is_over` once `done` was told.

    `is_behind`: the table has more than was told, or a live event came whose predecessor did not.
    """

    def __init__(self, request: Request, prediction: Prediction, place: Place | None) -> None:
        self._request = request
        self._prediction_id = prediction.id
        self._shows_logs = is_owner(request, prediction)
        self._place = place
        self._resumed = place is not None
        self._attempt = prediction.attempt if place is None else place.attempt
        self._sequence = 0 if place is None else place.sequence or 0
        self._state: tuple[Status, str | None, str] | None = None
        self._has_looked = False
        self._progress, self._done_steps = 0.0, -1.0
        self._has_output = False
        self._is_live = False
        self.is_behind = False
        self.is_over = False

    async def hear(self, events: Sequence[Event]) -> bytes:
        """What live events add. An event out of order is left to the next look."""
        following = []
        attempt, last = self._attempt, self._sequence
        for event in events:
            if event.attempt == attempt and event.sequence == last + 1:
                last += 1
                following.append(event)
            elif (event.attempt, event.sequence) > (attempt, last):
                self.is_behind = True
        self._is_live = self._is_live or bool(following)
        return await self._events(following)

    async def look(self, told: Prediction | None = None) -> bytes:
        """What the row and the table add. `told`: the row as this process itself has made or moved it."""
        prediction = told or await services(self._request).store.get(self._prediction_id)
        if prediction is None:
            return self._deleted()
        if self._is_told_already(prediction):
            return await self._done(prediction)
        piece = self._restart(prediction) + self._states(prediction, await self._outlook(prediction))
        if self.is_behind or not is_all_heard(prediction, is_told=told is not None, is_live=self._is_live):
            piece += await self._page(prediction)
        piece += self._row_progress(prediction)
        if prediction.status.is_terminal and not self.is_behind:
            piece += await self._end(prediction)
        return piece

    def _is_told_already(self, prediction: Prediction) -> bool:
        place = self._place
        at_end = place is not None and place.sequence is None
        return at_end and prediction.status.is_terminal and place == Place(prediction.attempt, None)

    def _restart(self, prediction: Prediction) -> bytes:
        """A new attempt says everything anew; readers are told so if they heard anything of the old one."""
        if prediction.attempt == self._attempt:
            return b""
        has_heard = self._sequence > 0
        self._attempt, self._sequence = prediction.attempt, 0
        self._is_live = self._has_output = False
        return skytells.stream_event("restarted", {"attempt": prediction.attempt}) if has_heard else b""

    async def _outlook(self, prediction: Prediction) -> Outlook | None:
        """What it waits for. Most begin at once, so that nothing is asked at the first look."""
        has_looked, self._has_looked = self._has_looked, True
        if not has_looked or prediction.status is not Status.STARTING:
            return None
        return await services(self._request).store.outlook(prediction)

    def _states(self, prediction: Prediction, outlook: Outlook | None) -> bytes:
        """The live states up to the present one, in order, for a reader who has not seen them."""
        if self._state is None and not self._resumed:
            pieces = self._status(Status.STARTING, prediction, at=prediction.created_at)
            if prediction.started_at is not None:
                pieces += self._status(Status.PROCESSING, prediction, at=prediction.started_at)
            return pieces
        if prediction.status.is_terminal:
            return b""
        return self._status(prediction.status, prediction, at=prediction.updated_at, outlook=outlook)

    def _status(
        self, status: Status, prediction: Prediction, *, at: int, outlook: Outlook | None = None
    ) -> bytes:
        found = phase(prediction, outlook) if status is prediction.status else None
        said = waiting(prediction, outlook)
        # An estimate goes down all the time; alone it is no news.
        news = "" if outlook is None else f"{outlook.position} {outlook.percent} {outlook.line}"
        if self._state == (status, found, news):
            return b""
        self._state = status, found, news
        data: dict[str, Any] = {"id": prediction.id, "status": status.value, "at": skytells.timestamp(at)}
        if found is not None:
            data["phase"] = found
        return skytells.stream_event("status", data | said)

    async def _page(self, prediction: Prediction) -> bytes:
        """The next events in the table; a full page leaves the reader behind."""
        events = await services(self._request).store.events(
            prediction.id, attempt=self._attempt, after=self._sequence, limit=PAGE
        )
        self.is_behind = len(events) == PAGE
        return await self._events(events)

    async def _events(self, events: Sequence[Event]) -> bytes:
        """What they are to a reader. Outputs that are text, as nearly all are, go together."""
        pieces, texts = [], []
        for event in events:
            if event.kind is Kind.OUTPUT and isinstance(event.data.get("value"), str):
                texts.append((event.attempt, event.sequence, event.data))
                continue
            pieces += [self._texts(texts), await self._event(event)]
            texts = []
        return b"".join(pieces) + self._texts(texts)

    def _texts(self, texts: Sequence[tuple[int, int, dict[str, Any]]]) -> bytes:
        if not texts:
            return b""
        self._sequence, self._has_output = texts[-1][1], True
        return skytells.stream_outputs(texts)

    async def _event(self, event: Event) -> bytes:
        self._sequence = event.sequence
        if event.kind is Kind.PROGRESS:
            return self._progressed(event.data, event.id)
        if event.kind is Kind.LOG:
            return skytells.stream_event("log", event.data, event.id) if self._shows_logs else b""
        if event.kind in {Kind.DELTA, Kind.PREVIEW}:
            return skytells.stream_event(event.kind.value, event.data, event.id)
        self._has_output = True
        return skytells.stream_event("output", await self._with_addresses(event.data), event.id)

    async def _with_addresses(self, data: dict[str, Any]) -> dict[str, Any]:
        if not any(file_ids(data)):
            return data
        files = await services(self._request).store.files_of(self._prediction_id)
        own = origin(self._request)
        shown: dict[str, Any] = replaced(data, {file.id: file.url(own) for file in files}.get)
        return shown

    def _row_progress(self, prediction: Prediction) -> bytes:
        if prediction.status is Status.SUCCEEDED:
            return self._progressed({"progress": 100.0}, None)
        steps = {} if prediction.steps is None else prediction.steps.told()
        return self._progressed({"progress": prediction.progress} | steps, None)

    def _progressed(self, said: dict[str, Any], event_id: str | None) -> bytes:
        """Progress never falls, and is told once."""
        progress, done = said.get("progress", 0.0), said.get("done", -1.0)
        if (progress, done) <= (self._progress, self._done_steps):
            return b""
        self._progress, self._done_steps = progress, max(done, self._done_steps)
        return skytells.stream_event("progress", said, event_id)

    async def _end(self, prediction: Prediction) -> bytes:
        body = await rendered(self._request, prediction)
        piece = b""
        if prediction.status is Status.SUCCEEDED and not await self._has_told_output(prediction):
            piece += skytells.stream_event("output", {"value": body["output"]})
        if prediction.failure is not None:
            failure = {"code": prediction.failure.code, "message": prediction.failure.message}
            piece += skytells.stream_event("error", failure)
        status = {"id": prediction.id, "status": body["status"], "at": body["completed_at"]}
        return piece + skytells.stream_event("status", status) + await self._done(prediction, body)

    async def _has_told_output(self, prediction: Prediction) -> bool:
        """Whether the reader has the output in pieces, now or before it came back."""
        if self._has_output or not self._resumed:
            return self._has_output
        known = await edge(self._request).versions.of(prediction.version_id)
        return known is not None and known.version.streaming

    async def _done(self, prediction: Prediction, body: messages.Prediction | None = None) -> bytes:
        self.is_over = True
        shown = body or await rendered(self._request, prediction)
        return skytells.stream_event("done", shown, f"{prediction.attempt}:end")

    def _deleted(self) -> bytes:
        self.is_over = True
        failure = {"code": "deleted", "message": "The prediction was deleted."}
        return skytells.stream_event("error", failure) + skytells.stream_event(
            "done", {"id": self._prediction_id}
        )
