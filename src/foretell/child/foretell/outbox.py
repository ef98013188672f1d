"""What waits to be sent to the node: bounded, in order, in few writes.

Whoever has a word that will not wait writes it, with all that waits; a writer of its own does what would take long.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Optional

from .gate import Gate
from .link import Frame, Link, encoded, encoded_items, encoded_value
from .steps import Progress
from .waiting import PIECES_BYTES_MAX, Item, LogText, Pieces, Share, joined

WAITING_BYTES_MAX = 4 * 1024 * 1024
LOG_WAITING_CHARACTERS_MAX = 1024 * 1024
LOG_PIECE_CHARACTERS = 64 * 1024
LOG_PIECE_COST = 256
"""What a piece takes beside its text, in characters' stead: it may be one character long."""
LOG_PATIENCE_SECONDS = 1.0
LINGER_SECONDS = 0.02
"""Log and progress wait this long for more of their kind; all else goes at once and takes them along."""
PROGRESS_SECONDS = 0.1
"""Progress alone is sent no more often than this: who works in many quick steps has the processor to itself."""

BURST_SECONDS = 0.0002
"""Frames that follow one another faster than this are sent together."""
HELD_SECONDS = 0.001
"""How long the end of a run may wait for that of the next."""
HELD_BYTES_MAX = 64 * 1024


