"""Live events: said in this process, heard at once by who follows, and gathered into rows a moment later."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType

from foretell.errors import Error
from foretell.event import Event
from foretell.store.events import Append, batches
from foretell.store.rows import encoded

GATHER_SECONDS = 0.1
BUFFER_BYTES_MAX = 256 * 1024
EVENT_BYTES = 64
"""What an event takes that says nothing."""
BATCH_EVENTS_MAX = 1_000


class Follower:
    """Hears the events of one prediction from `with` on.

    When more than 256 KB wait to be read, `lagged` is set and no more is heard: the reader goes back to the table.
    """

    def __init__(self, live: Live, prediction_id: str, then: Callable[[], None] | None = None) -> None:
        """`then` is called when something was heard, and when this has lagged."""
        self._live = live
        self._prediction_id = prediction_id
        self._then = then
        self._events: list[Event] = []
        self._bytes = 0
        self._heard = asyncio.Event()
        self.lagged = False

    def __enter__(self) -> Follower:
        self._live.add(self._prediction_id, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.drop(self._prediction_id, self)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while not self.lagged:
            for event in self.take():
                yield event
            self._heard.clear()
            if not (self._events or self.lagged):
                await self._heard.wait()

    def take(self) -> list[Event]:
        """What was heard since the last take, in order."""
        events, self._events, self._bytes = self._events, [], 0
        return events

    def hear(self, events: Sequence[Event], size: int) -> None:
        if self.lagged:
            return
        self._events += events
        self._bytes += size
        if self._bytes > BUFFER_BYTES_MAX:
            self.lagged = True
            # Who takes the newest alone sees that some before it are missing.
            self._events = self._events[-1:]
        self._heard.set()
        if self._then is not None:
            self._then()


class Live:
    """Who follows, and what was said but is not in the table yet. Runs on the event loop's thread."""

    def __init__(self, write: Callable[[Append], Awaitable[bool]]) -> None:
        self._write = write
        self._followers: defaultdict[str, set[Follower]] = defaultdict(set)
        self._said: defaultdict[str, list[Event]] = defaultdict(list)
        self._writing: defaultdict[str, list[Event]] = defaultdict(list)
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, events: Sequence[Event]) -> None:
        """`events` are of one prediction, at least one, in order."""
        prediction_id = events[0].prediction_id
        if prediction_id in self._followers:
            size = len(encoded([each.data for each in events])) + EVENT_BYTES * len(events)
            for each in tuple(self._followers[prediction_id]):
                each.hear(events, size)
        said = self._said[prediction_id]
        said += events
        if len(said) >= BATCH_EVENTS_MAX:
            self.flush(prediction_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush_all)

    def flush(self, prediction_id: str) -> None:
        """Submits what was said and not written, ahead of whatever is submitted next."""
        events = self._said.pop(prediction_id, [])
        attempts = dict.fromkeys(each.attempt for each in events)
        for attempt in attempts:
            self._submit(prediction_id, attempt, [each for each in events if each.attempt == attempt])

    def unwritten(self, prediction_id: str) -> list[Event]:
        """What was said in this process and may not be in the table yet."""
        return [*self._writing.get(prediction_id, ()), *self._said.get(prediction_id, ())]

    async def close(self) -> None:
        self._flush_all()
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def add(self, prediction_id: str, follower: Follower) -> None:
        self._followers[prediction_id].add(follower)

    def drop(self, prediction_id: str, follower: Follower) -> None:
        found = self._followers.get(prediction_id, set())
        found.discard(follower)
        if not found:
            self._followers.pop(prediction_id, None)

    def _flush_all(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for prediction_id in tuple(self._said):
            self.flush(prediction_id)

    def _submit(self, prediction_id: str, attempt: int, events: list[Event]) -> None:
        self._writing[prediction_id] += events
        answers = [self._write(each) for each in batches(prediction_id, attempt, events, node=None)]
        task = asyncio.get_running_loop().create_task(self._written(answers, prediction_id, events))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _written(self, answers: list[Awaitable[bool]], prediction_id: str, events: list[Event]) -> None:
        try:
            for answer in answers:
                # The run's result does not depend on its events; a database that is away fails the finish,
                # and is heard of.
                with suppress(Error):
                    await answer
        finally:
            writing = self._writing[prediction_id]
            del writing[: len(events)]
            if not writing:
                del self._writing[prediction_id]
