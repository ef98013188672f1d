"""Chatter: lines about single predictions, all of them while they are few, and some once there are too many to read."""

import time

LINES_A_SECOND_MAX = 100


class Chatter:
    """Counts the lines of one kind, second by second."""

    def __init__(self, lines_max: int = LINES_A_SECOND_MAX) -> None:
        self._lines_max = lines_max
        self._second = 0
        self._said = 0
        self._unsaid = 0

    def unsaid(self) -> int | None:
        """How many lines before this one were left out; None: this one is left out, too."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._said = second, 0
        if self._said >= self._lines_max:
            self._unsaid += 1
            return None
        self._said += 1
        left_out, self._unsaid = self._unsaid, 0
        return left_out