class Outbox:
    """Frames wait for room. Log text waits a moment, and is then dropped with a notice."""

    def __init__(self, link: Link) -> None:
        self.gate: Optional[Gate] = None
        self._link = link
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._called = threading.Condition(lock)
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._log_characters = 0
        self._dropped: dict[tuple[Optional[str], str], int] = {}
        self._impatient = False
        self._urgent = False
        self._sending = False
        self._is_at_rest = False
        self._held_until_seconds: Optional[float] = None
        self._shares: dict[str, Share] = {}
        self._progress_due_seconds = 0.0
        self._burst_until_seconds = 0.0
        self._is_silent = False
        self._writer = threading.Thread(target=self._write_for_ever, name="foretell-writer", daemon=True)

    def start(self) -> None:
        self._writer.start()

    def silence(self) -> None:
        """From here on nothing is sent: a forked process has no thread to do it, and no right to."""
        self._is_silent = True

    @property
    def is_silent(self) -> bool:
        return self._is_silent

    def put(self, frame: Frame) -> None:
        """Waits while too much waits. Raises `FrameTooLarge`, and ValueError for what JSON cannot say."""
        self.put_encoded(encoded(frame))

    def put_encoded(self, data: bytes) -> None:
        """The same for one or more frames that are encoded."""
        self._shielded(partial(self._put, data))

    def output(self, run_id: str, value: Any, *, is_first: bool = False) -> None:
        """The same for a value that a run yields. The first of them is waited for."""
        data = encoded_value(value)
        if len(data) > PIECES_BYTES_MAX:
            self._shielded(partial(self._put, encoded_items(run_id, [data])))
        else:
            self._shielded(partial(self._output, run_id, data, is_first))

    def hold(self, data: bytes) -> None:
        """Keeps a frame for those that are about to follow. Called outside of runs, by who will call `send`."""
        if self._is_silent:
            return
        with self._changed:
            self._await_room(len(data))
            self._items.append(data)
            self._bytes += len(data)
            now = time.monotonic()
            if self._held_until_seconds is None:
                self._held_until_seconds = now + HELD_SECONDS
            if now >= self._held_until_seconds or self._bytes > HELD_BYTES_MAX:
                self._send_now()

    def send(self) -> None:
        """Sends what is held."""
        if self._held_until_seconds is None or self._is_silent:
            return
        with self._changed:
            if self._items:
                self._send_now()

    def log(self, run_id: Optional[str], source: str, text: str) -> None:
        """Never waits longer than `LOG_PATIENCE_SECONDS`, and not again before the node has caught up."""
        for start in range(0, len(text), LOG_PIECE_CHARACTERS):
            piece = text[start : start + LOG_PIECE_CHARACTERS]
            self._shielded(partial(self._log, run_id, source, piece))

    def progress(self, run_id: str, progress: Progress) -> None:
        self._shielded(partial(self._progress, run_id, progress))

    def flush(self, timeout_seconds: float) -> bool:
        """False means that time ran out before everything was sent."""
        with self._changed:
            self._call_writer()
            return self._changed.wait_for(lambda: not self._items and not self._sending, timeout_seconds)

    def _shielded(self, act: Callable[[], None]) -> None:
        if self._is_silent:
            return
        if self.gate is None:
            act()
        else:
            self.gate.shield(act)

    def _put(self, data: bytes) -> None:
        with self._changed:
            self._await_room(len(data))
            self._append(data, len(data))

    def _output(self, run_id: str, value: bytes, is_first: bool) -> None:
        with self._changed:
            self._await_room(len(value))
            last = self._items[-1] if self._items else None
            if isinstance(last, Pieces) and last.take(run_id, value):
                self._bytes += len(value)
                return
            if is_first:
                self._burst_until_seconds = 0.0
            self._append(Pieces(run_id, value), len(value))

    def _await_room(self, size: int) -> None:
        while self._items and self._bytes + size > WAITING_BYTES_MAX:
            self._call_writer()
            self._changed.wait()
        self._notice_drops()

    def _append(self, item: Item, size: int) -> None:
        """A lone frame need not wait for the writer; a burst had better go together."""
        self._items.append(item)
        self._bytes += size
        if self._urgent:
            return
        now = time.monotonic()
        if now < self._burst_until_seconds:
            self._call_writer()
        else:
            self._burst_until_seconds = now + BURST_SECONDS
            self._send_now()

    def _send_now(self) -> None:
        """Sends all that waits, as far as that can be done without waiting; the rest is the writer's."""
        self._held_until_seconds = None
        if self._sending or self._urgent:
            self._call_writer()
            return
        items = self._taken()
        left = self._sent(items[0] if len(items) == 1 and isinstance(items[0], bytes) else joined(items))
        if left:
            self._items.append(left)
            self._bytes = len(left)
            self._call_writer()
        self._changed.notify_all()

    def _call_writer(self) -> None:
        if self._items and not self._urgent:
            self._urgent = True
            self._called.notify()

    def _sent(self, data: bytes) -> bytes:
        """What could not be sent without waiting."""
        try:
            return data[self._link.send_some(data) :]
        except OSError:
            os._exit(1)

    def _log(self, run_id: Optional[str], source: str, piece: str) -> None:
        with self._changed:
            if not self._has_log_room():
                lines = max(1, piece.count("\n")) if piece.strip() else 0
                self._dropped[run_id, source] = self._dropped.get((run_id, source), 0) + lines
                return
            self._notice_drops()
            self._append_log(run_id, source, piece)

    def _has_log_room(self) -> bool:
        if self._log_characters < LOG_WAITING_CHARACTERS_MAX:
            return True
        if not self._impatient:
            self._impatient = not self._changed.wait_for(
                lambda: self._log_characters < LOG_WAITING_CHARACTERS_MAX, LOG_PATIENCE_SECONDS
            )
        return not self._impatient

    def _notice_drops(self) -> None:
        dropped, self._dropped = self._dropped, {}
        for (run_id, source), lines in dropped.items():
            if lines:
                self._append_log(run_id, source, f"\n[{lines} lines dropped]\n")

    def _append_log(self, run_id: Optional[str], source: str, text: str) -> None:
        last = self._items[-1] if self._items else None
        same = isinstance(last, LogText) and last.run_id == run_id and last.source == source
        if isinstance(last, LogText) and same and last.size < LOG_PIECE_CHARACTERS:
            last.pieces.append(text)
            last.size += len(text)
        else:
            self._items.append(LogText(run_id, source, text))
            self._log_characters += LOG_PIECE_COST
        self._log_characters += len(text)
        self._tell_writer()

    def _progress(self, run_id: str, progress: Progress) -> None:
        with self._changed:
            if run_id in self._shares:
                self._shares[run_id].progress = progress
                return
            self._shares[run_id] = Share(run_id, progress)
            self._items.append(self._shares[run_id])
            self._tell_writer()

    def _tell_writer(self) -> None:
        """While it lingers, it will see for itself."""
        if self._is_at_rest or self._is_log_long():
            self._called.notify()

    def _write_for_ever(self) -> None:
        while True:
            items = self._next()
            try:
                self._link.send(joined(items))
            except OSError:
                # The node has gone. There is nobody left to tell, and nothing to work for.
                os._exit(1)
            with self._changed:
                self._sending = False
                self._changed.notify_all()

    def _next(self) -> list[Item]:
        with self._changed:
            items: list[Item] = []
            # Whoever had an urgent word may have sent it all meanwhile.
            while not items:
                self._is_at_rest = True
                self._called.wait_for(lambda: bool(self._items))
                self._is_at_rest = False
                self._linger()
                items = self._taken()
            self._sending = True
            self._changed.notify_all()
            return items

    def _taken(self) -> list[Item]:
        items = list(self._items)
        self._items.clear()
        if self._shares:
            self._progress_due_seconds = time.monotonic() + PROGRESS_SECONDS
            self._shares.clear()
        self._bytes = self._log_characters = 0
        self._urgent = self._impatient = False
        self._held_until_seconds = None
        return items

    def _linger(self) -> None:
        self._called.wait_for(lambda: self._urgent or self._is_log_long(), LINGER_SECONDS)
        left_seconds = self._progress_due_seconds - time.monotonic()
        if left_seconds > 0 and not self._is_more_than_progress():
            # Whatever else comes now has lingered enough.
            self._is_at_rest = True
            self._called.wait_for(self._is_more_than_progress, left_seconds)
            self._is_at_rest = False

    def _is_more_than_progress(self) -> bool:
        return self._urgent or len(self._items) > len(self._shares)

    def _is_log_long(self) -> bool:
        return self._log_characters >= LOG_PIECE_CHARACTERS
