"""What the child has used."""

from __future__ import annotations

import resource
import sys
import threading
import time

MEMORY_LOOK_SECONDS = 0.05
"""To look costs more than a short run takes."""


class Meter:
    """CPU seconds by run. Runs that go on at once share evenly: whose the work is cannot be told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shares: dict[str, float] = {}
        self._seen_seconds = _cpu_seconds()
        self._look_seconds = 0.0
        self._memory_bytes = 0

    def begin(self, run_id: str) -> None:
        with self._lock:
            self._share()
            self._shares[run_id] = 0.0

    def end(self, run_id: str) -> float:
        """CPU seconds since `begin`, those of finished subprocesses included."""
        with self._lock:
            self._share()
            return self._shares.pop(run_id, 0.0)

    def memory_bytes(self, now: float) -> int:
        """The most that the process has ever held, as of `MEMORY_LOOK_SECONDS` ago; `now` by the monotonic clock."""
        if now >= self._look_seconds:
            self._look_seconds = now + MEMORY_LOOK_SECONDS
            self._memory_bytes = _memory_bytes()
        return self._memory_bytes

    def _share(self) -> None:
        now = _cpu_seconds()
        used, self._seen_seconds = now - self._seen_seconds, now
        for run_id in self._shares:
            self._shares[run_id] += used / len(self._shares)


def _memory_bytes() -> int:
    # Linux' own count of the peak begins with what the parent held when it forked.
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - a plain open is the cheapest
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _cpu_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
