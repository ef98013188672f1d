"""SQLite: one file in the data directory, one writer, readers beside it, one server process per directory."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from foretell.errors import Code, Error
from foretell.store.checkpoints import WAL_BYTES_MAX, Checkpoints
from foretell.store.database import Fault, Row, Table, Transaction, Value, flat, marks, said
from foretell.store.promptness import Promptness

WORDS = {
    "word": "TEXT",
    "bytes": "BLOB",
    "clustered": " WITHOUT ROWID",
    "roomy": "",
    "for_update": "",
    "skip_locked": "",
    # Who copies and who erases share a machine, and a lock on it.
    "is_copied": "0",
}
CACHE_KIB = 16 * 1024
BUSY_SECONDS = 5.0
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.0005, 0.01
"""How often a database that another writes to is tried: at first, and in the end."""
ROWS_MAX = 64
"""Rows that one statement inserts. Always a power of two, so that few statements are kept prepared."""

_UNAVAILABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}


class LockedError(Error):
    """Another server holds this data directory; the message names its process."""


class SqliteConnection:
    """A connection of Python's sqlite3 in autocommit mode."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.raw.execute(_text(sql), values).fetchall()

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.raw.execute(_text(sql), values)

    def insert(self, table: str, columns: str, rows: Sequence[Sequence[Value]], end: str) -> None:
        # Each step of a statement lets go of the interpreter and takes it back: under load that costs more than a row.
        start, width = 0, len(rows[0])
        while start < len(rows):
            count = min(ROWS_MAX, 1 << (len(rows) - start).bit_length() - 1)
            sql = _insert(table, columns, width, count, end)
            self.raw.execute(sql, flat(rows[start : start + count]))
            start += count

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Value]]) -> Table:
        values = _rows(tuple(columns.values()), len(rows))
        return Table(f"{name}({', '.join(columns)}) AS (VALUES {values})", flat(rows))


class SqliteDatabase:
    """The database file `foretell.db` of a data directory, locked for life."""

    def __init__(self, directory: Path, *, clock: Callable[[], int], power_safe: bool) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = directory / "foretell.db"
        self._clock = clock
        self._lock = lock_directory(directory)
        self._full = power_safe
        self._lasting = power_safe
        self._waits = True
        self._has_begun = False
        self._all, self._passing = Promptness(), Promptness()
        self.connection = SqliteConnection(self._open_writer())
        self._checkpoints = Checkpoints(self.path, power_safe=power_safe)

    @contextmanager
    def transaction(self, *, lasting: bool) -> Iterator[Transaction]:
        execute = self.connection.raw.execute
        if not self._has_begun:
            self._begin(lasting=lasting, patience_seconds=BUSY_SECONDS)
        self._has_begun = False
        try:
            transaction = Transaction(self.connection, self._clock)
            yield transaction
            began_seconds = time.perf_counter()
            execute("COMMIT")
            self._observe(time.perf_counter() - began_seconds, lasting=lasting)
            if transaction.erases:
                self._checkpoints.empty_log()
        except BaseException:
            # A full disk has rolled back already; the reason is the first error, not this one.
            with suppress(sqlite3.Error):
                execute("ROLLBACK")
            raise

    def is_prompt(self, *, lasting: bool) -> bool:
        return bool(self._all if lasting and self._full else self._passing)

    def begins_at_once(self, *, lasting: bool) -> bool:
        if self._waits:
            # From here on it is asked again and again, by whoever can wait.
            self.connection.raw.execute("PRAGMA busy_timeout=0")
            self._waits = False
        try:
            self._begin(lasting=lasting, patience_seconds=0.0)
        except sqlite3.Error:
            # Whoever waits for it hears what it is.
            return False
        self._has_begun = True
        return True

    @contextmanager
    def reader(self) -> Iterator[SqliteConnection]:
        raw = sqlite3.connect(
            f"file:{_quoted(self.path)}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB // 4}")
        raw.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        try:
            yield SqliteConnection(raw)
        finally:
            raw.close()

    def fault(self, error: Exception) -> Fault:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return Fault.ITEM
        if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
            return Fault.CONFLICT
        return Fault.UNAVAILABLE if code & 0xFF in _UNAVAILABLE else Fault.ITEM

    def listen(self, heard: Callable[[frozenset[str]], None]) -> None:
        """Nobody else writes to this file, so there is nothing to hear."""

    def close(self) -> None:
        self._checkpoints.stop()
        with suppress(sqlite3.Error):
            self.connection.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.raw.close()
        os.close(self._lock)

    def backup(self, target: Path) -> None:
        """Writes a copy of the database beside it, whole or not at all."""
        unfinished = target.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        self.connection.raw.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.replace(target)

    def _open_writer(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        self.path.chmod(0o600)
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA synchronous={'FULL' if self._full else 'NORMAL'}")
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        raw.execute("PRAGMA wal_autocheckpoint=0")
        raw.execute(f"PRAGMA journal_size_limit={WAL_BYTES_MAX}")
        raw.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        raw.execute("PRAGMA foreign_keys=ON")
        # What is deleted is overwritten: it must not be found in pages that are free.
        raw.execute("PRAGMA secure_delete=ON")
        raw.execute("PRAGMA temp_store=MEMORY")
        return raw

    def _begin(self, *, lasting: bool, patience_seconds: float) -> None:
        self._sync(lasting)
        until_seconds, pause_seconds = time.monotonic() + patience_seconds, PAUSE_SECONDS
        while True:
            try:
                self.connection.raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until_seconds:
                    raise
            # Whoever writes is done in a moment, most of which SQLite itself would sleep through.
            time.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, PAUSE_SECONDS_MAX)

    def _observe(self, commit_seconds: float, *, lasting: bool) -> None:
        # What waits for the disk says nothing of what does not; what the loop loses by waiting is an average over both.
        self._all.observe(commit_seconds)
        if not (lasting and self._full):
            self._passing.observe(commit_seconds)

    def _sync(self, lasting: bool) -> None:
        """Takes the fsync only where power loss would lose a promise.

        The log is in order: the next lasting commit makes every one before it last as well.
        """
        wanted = self._full and lasting
        if wanted != self._lasting:
            self.connection.raw.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._lasting = wanted


def lock_directory(directory: Path) -> int:
    """Locks `directory` for this process' life and writes its pid down. Raises LockedError naming the holder's pid."""
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 32).decode().strip() or "unknown"
        os.close(lock)
        message = f"{directory} is in use by another Foretell server (process {holder})."
        raise LockedError(Code.UNAVAILABLE, message) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


@lru_cache(maxsize=4_096)
def _text(sql: str) -> str:
    return said(sql, WORDS)


@lru_cache(maxsize=4_096)
def _insert(table: str, columns: str, width: int, count: int, end: str) -> str:
    rows = ", ".join([f"({marks(width)})"] * count)
    return f"INSERT INTO {table} ({columns}) VALUES {rows}{end}"


@lru_cache(maxsize=4_096)
def _rows(types: tuple[str, ...], count: int) -> str:
    first = "(" + ", ".join(f"CAST(? AS {each})" for each in types) + ")"
    rest = "(" + marks(len(types)) + ")"
    return ", ".join([first] + [rest] * (count - 1))


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
