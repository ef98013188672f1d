"""Quick runs: where a model answers in a moment, a prediction costs two frames and one write, and no task.

They are sent to the child ahead of time, so that it has the next one when it ends one. Whatever lasts longer, or says
more than an answer, goes on as any other run does; and a model whose runs are not quick gets none ahead.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from foretell.node.channel import Channel
from foretell.node.frames import Done, Log, Metric
from foretell.node.trouble import ReplicaGone
from foretell.prediction import Hold, Prediction
from foretell.result import Form, form

if TYPE_CHECKING:
    from foretell.node.replica import Replica

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


class QuickRun:
    """One prediction whose end is hoped for at once.

    `heard` is told of each word about it, `overdue` that its end has not come in time.
    """

    task: "asyncio.Future[Any] | None" = None

    def __init__(
        self,
        prediction: Prediction,
        replica: "Replica",
        heard: "Callable[[QuickRun], None]",
        overdue: "Callable[[QuickRun], object]",
    ) -> None:
        assert prediction.hold is not None
        self.id = prediction.id
        self.hold: Hold = prediction.hold
        self.prediction = prediction
        self.replica = replica
        self.began_seconds: float | None = None
        self.is_overdue = False
        self.overdue = overdue
        self._heard = heard
        self.channel = Channel(self._on_change)

    def begin(self) -> None:
        """The child is at it, if it was not before."""
        if self.began_seconds is None:
            self.began_seconds = time.monotonic()

    @property
    def has_begun(self) -> bool:
        """Whether the child is at it, as far as is known: nothing that it was sent before is still to end."""
        return self.began_seconds is not None

    def answer(self) -> tuple[list[Log | Metric], Done] | None:
        """All that it said, if that is a plain answer: no files, and nothing on the way but words and figures."""
        said = self.channel.said
        plain = [each for each in said if isinstance(each, Log | Metric)]
        rest = [each for each in said if isinstance(each, Done)]
        if len(rest) != 1 or len(plain) + 1 < len(said) or rest[0].files:
            return None
        value = rest[0].value
        is_text = value is None or (value is not msgspec.UNSET and form(value) in _TEXT)
        return (plain, rest[0]) if is_text else None

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[Channel]:
        """What the child says about it from here on, until it is over. Raises ReplicaGone if it had not begun."""
        try:
            if not self.has_begun:
                self.replica.say({"type": "cancel", "id": self.id})
                raise ReplicaGone
            yield self.channel
        finally:
            self.replica.leave_quickly(self.id)

    def _on_change(self) -> None:
        self._heard(self)


class Ahead:
    """The quick runs in one child, in the order in which it was sent them.

    `in_turn`: it enters one after the other.
    """

    def __init__(self) -> None:
        self.in_turn = True
        self._runs: dict[str, QuickRun] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, run: QuickRun) -> None:
        self._runs[run.id] = run
        if len(self._runs) == 1 or not self.in_turn:
            self._enter(run)

    def remove(self, run_id: str, *, is_going_on: bool) -> None:
        """That one is over; the next is entered if the child goes on."""
        first = next(iter(self._runs), None)
        self._runs.pop(run_id, None)
        if self._runs and first == run_id and self.in_turn and is_going_on:
            self._enter(next(iter(self._runs.values())))

    def _enter(self, run: QuickRun) -> None:
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


_TEXT = {Form.TEXT, Form.TEXTS}
