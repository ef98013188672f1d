"""A bell that wakes everyone who waits for something to have changed."""

import asyncio


class Bell:
    """Each ring wakes those who wait at that moment; they look for themselves what it was about."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._later_seconds = 0.0

    def ring_within(self, seconds: float) -> None:
        """Rings once by then, however often that is asked for: at the soonest time that it was."""
        loop = asyncio.get_running_loop()
        at_seconds = loop.time() + seconds
        if self._later is not None:
            if self._later_seconds <= at_seconds:
                return
            self._later.cancel()
        self._later, self._later_seconds = loop.call_later(seconds, self.ring), at_seconds

    def ring(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_seconds: float) -> None:
        """Returns at the next ring, or after the timeout."""
        waiting = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({waiting}, timeout=timeout_seconds)
        finally:
            waiting.cancel()
