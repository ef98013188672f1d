"""What a run had to wait for, and how long: only what it said of itself meanwhile is counted."""

import time
from collections.abc import Mapping

from foretell.prediction import Phase


class Waits:
    """One attempt's."""

    __slots__ = ("_at", "_phase", "_seconds")

    def __init__(self, before: Mapping[Phase, float] | None = None) -> None:
        """`before`: how long it had waited until now, where that is known better than from its row."""
        self._phase: Phase | None = None
        self._at = 0.0
        self._seconds = dict(before or {})

    def enter(self, phase: Phase | None) -> None:
        """It is at this from now on; None: at nothing that counts."""
        self._count()
        self._phase, self._at = phase, time.monotonic()

    def told(self) -> dict[str, float]:
        """Seconds until now, by `<phase>_seconds`; nothing for a run that waited for nothing."""
        self._count()
        return {f"{phase.value}_seconds": round(seconds, 3) for phase, seconds in self._seconds.items()}

    def _count(self) -> None:
        if self._phase is not None:
            now = time.monotonic()
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._at
            self._at = now
