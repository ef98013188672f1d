"""What waits to be sent to the node: bounded, in order, written by a thread of its own in few writes."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Optional, Union

from .gate import Gate
from .link import Frame, Link, encoded, encoded_items, encoded_value
from .steps import Progress

WAITING_BYTES_MAX = 4 * 1024 * 1024
LOG_WAITING_CHARACTERS_MAX = 1024 * 1024
LOG_PIECE_CHARACTERS = 64 * 1024
LOG_PIECE_COST = 256
"""What a piece takes beside its text, in characters' stead: it may be one character long."""
LOG_PATIENCE_SECONDS = 1.0
LINGER_SECONDS = 0.02
"""Log and progress wait this long for more of their kind; all else goes at once and takes them along."""

BURST_SECONDS = 0.0002
"""Frames that follow one another faster than this are sent together."""

PIECES_MAX = 256
PIECES_BYTES_MAX = 64 * 1024
"""What a run yields in a burst goes in frames of about so much."""


class LogText:
    """Log text of one run and source that has not been sent yet, and grows as more is printed."""

    def __init__(self, run_id: Optional[str], source: str, text: str) -> None:
        self.run_id, self.source, self.pieces, self.size = run_id, source, [text], len(text)

    def encoded(self) -> bytes:
        text = "".join(self.pieces).encode("utf-8", "replace").decode("utf-8")
        return encoded({"type": "log", "id": self.run_id, "source": self.source, "text": text})


class Share:
    """How far a run is; what is newer takes the place of what still waits."""

    def __init__(self, run_id: str, progress: Progress) -> None:
        self.run_id, self.progress = run_id, progress

    def encoded(self) -> bytes:
        frame = {"type": "progress", "id": self.run_id, "fraction": self.progress.fraction}
        steps = self.progress.steps
        if steps is not None:
            frame["steps"] = {"done": steps.done, "of": steps.of, "unit": steps.unit}
        return encoded(frame)


class Pieces:
    """What one run has yielded and has not been sent yet, as JSON; grows as more comes."""

    def __init__(self, run_id: str, value: bytes) -> None:
        self.run_id, self.values, self.size = run_id, [value], len(value)

    def encoded(self) -> bytes:
        return encoded_items(self.run_id, self.values)

    def take(self, run_id: str, value: bytes) -> bool:
        """False where it has no room for it, or is another run's."""
        size = self.size + len(value)
        if run_id != self.run_id or size > PIECES_BYTES_MAX or len(self.values) >= PIECES_MAX:
            return False
        self.values.append(value)
        self.size = size
        return True


Item = Union[bytes, LogText, Share, Pieces]


class Outbox:
    """Frames wait for room. Log text waits a moment, and is then dropped with a notice."""

    def __init__(self, link: Link) -> None:
        self.gate: Optional[Gate] = None
        self._link = link
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._log_characters = 0
        self._dropped: dict[tuple[Optional[str], str], int] = {}
        self._impatient = False
        self._urgent = False
        self._sending = False
        self._shares: dict[str, Share] = {}
        self._burst_until_seconds = 0.0
        self._is_silent = False
        self._writer = threading.Thread(target=self._write_for_ever, name="foretell-writer", daemon=True)

    def start(self) -> None:
        self._writer.start()

    def silence(self) -> None:
        """From here on nothing is sent: a forked process has no thread to do it, and no right to."""
        self._is_silent = True

    def put(self, frame: Frame) -> None:
        """Waits while too much waits. Raises `FrameTooLarge`, and ValueError for what JSON cannot say."""
        data = encoded(frame)
        self._shielded(partial(self._put, data))

    def output(self, run_id: str, value: Any) -> None:
        """The same for a value that a run yields."""
        data = encoded_value(value)
        if len(data) > PIECES_BYTES_MAX:
            self._shielded(partial(self._put, encoded_items(run_id, [data])))
        else:
            self._shielded(partial(self._output, run_id, data))

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
            self._urgent = True
            self._changed.notify_all()
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
            if self._may_go_at_once():
                data = self._sent(data)
            if data:
                self._append(data, len(data))

    def _output(self, run_id: str, value: bytes) -> None:
        with self._changed:
            self._await_room(len(value))
            last = self._items[-1] if self._items else None
            if isinstance(last, Pieces) and last.take(run_id, value):
                self._bytes += len(value)
                return
            pieces = Pieces(run_id, value)
            if not self._may_go_at_once():
                self._append(pieces, len(value))
            elif left := self._sent(pieces.encoded()):
                self._append(left, len(left))

    def _await_room(self, size: int) -> None:
        while self._items and self._bytes + size > WAITING_BYTES_MAX:
            self._changed.wait()
        self._notice_drops()

    def _append(self, item: Item, size: int) -> None:
        self._items.append(item)
        self._bytes += size
        if not self._urgent:
            self._urgent = True
            self._changed.notify_all()

    def _may_go_at_once(self) -> bool:
        """Whether this is a lone frame, which need not wait for the writer; a burst had better go together."""
        now = time.monotonic()
        if self._items or self._sending or now < self._burst_until_seconds:
            return False
        self._burst_until_seconds = now + BURST_SECONDS
        return True

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
        self._changed.notify_all()

    def _progress(self, run_id: str, progress: Progress) -> None:
        with self._changed:
            if run_id in self._shares:
                self._shares[run_id].progress = progress
                return
            self._shares[run_id] = Share(run_id, progress)
            self._items.append(self._shares[run_id])
            self._changed.notify_all()

    def _write_for_ever(self) -> None:
        while True:
            items = self._next()
            try:
                self._link.send(item if isinstance(item, bytes) else item.encoded() for item in items)
            except OSError:
                # The node has gone. There is nobody left to tell, and nothing to work for.
                os._exit(1)
            with self._changed:
                self._sending = False
                self._changed.notify_all()

    def _next(self) -> list[Item]:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._items))
            self._linger()
            items = list(self._items)
            self._items.clear()
            self._shares.clear()
            self._bytes = self._log_characters = 0
            self._urgent, self._impatient, self._sending = False, False, True
            self._changed.notify_all()
            return items

    def _linger(self) -> None:
        until = time.monotonic() + LINGER_SECONDS
        self._changed.wait_for(lambda: self._urgent or self._is_log_long(), until - time.monotonic())

    def _is_log_long(self) -> bool:
        return self._log_characters >= LOG_PIECE_CHARACTERS
