"""The ear of a stream: what is said about a prediction, and that its row has moved, in one place."""

from __future__ import annotations

import asyncio
from types import TracebackType

from foretell.event import Event
from foretell.store import Store

POLL_SECONDS = 1.0
"""How often the row is looked at although no notice came: another process may have moved it."""
KEPT_MAX = 1_000
"""How many events wait here for a reader; the follower behind has a bound of its own."""


class Ear:
    """Hears one prediction from `async with` on.

    `must_look` says that live events are not the whole truth: the row moved, or some were lost. What a slow
    reader leaves is kept up to a bound; beyond it events are lost here, and the table has them.
    """

    def __init__(self, store: Store, prediction_id: str) -> None:
        self._store = store
        self._prediction_id = prediction_id
        self._events: list[Event] = []
        self._woken = asyncio.Event()
        self._taken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.must_look = True

    async def __aenter__(self) -> Ear:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]
        # Both listen before the first look, so that nothing falls between.
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
        self._taken.set()
        return events

    async def _listen(self) -> None:
        while True:
            with self._store.follow(self._prediction_id) as live:
                async for event in live:
                    await self._keep(event)
            self._look()

    async def _keep(self, event: Event) -> None:
        while len(self._events) >= KEPT_MAX:
            self._taken.clear()
            await self._taken.wait()
        self._events.append(event)
        self._woken.set()

    async def _watch(self) -> None:
        with self._store.notices.subscribe(f"prediction:{self._prediction_id}") as moved:
            while True:
                await moved.wait(POLL_SECONDS)
                self._look()

    def _look(self) -> None:
        self.must_look = True
        self._woken.set()
