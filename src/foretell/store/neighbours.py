"""Word between the processes that share a Postgres: one hears what the others tell, and tells nothing while alone.

Who is alone holds a lock for itself that all who listen share. Whoever comes says hello, and has its share once the
one who was alone has let go; from then on it is told everything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import psycopg

from foretell.ids import new_token
from foretell.store.notices import EVERYTHING
from foretell.store.pipeline import Raw

LISTENING = 0x466F726C
"""The advisory lock of all who listen."""
CHANNEL = "foretell"
MESSAGE_BYTES_MAX = 7_900
"""Postgres allows a NOTIFY 8,000 bytes."""
BACKOFF_SECONDS = 0.1
BACKOFF_SECONDS_MAX = 5.0
LISTEN_SECONDS = 1.0
STARTS_SECONDS_MAX = 2.0
ALONE_SECONDS = 3.0
"""How long one is alone after the last look: a connection that was cut off hears nobody come."""

Heard = Callable[[frozenset[str]], None]


class Neighbours:
    """The other processes, heard over a connection of its own, in a thread."""

    def __init__(self, connect: Callable[[], Raw]) -> None:
        self._me = new_token()
        self._connect = connect
        self._alone_until = 0.0
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._listener: threading.Thread | None = None

    def messages(self, topics: Iterable[str]) -> Iterator[str]:
        """What tells the others of `topics`; nothing while there are none."""
        return iter(()) if time.monotonic() < self._alone_until else _messages(self._me, topics)

    def listen(self, heard: Heard) -> None:
        """Calls `heard`, from the thread, with the topics that others tell."""
        self._listener = threading.Thread(
            target=self._listen, args=(heard,), name="foretell-listen", daemon=True
        )
        self._listener.start()
        # So that nothing which happens from now on is missed; a database that is away right now is polled meanwhile.
        self._listening.wait(STARTS_SECONDS_MAX)

    def close(self, tell: Callable[[str], object]) -> None:
        """Ends the thread; at once, where `tell` can send a word to ourselves."""
        self._stopping.set()
        if self._listener is not None:
            with suppress(psycopg.Error):
                tell(self._me)
            self._listener.join()

    def _listen(self, heard: Heard) -> None:
        delay = BACKOFF_SECONDS
        while not self._stopping.is_set():
            try:
                with self._connect() as raw:
                    lock = _Lock(raw, self._me)
                    lock.join()
                    delay = BACKOFF_SECONDS
                    self._attend(raw, lock, heard)
            except psycopg.Error:
                self._alone_until = 0.0
                self._stopping.wait(delay)
                delay = min(delay * 2, BACKOFF_SECONDS_MAX)

    def _attend(self, raw: Raw, lock: _Lock, heard: Heard) -> None:
        heard(frozenset({EVERYTHING}))
        self._listening.set()
        while not self._stopping.is_set():
            since = time.monotonic()
            if since >= lock.asked_at + LISTEN_SECONDS and lock.is_ours_alone(since):
                self._alone_until = since + ALONE_SECONDS
            self._hear(raw, lock, heard)

    def _hear(self, raw: Raw, lock: _Lock, heard: Heard) -> None:
        """What is told next, if anything is within a second."""
        for notice in raw.notifies(timeout=LISTEN_SECONDS, stop_after=1):
            sender, *topics = notice.payload.split("\n")
            if sender != self._me:
                self._alone_until = 0.0
                heard(frozenset(topics))
        if self._alone_until == 0.0:
            lock.share()


class _Lock:
    """The lock of all who listen, which one of them has alone while there is no other."""

    def __init__(self, raw: Raw, me: str) -> None:
        self._raw = raw
        self._me = me
        self._is_shared = False
        self._is_alone = False
        self.asked_at = 0.0

    def join(self) -> None:
        """Listens, says hello, and takes a share once nobody has the lock alone.

        Who has it, and does not let go within a second, is not waited for.
        """
        self._raw.execute(f"SET lock_timeout = '{LISTEN_SECONDS:g}s'".encode())
        self._raw.execute(f"LISTEN {CHANNEL}".encode())
        self._raw.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._me))
        with suppress(psycopg.errors.LockNotAvailable):
            self._ask("pg_advisory_lock_shared")
            self._is_shared = True

    def is_ours_alone(self, now: float) -> bool:
        """Whether nobody else has a share, which is asked of the database each time."""
        self.asked_at = now
        if not self._is_shared:
            self.join()
        elif self._is_alone:
            self._raw.execute("SELECT 1")
        else:
            self._is_alone = self._ask("pg_try_advisory_lock")
        return self._is_alone

    def share(self) -> None:
        """Lets others have theirs."""
        if self._is_alone:
            self._is_alone = False
            self._ask("pg_advisory_unlock")
            # Who said hello takes its share now, and must not find us there again.
            self.asked_at = time.monotonic()

    def _ask(self, function: str) -> bool:
        found = self._raw.execute(f"SELECT {function}({LISTENING})".encode()).fetchone()
        return found is not None and found[0] is True


def _messages(sender: str, topics: Iterable[str]) -> Iterator[str]:
    message = sender
    for topic in topics:
        if len(message) + 1 + len(topic.encode()) > MESSAGE_BYTES_MAX:
            yield message
            message = sender
        message += "\n" + topic
    if message != sender:
        yield message
