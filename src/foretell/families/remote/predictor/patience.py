"""How long a server that does not answer, or has no room, is asked again."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Optional

FIRST_SECONDS = 0.5
PAUSE_SECONDS_MAX = 8.0


class Patience:
    """Pauses that double, up to `seconds` in all."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """It went on: the time counts from here."""
        self._until = time.monotonic() + self._seconds
        self._pause = FIRST_SECONDS

    async def wait(self, wanted_seconds: Optional[float] = None) -> bool:
        """Sleeps for what the server wants, or a little longer than the last time; False: it is at an end."""
        pause = self._pause * random.uniform(0.8, 1.2) if wanted_seconds is None else wanted_seconds
        if time.monotonic() + pause > self._until:
            return False
        self._pause = min(2 * self._pause, PAUSE_SECONDS_MAX)
        await asyncio.sleep(pause)
        return True
