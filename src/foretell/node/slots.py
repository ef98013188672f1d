"""The places of a replica: how many runs may be in it, and who waits for one."""

import asyncio
import time
from collections import deque
from collections.abc import Callable


class Slots:
    """Given out in the order of asking; none is there at first."""

    def __init__(self) -> None:
        self.is_over = False
        self.on_free: Callable[[], None] = lambda: None
        """Called when places were given back, and those who asked have got theirs."""
        self.taken_seconds: float | None = None
        """Since when the newest of those that are taken is; None: all are free."""
        self._free = 0
        self._total = 0
        self._asking: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def are_asked_for(self) -> bool:
        """Whether somebody waits."""
        return bool(self._asking)

    async def take(self, places: int) -> None:
        """Returns with so many places, or when all is over."""
        if self.take_at_once(places) or self.is_over:
            return
        asked = asyncio.get_running_loop().create_future()
        self._asking.append((places, asked))
        try:
            await asked
        except asyncio.CancelledError:
            if asked.cancelled():
                self._give()
            else:
                self.free(places)
            raise

    def take_at_once(self, places: int) -> bool:
        """Whether so many were free, and nobody waited for them."""
        if self._asking or self._free < places:
            return False
        self._free -= places
        self.taken_seconds = time.monotonic()
        return True

    def add(self, places: int) -> None:
        """There are so many more."""
        self._total += places
        self.free(places)

    def free(self, places: int) -> None:
        """Gives places back."""
        self._free += places
        if self._free >= self._total:
            self.taken_seconds = None
        self._give()

    def end(self) -> None:
        """Nobody has to wait any more: there is nothing left to wait for."""
        self.is_over = True
        self._give()

    def _give(self) -> None:
        while self._asking and (
            self.is_over or self._free >= self._asking[0][0] or self._asking[0][1].done()
        ):
            places, asked = self._asking.popleft()
            if not asked.done():
                self._free -= places
                self.taken_seconds = time.monotonic()
                asked.set_result(None)
        self.on_free()
