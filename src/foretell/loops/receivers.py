"""How much one receiver may be asked to take, so that one that hangs does not keep others from being told."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

SLOTS = 8
"""Deliveries under way to one receiver at once."""
WAITING_MAX = 192
"""Deliveries to one receiver that may wait in memory; more are left in the table."""
FAILURES_MAX = 5
"""After so many failures in a row a receiver is left alone for a while."""
PAUSE_SECONDS = 30
RECEIVERS_MAX = 1_000


class Receiver:
    """One host and port, and how it has been doing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.slots = asyncio.Semaphore(SLOTS)
        self.waiting = 0
        self._clock = clock
        self._failures = 0
        self._paused_until = 0.0

    @property
    def takes_more(self) -> bool:
        """Whether another delivery makes sense now; if not, it is best left in the table."""
        return self.waiting < WAITING_MAX and not self.is_paused

    @property
    def is_paused(self) -> bool:
        """Whether it has failed so often of late that it is left alone."""
        return self._clock() < self._paused_until

    @property
    def is_forgettable(self) -> bool:
        """Whether nothing is known of it that matters."""
        return self.waiting == 0 and not self._failures

    def note(self, *, succeeded: bool) -> None:
        """Remembers how an attempt went."""
        self._failures = 0 if succeeded else self._failures + 1
        if self._failures >= FAILURES_MAX:
            self._paused_until = self._clock() + PAUSE_SECONDS


class Receivers:
    """The receivers that are being told things, or were not long ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, Receiver] = {}

    def of(self, url: str) -> Receiver:
        """The receiver that a URL belongs to."""
        host = urlsplit(url).netloc.lower()
        if host not in self._known:
            self._make_room()
            self._known[host] = Receiver(self._clock)
        return self._known[host]

    @property
    def room(self) -> int:
        """How many deliveries each of them has room for, except those that are left alone."""
        waiting = (each.waiting for each in self._known.values() if not each.is_paused)
        return WAITING_MAX - max(waiting, default=0)

    def _make_room(self) -> None:
        if len(self._known) >= RECEIVERS_MAX:
            self._known = {host: each for host, each in self._known.items() if not each.is_forgettable}
