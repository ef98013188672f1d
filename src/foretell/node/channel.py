"""What a child says about one run, on its way from the replica that hears it to the run that listens."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from foretell.node.frames import Ending, Frame, Items

WAITING_MAX = 1_000
"""Frames that may wait for their listener, each item of several at once counted; beyond it the child has to wait."""


class Channel:
    """A bounded queue of frames that may end with a reason. `on_change` is called for each, and for the end."""

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self.on_change = on_change
        self.on_left: Callable[[], None] | None = None
        """Called once the child has said its last word about the run: it is free for another."""
        self.is_left = False
        """Whether that was called."""
        self._frames: deque[Frame] = deque()
        self._weight = 0
        self._reason: Exception | None = None
        # Made when somebody waits: most are never waited for.
        self._listening: asyncio.Future[None] | None = None
        self._waiting: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the listener is so far behind that whoever pushes should wait for `room`."""
        return self._weight >= WAITING_MAX and self._reason is None

    async def room(self) -> None:
        """Waits until the listener has caught up. One waits at a time."""
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def push(self, frame: Frame) -> None:
        """Puts without waiting; what cannot wait any more is dropped, and so is what comes after the end."""
        if self._reason is None and self._weight < 2 * WAITING_MAX:
            self._frames.append(frame)
            self._weight += _weight(frame)
            _wake(self._listening)
            if self.on_change is not None:
                self.on_change()

    def end(self, reason: Exception) -> None:
        """Nothing more will come; who listens gets what waits, then `reason`."""
        if self._reason is None:
            self._reason = reason
        _wake(self._listening)
        _wake(self._waiting)
        if self.on_change is not None:
            self.on_change()

    def leave(self) -> None:
        """The child has said its last word about the run."""
        if self.on_left is not None and not self.is_left:
            self.is_left = True
            self.on_left()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self._reason is not None

    @property
    def said(self) -> Sequence[Frame]:
        """What was put and not taken yet."""
        return self._frames

    async def receive(self) -> Frame:
        """The next frame. Raises the reason after the last one."""
        while not self._frames:
            if self._reason is not None:
                raise self._reason
            self._listening = asyncio.get_running_loop().create_future()
            await self._listening
        frame = self._frames.popleft()
        self._weight -= _weight(frame)
        if self._weight < WAITING_MAX // 2:
            _wake(self._waiting)
        return frame

    def waiting(self) -> list[Frame]:
        """Takes all that waits, without waiting."""
        frames = list(self._frames)
        self._frames.clear()
        self._weight = 0
        _wake(self._waiting)
        return frames

    async def ending(self, passed: Callable[[Frame], None] | None = None) -> Ending:
        """The last frame; those before it are `passed` by. Raises the reason when there is none."""
        while not isinstance(frame := await self.receive(), Ending):
            if passed is not None:
                passed(frame)
        return frame


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _weight(frame: Frame) -> int:
    return max(1, len(frame.values)) if isinstance(frame, Items) else 1
