"""The watch over connections to a database that may fall silent: frozen, or cut off with nobody told."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

LOOK_SECONDS = 0.5


class Connected(Protocol):
    """A connection over a socket."""

    def fileno(self) -> int: ...


class Watch:
    """Cuts a connection whose answer takes too long; whoever waits for it gets the error of a lost connection.

    The database's own timeouts need a database that lives, and those of the network one that can be reached.
    """

    def __init__(self) -> None:
        self._waiting: dict[object, tuple[float, Connected]] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, name="foretell-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self, connection: Connected, seconds: float) -> Iterator[None]:
        """Cuts `connection` if the block is not over within `seconds`, or half a second more."""
        mark: Any = object()
        self._waiting[mark] = (time.monotonic() + seconds, connection)
        try:
            yield
        finally:
            self._waiting.pop(mark, None)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            now = time.monotonic()
            late = [mark for mark, (until, _) in tuple(self._waiting.items()) if until < now]
            for _, connection in filter(None, [self._waiting.pop(mark, None) for mark in late]):
                _cut(connection)


def _cut(connection: Connected) -> None:
    # It may be closed by now. The copy keeps the number from being given to another socket meanwhile.
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
