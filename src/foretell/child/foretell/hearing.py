"""Who hears the node: the predictor's thread while it has nothing to run, and a listener while a run goes on."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from typing import NoReturn, Optional

from .link import Frame, Link, LinkClosed

LOOK_SECONDS = 0.005
"""A run that is still going on after this long has the node heard by the listener."""
QUIET_LOOKS = 5
"""At a predictor that has nothing to do the listener looks so often, ever less, and then rests until a run begins."""
FRESH_SECONDS = 0.001
"""Between runs that have come together, the node is heard again after this long."""
CANCEL_LOOK_SECONDS = 0.1


class Hearing:
    """Begins with the listener. A run that is quick costs no change of thread: who runs it has heard of it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._held_up: Callable[[], None] = lambda: None
        self._cancels: Callable[[], bool] = lambda: False
        self._lock = threading.Lock()
        self._listens = True
        self._is_waiting = False
        self._rests = False
        self._turns = 0
        self._fresh_until_seconds = 0.0
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)

    def start(self, hear: Callable[[Frame], None], ended: Callable[[Exception], NoReturn]) -> None:
        """Each frame goes to `hear`, in the thread that has heard it, and one at a time."""
        self._hear = hear
        self._ended = ended
        threading.Thread(target=self._listen, name="foretell-listener", daemon=True).start()

    def attend(self, held_up: Callable[[], None], cancels: Callable[[], bool]) -> None:
        """`held_up` is called where a run lasts, `cancels` every now and then while it tells that a run is to end."""
        self._held_up = held_up
        self._cancels = cancels

    @property
    def is_held_up(self) -> bool:
        """Whether it is the listener who hears the node. False until then; from then on nobody calls `held_up`."""
        return self._listens

    def wait(self, asked: Sequence[object]) -> None:
        """Returns when there is something in `asked`. Called from the predictor's thread only, like `glance`."""
        with self._lock:
            self._is_waiting = True
            if self._listens:
                self._listens = False
                self._wake()
            try:
                while not asked:
                    self._receive(wait=True)
            finally:
                self._is_waiting = False
        if self._rests:
            self._wake()

    def glance(self) -> None:
        """Hears what the node has said meanwhile, unless nobody can have missed it for long."""
        if self._listens or time.monotonic() < self._fresh_until_seconds:
            return
        with self._lock:
            self._receive(wait=False)

    def _receive(self, *, wait: bool) -> None:
        try:
            for frame in self._link.receive(wait=wait):
                self._hear(frame)
        except (LinkClosed, KeyError) as reason:
            self._ended(reason)
        self._turns += 1
        self._fresh_until_seconds = time.monotonic() + FRESH_SECONDS

    def _listen(self) -> NoReturn:
        self._either, self._woken_only = select.poll(), select.poll()
        self._either.register(self._link.fileno(), select.POLLIN)
        for each in (self._either, self._woken_only):
            each.register(self._woken, select.POLLIN)
        seen, quiet = self._turns, 0
        while True:
            if self._listens:
                self._hear_on()
            elif self._turns != seen:
                seen, quiet = self._turns, 0
                self._rest(LOOK_SECONDS)
            elif self._is_waiting:
                quiet += 1
                self._rest(LOOK_SECONDS * 2**quiet if quiet < QUIET_LOOKS else None)
            else:
                self._take_over()

    def _hear_on(self) -> None:
        self._either.poll(CANCEL_LOOK_SECONDS * 1000 if self._cancels() else None)
        self._forget_wakes()
        # Not waited for: the predictor's thread has it until there is a run, and would then have to wake this one.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._listens:
                self._receive(wait=False)
        finally:
            self._lock.release()

    def _rest(self, seconds: Optional[float]) -> None:
        self._rests = seconds is None
        # Whoever begins a run after this line sees that the listener rests, and wakes it.
        if seconds is not None or self._is_waiting:
            self._woken_only.poll(None if seconds is None else seconds * 1000)
        self._rests = False
        self._forget_wakes()

    def _take_over(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._rest(LOOK_SECONDS)
            return
        self._listens = True
        self._lock.release()
        self._held_up()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been woken often enough
            os.write(self._waker, b"!")

    def _forget_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
