"""Promptness: whether commits take so little time lately that the event loop itself can wait for them."""

import time

PROMPT_SECONDS = 0.0005
"""Where commits take less, it can."""
SLOW_SECONDS = 0.002
REST = 100
"""For so many times as long as a slower one took, the event loop waits for none: it loses a hundredth at most."""
WEIGHT = 0.1
"""How much of the average of the others the newest commit is."""


class Promptness:
    """That of one kind of commits."""

    def __init__(self) -> None:
        self._commit_seconds = 0.0
        self._rests_until = 0.0

    def __bool__(self) -> bool:
        return self._commit_seconds < PROMPT_SECONDS and time.perf_counter() >= self._rests_until

    def observe(self, commit_seconds: float) -> None:
        """A commit took so long: a slow one counts at once and for a while, quick ones only together."""
        if commit_seconds > SLOW_SECONDS:
            self._rests_until = time.perf_counter() + REST * commit_seconds
        else:
            self._commit_seconds += WEIGHT * (commit_seconds - self._commit_seconds)
