"""What a child is sent ahead of time: quick runs, so that it has the next one when it ends one.

A model whose runs are not quick gets none ahead.
"""

import asyncio
import time
from collections import deque
from typing import Any

from foretell.node.conversation import Conversation
from foretell.node.quick import QuickRun
from foretell.node.slots import Slots

QUICK_SECONDS = 0.005
"""What ends within this is quick: until then it is not even written that it began."""
AHEAD_SECONDS = 0.02
"""How much work may wait in the child."""
AHEAD_MAX = 1_024
"""How many runs may."""
RUN_SECONDS_MIN = 0.00005
UNWRITTEN_SECONDS = 0.1
"""What is to be written with its end is written without, if that has not come by then."""
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
        self._kept: deque[tuple[QuickRun, dict[str, Any]]] = deque()
        slots.on_free = self._let_in
        self._timer: asyncio.TimerHandle | None = None

    def open(self, conversation: Conversation, capacity: int) -> None:
        """The child is there, and takes so many runs at a time."""
        self._conversation, self._capacity = conversation, capacity

    @property
    def most(self) -> int:
        """How many quick runs it takes at a time; 0 where runs are not quick."""
        if not self._may or not self.pace.is_quick or self._is_held_up():
            return 0
        # An asynchronous one enters all that it has at once.
        return self.pace.ahead_max if self._capacity == 1 else min(self._capacity, self.pace.ahead_max)

    def enter(self, run: QuickRun, frame: dict[str, Any]) -> bool:
        """Sends the child a run that is hoped to be over in a moment, as soon as no other is in it.

        False where it cannot be.
        """
        if self._is_over:
            return False
        if len(self._runs) + len(self._kept) >= self.most:
            return False
        self._kept.append((run, frame))
        self._let_in()
        if run.unwritten is not None:
            self._look_soon()
        return True

    @property
    def _is_over(self) -> bool:
        return self._conversation is None or self._conversation.is_over or self._slots.is_over

    def _is_held_up(self) -> bool:
        """Whether a run has been in the child for so long that none should be kept for when it ends."""
        first = next(iter(self._runs.values()), None)
        if first is None:
            began_seconds = self._slots.taken_seconds
        elif first.task is None or first.began_seconds is None:
            return False
        else:
            began_seconds = first.began_seconds
        return began_seconds is not None and time.monotonic() - began_seconds > AHEAD_SECONDS

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

    def _let_in(self) -> None:
        """Whoever waits goes in, if all the places are free or taken by such runs already."""
        while self._kept and not (self._is_over or self._slots.are_asked_for):
            if self._kept[0][0].task is not None:
                self._kept.popleft()
            elif self._runs or self._slots.take_at_once(self._capacity):
                self._send(*self._kept.popleft())
            else:
                return
        if self._is_over:
            for run, _ in tuple(self._kept):
                run.overdue(run)

    def _send(self, run: QuickRun, frame: dict[str, Any]) -> None:
        assert self._conversation is not None
        self._conversation.add(run.id, run.channel)
        self._conversation.child.link.send(frame)
        self._runs[run.id] = run
        if len(self._runs) == 1 or self._capacity > 1:
            self._begin(run)

    def _begin(self, run: QuickRun) -> None:
        run.begin()
        if run.task is None:
            self._look_soon()

    def _look_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(QUICK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        now_seconds = time.monotonic()
        self._write_those_since(now_seconds - UNWRITTEN_SECONDS)
        until_seconds = now_seconds - QUICK_SECONDS
        begun = [each for each in self._runs.values() if each.task is None and each.began_seconds is not None]
        for each in begun:
            # Where this process itself is late, the answer may be there and not read yet: that takes a second look.
            if each.is_overdue:
                each.overdue(each)
            each.is_overdue = (each.began_seconds or 0.0) <= until_seconds
        if self._kept or any(each.task is None for each in self._runs.values()):
            self._look_soon()

    def _write_those_since(self, until_seconds: float) -> None:
        for each in (*self._runs.values(), *(run for run, _ in self._kept)):
            if each.unwritten is not None and each.unwritten.asked_seconds <= until_seconds:
                each.unwritten.create()
