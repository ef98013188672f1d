"""The ear of a stream: what is said about a prediction, and that its row has moved, in one place."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from types import TracebackType

from foretell.event import Event
from foretell.store import Store

POLL_SECONDS = 1.0
"""How often the row is looked at although no notice came: another process may have moved it."""


class Ear:
    """Hears one prediction from `async with` on.

    `must_look` says that live events are not the whole truth: the row moved, or some were lost.
    """

    def __init__(self, store: Store, prediction_id: str) -> None:
        self._store = store
        self._prediction_id = prediction_id
        self._events: list[Event] = []
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._open = ExitStack()
        self.must_look = True

    async def __aenter__(self) -> Ear:
        self._moved = self._open.enter_context(
            self._store.notices.subscribe(f"prediction:{self._prediction_id}")
        )
        self._live = self._open.enter_context(self._store.follow(self._prediction_id))
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self, timeout_seconds: float) -> bool:
        """Whether anything was heard before the time was up."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> list[Event]:
        """What was said since the last take, in order."""
        events, self._events = self._events, []
        self._woken.clear()
        return events

    async def _listen(self) -> None:
        while True:
            async for event in self._live:
                self._events.append(event)
                self._woken.set()
            self._start_over()

    def _start_over(self) -> None:
        """More was said than is kept for a slow reader; the table has what is missing."""
        again = self._store.follow(self._prediction_id)
        self._open.enter_context(again)
        self._live = again
        self._look()

    async def _watch(self) -> None:
        while True:
            await self._moved.wait(POLL_SECONDS)
            self._look()

    def _look(self) -> None:
        self.must_look = True
        self._woken.set()
