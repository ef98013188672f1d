"""What a child is sent ahead of time: quick runs, so that it has the next one when it ends one.

A model whose runs are not quick gets none ahead.
"""

import asyncio
import time
from typing import Any

from foretell.node.conversation import Conversation
from foretell.node.quick import QuickRun
from foretell.node.slots import Slots

QUICK_SECONDS = 0.005
"""What ends within this is quick: until then it is not even written that it began."""
AHEAD_SECONDS = 0.02
"""How much work may wait in the child."""
AHEAD_MAX = 256
"""How many runs may."""
RUN_SECONDS_MIN = 0.00005
WEIGHT = 0.1
"""How much of the average the newest run is."""


class Pace:
    """How long a replica's runs have taken lately."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def observe(self, seconds: float) -> None:
        """A run took so long."""
        known = self._seconds
        self._seconds = seconds if known is None else known + WEIGHT * (seconds - known)

    @property
    def is_quick(self) -> bool:
        return self._seconds is not None and self._seconds < QUICK_SECONDS

    @property
    def ahead_max(self) -> int:
        """How many runs are work for `AHEAD_SECONDS`; 0 where they are not quick."""
        if self._seconds is None or not self.is_quick:
            return 0
        return min(AHEAD_MAX, int(AHEAD_SECONDS / max(self._seconds, RUN_SECONDS_MIN)))


class Ahead:
    """The quick runs in one child, in the order in which it was sent them.

    While there are any they have it for themselves: no other run is entered before they are over.
    """

    def __init__(self, slots: Slots, *, may: bool) -> None:
        """`may`: whether the child lives on after them."""
        self.pace = Pace()
        self._may = may
        self._slots = slots
        self._conversation: Conversation | None = None
        self._capacity = 1
        self._runs: dict[str, QuickRun] = {}
        self._timer: asyncio.TimerHandle | None = None

    def open(self, conversation: Conversation, capacity: int) -> None:
        """The child is there, and takes so many runs at a time."""
        self._conversation, self._capacity = conversation, capacity

    @property
    def most(self) -> int:
        """How many quick runs it takes at a time; 0 where runs are not quick."""
        if not self._may:
            return 0
        # An asynchronous one enters all that it has at once.
        return self.pace.ahead_max if self._capacity == 1 else min(self._capacity, self.pace.ahead_max)

    def enter(self, run: QuickRun, frame: dict[str, Any]) -> bool:
        """Sends the child a run that is hoped to be over in a moment. False where it cannot be."""
        if self._conversation is None or self._slots.is_over or self._slots.are_asked_for:
            return False
        if len(self._runs) >= self.most:
            return False
        if not self._runs and not self._slots.take_at_once(self._capacity):
            return False
        self._conversation.add(run.id, run.channel)
        self._conversation.child.link.send(frame)
        self._runs[run.id] = run
        if len(self._runs) == 1 or self._capacity > 1:
            self._begin(run)
        return True

    def leave(self, run_id: str) -> None:
        """That run is over; the next is entered if the child goes on."""
        if self._conversation is None or run_id not in self._runs:
            return
        is_first = next(iter(self._runs)) == run_id
        del self._runs[run_id]
        self._conversation.drop(run_id)
        if not self._runs:
            self._slots.free(self._capacity)
        elif is_first and self._capacity == 1 and not self._conversation.is_over:
            self._begin(next(iter(self._runs.values())))

    def _begin(self, run: QuickRun) -> None:
        run.begin()
        if run.task is None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(QUICK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        until_seconds = time.monotonic() - QUICK_SECONDS
        begun = [each for each in self._runs.values() if each.task is None and each.began_seconds is not None]
        for each in begun:
            # Where this process itself is late, the answer may be there and not read yet: that takes a second look.
            if each.is_overdue:
                each.overdue(each)
            each.is_overdue = (each.began_seconds or 0.0) <= until_seconds
        if any(each.task is None for each in self._runs.values()):
            self._timer = asyncio.get_running_loop().call_later(QUICK_SECONDS, self._look)
