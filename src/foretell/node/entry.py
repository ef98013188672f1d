"""How a run is entered: it gets a place in its replica, is written to have begun, and is sent to the child.

A quick run that was none is in the child already; that it began is written beside it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from foretell.node.channel import Channel
from foretell.node.outcome import Measured
from foretell.node.patience import written
from foretell.node.quick import QuickRun
from foretell.node.replica import Replica
from foretell.node.trouble import HoldLost
from foretell.store import Store


class Entry:
    """One attempt's. `lose` is called when it turns out, beside the run, that its hold is gone."""

    def __init__(
        self,
        measured: Measured,
        replica: Replica,
        store: Store,
        quick: QuickRun | None,
        lose: Callable[[], None],
    ) -> None:
        self.has_begun = False
        self._measured = measured
        self._prediction = measured.prediction
        self._replica = replica
        self._store = store
        self._quick = quick
        self._lose = lose

    @asynccontextmanager
    async def entered(self, given: dict[str, Any], folder: Path) -> AsyncIterator[Channel]:
        """What the child says about the run, which it has begun; its place is free again after that."""
        if self._quick is not None:
            async with self._quick.going_on() as channel, self._beginning():
                yield channel
            self._replica.wear.ran(time.monotonic() - (self._quick.began_seconds or 0.0))
            return
        prediction = self._prediction
        # Whose process died runs alone from then on: a neighbour may have been to blame, or may be spared.
        async with self._replica.slot(prediction.id, alone=prediction.losses > 0) as channel:
            await self.begin()
            self._replica.say({"type": "run", "id": prediction.id, "input": given, "folder": str(folder)})
            yield channel

    async def begin(self) -> None:
        """Writes that it has begun. Raises HoldLost."""
        hold, began_seconds = (
            self._prediction.hold,
            None if self._quick is None else self._quick.began_seconds,
        )
        assert hold is not None

        def begin() -> Awaitable[bool]:
            ran_seconds = 0.0 if began_seconds is None else time.monotonic() - began_seconds
            return self._store.begin(hold, ran_seconds=ran_seconds)

        if not await written(hold.prediction_id, begin):
            raise HoldLost
        self.has_begun = True
        self._measured.began_seconds = began_seconds or time.monotonic()

    @asynccontextmanager
    async def _beginning(self) -> AsyncIterator[None]:
        self.has_begun = True
        beginning = asyncio.create_task(self.begin())
        beginning.add_done_callback(self._has_written_begin)
        try:
            yield
        finally:
            await asyncio.wait({beginning})

    def _has_written_begin(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(task.exception(), HoldLost):
            self._lose()
