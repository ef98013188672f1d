"""The ear of a stream: what is said about a prediction, and that its row has moved, in one place."""

from __future__ import annotations

import asyncio
from types import TracebackType

from foretell.event import Event
from foretell.store import Store


class Ear:
    """Hears one prediction from `async with` on.

    `must_look` says that live events are not the whole truth: the row moved, or some were lost. What a slow
    reader leaves is kept up to a bound; beyond it events are lost here, and the table has them.
    """

    def __init__(self, store: Store, prediction_id: str) -> None:
        self._store = store
        self._prediction_id = prediction_id
        self._moves = store.moves(prediction_id, self._look)
        self._live = store.follow(prediction_id, self._wake)
        self._has_heard = False
        self._waiter: asyncio.Future[None] | None = None
        self.must_look = True

    async def __aenter__(self) -> Ear:
        # Both listen before the first look, so that nothing falls between.
        self._moves.__enter__()
        self._live.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)
        self._moves.__exit__(kind, error, trace)

    async def wait(self, timeout_seconds: float) -> bool:
        """Whether anything was heard before the time was up."""
        if not self._has_heard:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(timeout_seconds, self._let_go)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return self._has_heard

    def take(self) -> list[Event]:
        """What was said since the last take, in order."""
        events = self._live.take()
        self._has_heard = False
        if self._live.lagged:
            self._live.__exit__(None, None, None)
            self._live = self._store.follow(self._prediction_id, self._wake).__enter__()
            self.must_look = True
        return events

    def _look(self) -> None:
        self.must_look = True
        self._wake()

    def _wake(self) -> None:
        self._has_heard = True
        self._let_go()

    def _let_go(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
