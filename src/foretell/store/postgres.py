"""Postgres: a writing connection, reading ones, and one that listens. psycopg is synchronous here, in threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import psycopg

from foretell.store.database import Fault, Row, Transaction, said
from foretell.store.neighbours import CHANNEL, Neighbours
from foretell.store.pipeline import Pipeline, Raw
from foretell.store.watch import Watch

COPYING = 0x466F7263
"""The advisory lock of whoever copies the database and its files."""
WORDS = {
    "word": 'TEXT COLLATE "C"',
    "bytes": "BYTEA",
    "clustered": "",
    # Room on each page for the next state of a row, so that its indexes need not be touched.
    "roomy": " WITH (fillfactor = 70)",
    "for_update": "FOR UPDATE",
    "skip_locked": "FOR UPDATE SKIP LOCKED",
    "is_copied": f"""EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = {COPYING}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))""",
}
READ_SECONDS_MAX = 5
WRITE_SECONDS_MAX = 15
SILENCE_SECONDS = 5
"""How long after these a database that says nothing at all is given up."""
BACKOFF_SECONDS = 0.1
BACKOFF_SECONDS_MAX = 5.0

_NOW = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
_TELL = "SELECT pg_notify(?, ?)"
_AGAIN = {"40001", "40P01"}
_UNAVAILABLE_CLASSES = {"08", "25", "53", "57", "58", "XX"}
# Every statement of the writer has an index; a plan that was made and kept while a table was small would do without it.
_WRITER = (
    f"-c statement_timeout={WRITE_SECONDS_MAX}s -c idle_in_transaction_session_timeout={WRITE_SECONDS_MAX}s "
    "-c enable_seqscan=off"
)
_READER = f"-c statement_timeout={READ_SECONDS_MAX}s -c default_transaction_read_only=on"
# A database that vanished without a word is noticed within some ten seconds.
CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "foretell",
    "client_encoding": "utf8",
}


class PostgresConnection:
    """A psycopg connection in autocommit mode, to look something up."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        cursor = self._raw.execute(_text(sql), values or None)
        return cursor.fetchall() if cursor.description else []


class Reader:
    """A connection that reads, each statement of which is watched."""

    def __init__(self, raw: Raw, watch: Watch) -> None:
        self._raw = raw
        self._pipeline = Pipeline(raw, WORDS)
        self._watch = watch

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with self._watch.over(self._raw, READ_SECONDS_MAX + SILENCE_SECONDS), _undone(self._pipeline):
            return self._pipeline.execute(sql, values)


class PostgresDatabase:
    """A Postgres database, possibly shared with other processes; it may go away and come back."""

    def __init__(self, address: str, *, clock: Callable[[], int] | None, power_safe: bool) -> None:
        self._address = address
        self._clock = clock
        self._settings = "" if power_safe else " -c synchronous_commit=off"
        self._writer: Pipeline | None = None
        self._backoff = Backoff()
        self._watch = Watch()
        self._neighbours = Neighbours(partial(self._connect, ""))

    @contextmanager
    def transaction(self, *, lasting: bool) -> Iterator[Transaction]:
        # `lasting` is for a database that dies with its nodes: a server that restarts beside running nodes must
        # not forget what they hold.
        connection = self._connected()
        try:
            with self._watch.over(connection.raw, WRITE_SECONDS_MAX + SILENCE_SECONDS), _undone(connection):
                connection.write("BEGIN")
                transaction = Transaction(connection, self._clock or _clock_of(connection))
                yield transaction
                for message in self._neighbours.messages(transaction.topics):
                    connection.write(_TELL, (CHANNEL, message))
                connection.write("COMMIT")
                connection.settle()
        finally:
            if connection.raw.closed:
                self._writer = None

    def is_prompt(self, *, lasting: bool) -> bool:
        """It answers over a wire."""
        return False

    def begins_at_once(self, *, lasting: bool) -> bool:
        return False

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        raw = self._connect(_READER)
        try:
            yield Reader(raw, self._watch)
        finally:
            raw.close()

    def fault(self, error: Exception) -> Fault:
        if isinstance(error, psycopg.IntegrityError):
            return Fault.CONFLICT
        state = getattr(error, "sqlstate", None) or ""
        if state in _AGAIN:
            return Fault.AGAIN
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return Fault.UNAVAILABLE if lost or state[:2] in _UNAVAILABLE_CLASSES else Fault.ITEM

    def listen(self, heard: Callable[[frozenset[str]], None]) -> None:
        self._neighbours.listen(heard)

    def close(self) -> None:
        self._neighbours.close(lambda message: self._connected().execute(_TELL, (CHANNEL, message)))
        if self._writer is not None:
            self._writer.raw.close()
        self._watch.close()

    def _connected(self) -> Pipeline:
        if self._writer is None:
            self._backoff.check()
            try:
                self._writer = Pipeline(self._connect(_WRITER + self._settings), WORDS)
            except psycopg.Error:
                self._backoff.failed()
                raise
            self._backoff.succeeded()
        return self._writer

    def _connect(self, options: str) -> Raw:
        given = psycopg.conninfo.conninfo_to_dict(self._address).get("options")
        options = f"{given} {options}" if given else options
        return psycopg.connect(self._address, autocommit=True, options=options, **CONNECTION)


class Backoff:
    """After a failure, how long nothing is tried: between 0.1 and 5 s, doubling."""

    def __init__(self) -> None:
        self._seconds = BACKOFF_SECONDS
        self._until = 0.0

    def check(self) -> None:
        """Raises OperationalError while it is too early to try again."""
        if time.monotonic() < self._until:
            raise psycopg.OperationalError("the database is away, and it is too early to look again")

    def failed(self) -> None:
        self._until = time.monotonic() + self._seconds
        self._seconds = min(self._seconds * 2, BACKOFF_SECONDS_MAX)

    def succeeded(self) -> None:
        self._seconds = BACKOFF_SECONDS


@contextmanager
def _undone(connection: Pipeline) -> Iterator[None]:
    """If the block fails, leaves nothing of it behind: no transaction, and no statement half prepared."""
    try:
        yield
    except BaseException:
        connection.roll_back()
        raise


def _clock_of(connection: Pipeline) -> Callable[[], int]:
    """Tells the database's time at which the transaction began."""
    asked = connection.send(_NOW)
    return lambda: int(connection.rows(asked)[0][0])


@lru_cache(maxsize=4_096)
def _text(sql: str) -> bytes:
    return said(sql, WORDS).replace("?", "%s").encode()
