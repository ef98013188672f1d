"""How a run is entered: it gets a place in its replica, is sent to the child, and is written to have begun.

The child is at it while that is written; until then nothing that it says is heard. Members of a batch are written
first, so that none is entered for nothing. A run that is under way is in the child already.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from foretell.node.batches import Batches
from foretell.node.channel import Channel
from foretell.node.early import UnderWay
from foretell.node.outcome import Measured
from foretell.node.patience import written
from foretell.node.replica import Replica
from foretell.node.trouble import HoldLost
from foretell.store import Store


class Entry:
    """One attempt's. `lose` is called when it turns out, beside the run, that its hold is gone.

    `is_alone`: nothing else is to run beside it.
    """

    def __init__(
        self,
        measured: Measured,
        replica: Replica,
        store: Store,
        under_way: UnderWay | None,
        lose: Callable[[], None],
    ) -> None:
        self.has_begun = False
        # Whose process died runs alone from then on: a neighbour may have been to blame, or may be spared.
        self.is_alone = measured.prediction.losses > 0
        self._told_seconds: float | None = None
        self._measured = measured
        self._prediction = measured.prediction
        self._replica = replica
        self._store = store
        self._under_way = under_way
        self._lose = lose

    @asynccontextmanager
    async def entered(self, given: dict[str, Any], folder: Path) -> AsyncIterator[Channel]:
        """What the child says about the run, which it was sent; its place is free again after that.

        Nothing is to be heard of it before it has `begun`.
        """
        if self._under_way is not None:
            async with self._under_way.going_on() as channel, self._beginning():
                yield channel
            self._replica.wear.ran(time.monotonic() - (self._under_way.began_seconds or 0.0))
            return
        frame = {"id": self._prediction.id, "input": given, "folder": str(folder)}
        batches = self._replica.entrance.batches
        entering = self._alone(frame) if batches is None or self.is_alone else self._in_batch(batches, frame)
        async with entering as channel:
            began_seconds = time.monotonic()
            yield channel
        self._replica.wear.ran((time.monotonic() - began_seconds) / self._measured.batch_size)

    async def begun(self) -> None:
        """Returns once it is written that it has. Raises HoldLost: then the child has to be stopped."""
        if not self.has_begun:
            await self.begin()

    async def begin(self) -> None:
        """Writes that it has begun, when the child was sent it if it was. Raises HoldLost."""
        hold = self._prediction.hold
        began_seconds = self._told_seconds if self._under_way is None else self._under_way.began_seconds
        assert hold is not None

        def begin() -> Awaitable[bool]:
            ran_seconds = 0.0 if began_seconds is None else time.monotonic() - began_seconds
            return self._store.begin(hold, ran_seconds=ran_seconds)

        if not await written(hold.prediction_id, begin):
            raise HoldLost
        self.has_begun = True
        self._measured.began_seconds = began_seconds or time.monotonic()

    @asynccontextmanager
    async def _alone(self, frame: dict[str, Any]) -> AsyncIterator[Channel]:
        self._measured.batch_size = 1
        async with self._replica.entrance.slot(frame["id"], alone=self.is_alone) as channel:
            self._told_seconds = time.monotonic()
            self._replica.say({"type": "run", **frame}, at_once=True)
            if self.has_begun:
                # Again, after its batch has raised.
                self._measured.began_seconds = self._told_seconds
            yield channel

    @asynccontextmanager
    async def _in_batch(self, batches: Batches, frame: dict[str, Any]) -> AsyncIterator[Channel]:
        async with batches.member(frame["id"], frame["input"]) as batch:
            with self._replica.entrance.about(frame["id"]) as channel:
                await self.begun()
                self._measured.began_seconds = time.monotonic()
                await batch.enter(frame)
                self._measured.batch_size = batch.size
                yield channel

    @asynccontextmanager
    async def _beginning(self) -> AsyncIterator[None]:
        self.has_begun = True
        if self._under_way is not None and self._prediction.started_at is not None:
            # It was written with its create.
            self._measured.began_seconds = self._under_way.began_seconds
            yield
            return
        beginning = asyncio.create_task(self.begin())
        beginning.add_done_callback(self._has_written_begin)
        try:
            yield
        finally:
            await asyncio.wait({beginning})

    def _has_written_begin(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(task.exception(), HoldLost):
            self._lose()
