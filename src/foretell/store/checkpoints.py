"""Checkpoints: SQLite's log is moved into its file beside the writer, whose caller they would cost up to 34 ms."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

CHECKPOINT_BYTES = 4 * 1024**2
CHECKPOINT_SECONDS = 0.5
BUSY_SECONDS = 0.05
"""How long a checkpoint that empties the log may keep the writer waiting for a reader to end."""
LOG_FRAMES_MAX = 4 * 1024
"""So many pages are in the log before it begins anew although somebody writes."""
PASSES = 2
"""How often what was written meanwhile is moved before the writer has to wait for the rest: each time it is less."""
WAL_BYTES_MAX = 64 * 1024**2


class Checkpoints:
    """The thread that makes them, for the database at `path`, until it is told to stop."""

    def __init__(self, path: Path, *, power_safe: bool) -> None:
        self._path = path
        self._full = power_safe
        self._stopping = threading.Event()
        self._erases = threading.Event()
        # What a server erased that was killed right after that is in the log it left.
        self._erases.set()
        self._thread = threading.Thread(target=self._run, name="foretell-checkpoint", daemon=True)
        self._thread.start()

    def empty_log(self) -> None:
        """Something was erased: soon nothing of it is in the log either."""
        self._erases.set()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        raw = sqlite3.connect(self._path, isolation_level=None)
        raw.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        raw.execute(f"PRAGMA synchronous={'FULL' if self._full else 'NORMAL'}")
        while not self._stopping.wait(CHECKPOINT_SECONDS):
            # What cannot be moved now (a reader, a full disk) is moved next time.
            with suppress(sqlite3.Error):
                if self._log_bytes() > CHECKPOINT_BYTES:
                    self._move_log(raw)
                if self._erases.is_set():
                    self._empty_log(raw)
        raw.close()

    def _move_log(self, raw: sqlite3.Connection) -> None:
        """Beside a writer it is never all moved; it begins anew where that waits while the little that is left is."""
        _, frames, _ = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if frames > LOG_FRAMES_MAX:
            for _ in range(PASSES):
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
            raw.execute("PRAGMA wal_checkpoint(RESTART)")
        if self._log_bytes() > WAL_BYTES_MAX:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _empty_log(self, raw: sqlite3.Connection) -> None:
        """Leaves nothing in the log of what was erased; if a reader is in the way, it is asked for again."""
        self._erases.clear()
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
        is_busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_busy:
            self._erases.set()

    def _log_bytes(self) -> int:
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0
