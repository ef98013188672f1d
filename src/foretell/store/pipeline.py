"""A connection to Postgres that sends what needs no answer together with what does, as one message and one wait.

It is libpq's pipeline mode through psycopg's wrapper of libpq. psycopg's own cursors and pipelines wait for the socket
with each statement, and each wait of a thread beside a busy event loop is a wait for the interpreter, too.
"""

from __future__ import annotations

import select
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from foretell.store.database import Row, Table, Value, flat, marks, said
from foretell.store.parameters import parameters

USES_MIN = 3
"""How often a statement is seen before it is prepared."""
PREPARED_MAX = 256
"""How many statements stay prepared: those used last."""
TEXTS_MAX = 4_096
"""How many statements are known by their text."""
ROWS_MAX = 10_000
"""Rows in one INSERT."""

_DONE = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}
_TYPES = """SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
            WHERE attrelid = CAST(? AS regclass) AND attnum > 0 AND NOT attisdropped"""

Raw = psycopg.Connection[TupleRow]
Kind = tuple[bytes, tuple[int, ...]]


@dataclass(slots=True)
class Sent:
    """A statement on its way; its result once the pipeline is settled."""

    result: PGresult | None = None


class Pipeline:
    """The connection of the writer. A statement that fails takes all after it along, up to the next settlement."""

    def __init__(self, raw: Raw, words: Mapping[str, str]) -> None:
        self.raw = raw
        self._line = raw.pgconn
        self._line.nonblocking = 1
        self._line.enter_pipeline_mode()
        self._transformer = Transformer(raw)
        self._poll = select.poll()
        self._text = lru_cache(maxsize=TEXTS_MAX)(partial(_text, words))
        self._under_way: list[Sent] = []
        self._seen: Counter[Kind] = Counter()
        self._prepared: OrderedDict[Kind, bytes] = OrderedDict()
        self._prepared_count = 0
        self._types: dict[str, Mapping[str, str]] = {}

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.rows(self.send(sql, values))

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.send(sql, values)

    def insert(self, table: str, columns: str, rows: Sequence[Sequence[Value]], end: str) -> None:
        if len(rows) == 1:
            self.send(f"INSERT INTO {table} ({columns}) VALUES ({marks(len(rows[0]))}){end}", rows[0])
            return
        # Arrays, and not VALUES: one text for any number of rows, which is prepared once.
        types = self._types_of(table)
        arrays = ", ".join(f"CAST(? AS {types[each]}[])" for each in columns.split(", "))
        sql = f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays}){end}"
        for start in range(0, len(rows), ROWS_MAX):
            self.send(sql, _columns(rows[start : start + ROWS_MAX]))

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Value]]) -> Table:
        # A single row is planned as what it is.
        if len(rows) == 1:
            values = ", ".join(f"CAST(? AS {each})" for each in columns.values())
            return Table(f"{name}({', '.join(columns)}) AS (VALUES ({values}))", flat(rows))
        arrays = ", ".join(f"CAST(? AS {each}[])" for each in columns.values())
        sql = f"{name}({', '.join(columns)}) AS (SELECT * FROM unnest({arrays}))"
        return Table(sql, _columns(rows))

    def send(self, sql: str, values: Sequence[Any] = ()) -> Sent:
        """Sends a statement when the pipeline is settled next, or earlier."""
        given, types = parameters(values)
        text = self._text(sql)
        name = self._name(text, types)
        if name is None:
            self._line.send_query_params(text, given, types)
        else:
            self._line.send_query_prepared(name, given)
        return self._on_the_way()

    def rows(self, sent: Sent) -> list[Row]:
        """What a statement has given; settles the pipeline where that is not known yet."""
        if sent.result is None:
            self.settle()
        assert sent.result is not None
        if sent.result.status != ExecStatus.TUPLES_OK:
            return []
        self._transformer.set_pgresult(sent.result)
        return self._transformer.load_rows(0, sent.result.ntuples, tuple)

    def settle(self) -> None:
        """Returns once all that was sent is done. Raises the error of the first statement that failed."""
        under_way, self._under_way = self._under_way, []
        if not under_way:
            return
        try:
            self._line.pipeline_sync()
            self._flush()
            for sent, result in zip(under_way, self._results(), strict=True):
                sent.result = result
        except BaseException:
            # Whatever comes later would be taken for the answer to something else.
            self.raw.close()
            raise
        failed = next((each.result for each in under_way if not _is_done(each.result)), None)
        if failed is not None:
            raise error_from_result(failed)

    def roll_back(self) -> None:
        """Undoes the transaction; a connection that cannot even do that is closed."""
        try:
            with suppress(psycopg.Error):
                self.settle()
            if self.raw.closed:
                return
            self.execute("ROLLBACK")
            # What was to be prepared may have failed with the rest, and tables may not be what they were.
            self._forget()
        except psycopg.Error:
            self.raw.close()

    def _name(self, text: bytes, types: tuple[int, ...]) -> bytes | None:
        """The name under which a statement is prepared; None: it is not used often enough."""
        kind = text, types
        if kind in self._prepared:
            self._prepared.move_to_end(kind)
            return self._prepared[kind]
        self._seen[kind] += 1
        if self._seen[kind] < USES_MIN:
            if len(self._seen) > TEXTS_MAX:
                self._seen.clear()
            return None
        return self._prepare(kind)

    def _prepare(self, kind: Kind) -> bytes:
        if len(self._prepared) >= PREPARED_MAX:
            _, oldest = self._prepared.popitem(last=False)
            self._line.send_query_params(b"DEALLOCATE " + oldest, None)
            self._on_the_way()
        del self._seen[kind]
        self._prepared_count += 1
        name = b"foretell_%d" % self._prepared_count
        self._line.send_prepare(name, *kind)
        self._on_the_way()
        self._prepared[kind] = name
        return name

    def _forget(self) -> None:
        self._prepared.clear()
        self._seen.clear()
        self._types.clear()
        self.execute("DEALLOCATE ALL")

    def _types_of(self, table: str) -> Mapping[str, str]:
        if table not in self._types:
            self._types[table] = dict(self.execute(_TYPES, (table,)))
        return self._types[table]

    def _on_the_way(self) -> Sent:
        sent = Sent()
        self._under_way.append(sent)
        return sent

    def _flush(self) -> None:
        while self._line.flush():
            # It may wait for us to read before it reads on.
            if self._waited(select.POLLIN | select.POLLOUT) & select.POLLIN:
                self._line.consume_input()

    def _results(self) -> Iterator[PGresult]:
        """One for each statement, up to the settlement."""
        while True:
            while self._line.is_busy():
                self._waited(select.POLLIN)
                self._line.consume_input()
            result = self._line.get_result()
            if result is None and self.raw.closed:
                raise psycopg.OperationalError("the connection is lost")
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return
            yield result

    def _waited(self, events: int) -> int:
        """What has happened on the socket."""
        self._poll.register(self._line.socket, events)
        return self._poll.poll()[0][1]


def _columns(rows: Sequence[Sequence[Value]]) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)]


def _is_done(result: PGresult | None) -> bool:
    return result is not None and result.status in _DONE


def _text(words: Mapping[str, str], sql: str) -> bytes:
    first, *rest = said(sql, words).split("?")
    return (first + "".join(f"${place}{each}" for place, each in enumerate(rest, 1))).encode()
