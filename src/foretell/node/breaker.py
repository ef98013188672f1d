"""A model that keeps failing to load is left alone for a while, and what waits for it is told at once."""

from collections import deque

from foretell.node.trouble import LoadFailed

FAILURES_MAX = 3
WITHIN_SECONDS = 300.0
COOL_DOWN_SECONDS = 30.0
REST_SECONDS_MAX = 60.0


class Breaker:
    """One version's failed loads. `now_seconds` is monotonic."""

    def __init__(self) -> None:
        self._failures: deque[float] = deque(maxlen=FAILURES_MAX)
        self._deaths: deque[float] = deque(maxlen=10)
        self._last: LoadFailed | None = None

    def failed(self, failure: LoadFailed, now_seconds: float) -> None:
        self._failures.append(now_seconds)
        self._last = failure

    def loaded(self) -> None:
        self._failures.clear()

    def open_for(self, now_seconds: float) -> LoadFailed | None:
        """Why nothing is loaded now; None: a load may be tried."""
        if len(self._failures) < FAILURES_MAX:
            return None
        first, last = self._failures[0], self._failures[-1]
        is_open = last - first <= WITHIN_SECONDS and now_seconds - last < COOL_DOWN_SECONDS
        return self._last if is_open else None

    def died(self, now_seconds: float) -> None:
        """A process ended that nobody had stopped."""
        self._deaths.append(now_seconds)

    def rests(self, now_seconds: float) -> bool:
        """Whether nothing is loaded yet for which nobody waits: the more often it died lately, the longer."""
        deaths = [each for each in self._deaths if now_seconds - each < WITHIN_SECONDS]
        if not deaths:
            return False
        return now_seconds - deaths[-1] < min(REST_SECONDS_MAX, 2.0 ** (len(deaths) - 1) / 2)
