"""Batches: runs of one replica that its child answers by one call, formed from those that wait for its place.

The one that has waited longest is in the next; with it go those that have the same in what the author marks. A batch
that is not full waits a moment for more, but only where some are known to be on their way: held here and not ready
yet, or their callers just answered. Who comes alone to an idle replica never waits.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from foretell.ids import new_id
from foretell.model import Batching
from foretell.node.bell import Bell
from foretell.node.slots import Slots

Say = Callable[[dict[str, Any]], None]
"""Sends a frame to the child."""


class Batch:
    """Runs that enter the child together, as soon as each of them has begun or left."""

    def __init__(self, run_ids: list[str], say: Say, over: "Callable[[Batch], None]") -> None:
        """`over` is called when the last has left."""
        self.size = len(run_ids)
        self._present = dict.fromkeys(run_ids)
        self._say = say
        self._frames: dict[str, dict[str, Any]] = {}
        self._over = over
        self._is_sent = asyncio.Event()

    async def enter(self, frame: dict[str, Any]) -> None:
        """Returns when the child has been sent this run, with all that go along."""
        self._frames[frame["id"]] = frame
        self._send_when_ready()
        try:
            await self._is_sent.wait()
        except asyncio.CancelledError:
            if self._is_sent.is_set():
                self._say({"type": "cancel", "id": frame["id"]})
            raise

    def leave(self, run_id: str) -> None:
        """That run is over, or will not be."""
        del self._present[run_id]
        if not self._is_sent.is_set():
            self._frames.pop(run_id, None)
            self._send_when_ready()
        if not self._present:
            self._over(self)

    def has_others(self, run_id: str) -> bool:
        """Whether another is still in it."""
        return any(each != run_id for each in self._present)

    def _send_when_ready(self) -> None:
        if not self._frames or self._frames.keys() != self._present.keys():
            return
        frames = [self._frames.pop(each) for each in self._present]
        self.size = len(frames)
        for each in frames:
            self._say({"type": "run" if self.size == 1 else "member", **each})
        if self.size > 1:
            # Apart from the members: together they could be longer than a frame may be.
            self._say({"type": "batch", "id": new_id(), "members": [each["id"] for each in frames]})
        self._is_sent.set()


@dataclass(eq=False, slots=True)
class _Asking:
    run_id: str
    marks: tuple[Any, ...]
    batch: "asyncio.Future[Batch]"


class Batches:
    """Those of one replica, one after the other."""

    def __init__(self, batching: Batching, slots: Slots, say: Say, assigned: set[str]) -> None:
        """`assigned`: the replica's runs, with those that are not ready to enter yet."""
        self._size, self._equal = batching.size, batching.equal
        self._wait_seconds = batching.wait_ms / 1_000
        self._slots = slots
        self._say = say
        self._assigned = assigned
        self._asking: list[_Asking] = []
        self._inside: dict[str, Batch] = {}
        self._asked = Bell()
        self._forming: asyncio.Task[None] | None = None
        self._expected, self._expected_until_seconds = 0, 0.0

    @asynccontextmanager
    async def member(self, run_id: str, given: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """A place for a run with this input; where the replica ends before, it comes at once and is worth nothing."""
        marks = tuple(given.get(each) for each in self._equal)
        asking = _Asking(run_id, marks, asyncio.get_running_loop().create_future())
        self._asking.append(asking)
        self._asked.ring()
        if self._forming is None or self._forming.done():
            self._forming = asyncio.create_task(self._form())
        try:
            yield await asking.batch
        finally:
            if asking in self._asking:
                self._asking.remove(asking)
            if (batch := self._inside.pop(run_id, None)) is not None:
                batch.leave(run_id)

    def has_neighbours(self, run_id: str) -> bool:
        """Whether others go on in the same batch."""
        return run_id in self._inside and self._inside[run_id].has_others(run_id)

    async def _form(self) -> None:
        while self._chosen():
            await self._slots.take(1)
            await self._wait_for_more()
            chosen = self._chosen()
            if not chosen:
                self._slots.free(1)
                continue
            batch = Batch([each.run_id for each in chosen], self._say, self._over)
            for each in chosen:
                self._asking.remove(each)
                self._inside[each.run_id] = batch
                each.batch.set_result(batch)

    async def _wait_for_more(self) -> None:
        until_seconds = time.monotonic() + self._wait_seconds
        while not self._slots.is_over and len(self._chosen()) < self._size and self._are_more_coming():
            left_seconds = until_seconds - time.monotonic()
            if left_seconds <= 0:
                return
            await self._asked.wait(left_seconds)

    def _are_more_coming(self) -> bool:
        asking = len(self._asking)
        if len(self._assigned) > asking + len(self._inside):
            return True
        return asking < self._expected and time.monotonic() < self._expected_until_seconds

    def _chosen(self) -> list[_Asking]:
        """The one that has waited longest, and those that can go with it; not who was canceled just now."""
        waiting = [each for each in self._asking if not each.batch.done()]
        return [each for each in waiting if each.marks == waiting[0].marks][: self._size]

    def _over(self, batch: Batch) -> None:
        # Whoever was answered may well ask again.
        self._expected = min(self._size, batch.size + len(self._asking))
        self._expected_until_seconds = time.monotonic() + self._wait_seconds
        self._slots.free(1)
