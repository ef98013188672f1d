"""How a cancel reaches the thread of the predictor: in the run that it is for, never where a lock is held."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Optional, TypeVar

REPEAT_SECONDS = 0.5
"""A cancel that a predictor swallowed is raised again after this long, until its run has ended."""

Result = TypeVar("Result")


class CancelationException(BaseException):
    """Raised inside a predictor whose prediction was canceled. Clean up and let it go on."""


class Gate:
    """Lets a cancel into the thread that made the gate, while the run it is meant for is going on."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._run: Optional[str] = None
        self._wanted = False
        # Outside of a run no cancel can come.
        self._shielded = True
        self._held_back = False
        self._next_seconds = 0.0

    def enter(self, run_id: str) -> None:
        """From here on a cancel of this run is taken; it lands when the gate is opened."""
        with self._lock:
            self._run, self._wanted, self._held_back, self._shielded = run_id, False, False, True

    def open(self) -> None:
        """From here on a cancel may land; one that was taken does so now."""
        self._shielded = False
        if self._held_back:
            self._land()

    def leave(self) -> bool:
        """After it, no cancel can land. True means one was wanted."""
        try:
            return self._close()
        except CancelationException:
            return self._close()

    @property
    def is_canceling(self) -> bool:
        """True while a run is in the gate whose cancel was asked for."""
        return self._run is not None and self._wanted

    def cancel(self, run_id: str) -> bool:
        """False means that run is not in the gate, and nothing was done. Called from another thread."""
        with self._lock:
            if self._run != run_id:
                return False
            if not self._wanted:
                self._wanted = True
                self._arm()
            return True

    def repeat(self) -> None:
        """Raises a wanted cancel again if it is time to. Called from another thread, every now and then."""
        with self._lock:
            if self._run is not None and self._wanted and time.monotonic() >= self._next_seconds:
                self._arm()

    def shield(self, act: Callable[[], Result]) -> Result:
        """What `act` returns. A cancel lands before or after it: inside, it could leave a lock held."""
        if self._shielded or threading.get_ident() != self._thread:
            return act()
        try:
            with self._lock:
                self._shielded = True
            settle()
            return act()
        finally:
            self._shielded = False
            self._land()

    def _arm(self) -> None:
        self._next_seconds = time.monotonic() + REPEAT_SECONDS
        if self._shielded:
            self._held_back = True
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread), ctypes.py_object(CancelationException)
        )

    def _land(self) -> None:
        with self._lock:
            held_back, self._held_back = self._held_back, False
        if held_back:
            raise CancelationException()

    def _close(self) -> bool:
        with self._lock:
            self._run, self._held_back = None, False
        if self._wanted:
            settle()
        self._shielded = True
        return self._wanted


def settle() -> None:
    """Lets an exception that is already on its way to this thread land here, where nothing is held."""
    for _ in range(3):
        _pause()


def _pause() -> None:
    """The interpreter looks for such an exception where a function begins and where a loop turns."""
