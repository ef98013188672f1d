"""The runs of an asynchronous predictor: several at once, on one event loop, in the thread that set it up."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Optional

from . import health, scope
from .gate import REPEAT_SECONDS
from .link import Frame
from .meter import Meter
from .outbox import Outbox
from .predictor import Loaded
from .run import Run
from .runs import Outcome, give_all


class AsyncRuns:
    """`run`, `cancel` and `repeat_cancels` are called from another thread, once `live` has called back."""

    def __init__(self, loaded: Loaded, outbox: Outbox, capacity: int) -> None:
        self.capacity = capacity
        self._loaded = loaded
        self._outbox = outbox
        self._meter = Meter()
        self._going: dict[str, tuple[Run, asyncio.Task[Outcome]]] = {}
        self._canceling: set[str] = set()
        self._repeated_seconds = 0.0

    def live(self, on_ready: Callable[[], None]) -> None:
        """Sets the predictor up, says so, and runs what comes, for ever. Raises what setup raises."""
        asyncio.run(self._live(on_ready))

    def run(self, frame: Frame) -> None:
        self._loop.call_soon_threadsafe(self._begin, frame)

    def cancel(self, run_id: str) -> None:
        if run_id in self._canceling:
            return
        self._canceling.add(run_id)
        self._repeated_seconds = time.monotonic()
        self._loop.call_soon_threadsafe(self._cancel, run_id)

    def repeat_cancels(self) -> bool:
        """Whether there are runs that are to end and have not."""
        now = time.monotonic()
        if self._canceling and now - self._repeated_seconds >= REPEAT_SECONDS:
            self._repeated_seconds = now
            self._loop.call_soon_threadsafe(self._cancel_again)
        return bool(self._canceling)

    async def _live(self, on_ready: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(self.capacity)
        if self._loaded.setup is not None:
            waiting = self._loaded.setup(**self._loaded.setup_arguments())
            if inspect.isawaitable(waiting):
                await waiting
        await health.require_here(self._loaded.healthcheck)
        on_ready()
        self._end: asyncio.Future[None] = self._loop.create_future()
        await self._end

    def _begin(self, frame: Frame) -> None:
        run = Run(frame, self._outbox, self._loaded.item)
        task = self._loop.create_task(self._attempt(run))
        self._going[run.id] = (run, task)
        # Not at the end of the task: one that is canceled before its first step has no such place.
        task.add_done_callback(partial(self._finish, run))

    def _cancel(self, run_id: str) -> None:
        if run_id not in self._going:
            self._canceling.discard(run_id)
            return
        run, task = self._going[run_id]
        run.cancel_wanted = True
        task.cancel()

    def _cancel_again(self) -> None:
        for run_id in list(self._canceling):
            self._cancel(run_id)

    async def _attempt(self, run: Run) -> Outcome:
        try:
            async with self._room:
                return await self._outcome(run), None
        except BaseException as error:  # noqa: BLE001 - what the author's code raises ends only its run
            return None, error
        finally:
            scope.leave(run.scope)

    def _finish(self, run: Run, task: asyncio.Task[Outcome]) -> None:
        del self._going[run.id]
        self._canceling.discard(run.id)
        result, error = (None, asyncio.CancelledError()) if task.cancelled() else task.result()
        self._outbox.put_encoded(run.ending(self._meter, result, error))
        # With others going on it waits for the last of them: an end of the process would be theirs, too.
        if error is not None and self._loaded.healthcheck is not None and not self._going:
            self._checking = self._loop.create_task(self._check())

    async def _check(self) -> None:
        try:
            await health.require_here(self._loaded.healthcheck)
        except health.Unhealthy as error:
            if not self._going and not self._end.done():
                self._outbox.flush(health.FLUSH_SECONDS)
                self._end.set_exception(error)

    async def _outcome(self, run: Run) -> Optional[Frame]:
        scope.enter(run.scope)
        run.begin(self._meter)
        produced = self._loaded.run(**self._loaded.parameters.arguments(run.input))
        if inspect.isawaitable(produced):
            produced = await produced
        if not self._loaded.yields:
            return run.result(produced)
        if hasattr(produced, "__aiter__"):
            await _give_each(run, produced)
        else:
            give_all(run, produced)
        return None


async def _give_each(run: Run, produced: Any) -> None:
    try:
        async for item in produced:
            run.give(item)
            # One that never waits for anything would keep its neighbours, and its own cancel, waiting.
            await asyncio.sleep(0)
    finally:
        close = getattr(produced, "aclose", None)
        if close is not None:
            await close()
