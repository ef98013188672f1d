"""The seam: what SQLite and Postgres do differently, as narrow as it gets. All else here is one text for both."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol

Row = tuple[Any, ...]
Value = str | int | float | bytes | None


class Fault(Enum):
    """What an exception means for the group of writes that met it."""

    ITEM = auto()
    """One item is bad: the others can go on without it."""
    CONFLICT = auto()
    """One item breaks a constraint."""
    AGAIN = auto()
    """A deadlock or a serialization failure: the same group may succeed now."""
    UNAVAILABLE = auto()
    """The database is lost, locked or full: nothing of the group was written."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values in a form that a statement can join: what comes after WITH, and the values that fill it."""

    sql: str
    values: list[Any]


class Connection(Protocol):
    """One connection, used by one thread at a time. `?` stands for a value in both databases."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]: ...


class WritingConnection(Connection, Protocol):
    """The writer's. What gives no rows may be done together with what follows, at the latest with the commit."""

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Runs a statement of which no rows are wanted."""
        ...

    def insert(self, table: str, columns: str, rows: Sequence[Sequence[Value]], end: str) -> None:
        """Inserts `rows`, at least one; `end` follows them in the statement."""
        ...

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Value]]) -> Table:
        """`rows` as a table for a WITH clause; `columns` gives each its type, which a column of NULLs cannot show."""
        ...


class Database(Protocol):
    """A database of ours: one transaction at a time for the writer, connections of their own for readers."""

    def transaction(self, *, lasting: bool) -> AbstractContextManager[Transaction]:
        """Commits when the block ends well. `lasting` False: what is written need not survive power loss."""
        ...

    def is_prompt(self, *, lasting: bool) -> bool:
        """Whether such a transaction takes so little time that nobody would notice who waits for it."""
        ...

    def begins_at_once(self, *, lasting: bool) -> bool:
        """Begins the next transaction, if that can be done without waiting. Only for a database that is prompt."""
        ...

    def reader(self) -> AbstractContextManager[Connection]: ...

    def fault(self, error: Exception) -> Fault: ...

    def listen(self, heard: Callable[[frozenset[str]], None]) -> None:
        """Calls `heard`, from a thread, with the topics that other processes publish."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Transaction:
    """A transaction under way: `topics` are published once it is committed.

    A topic's value is what a waiter in this process is given with it, so that it need not read again.
    """

    connection: WritingConnection
    clock: Callable[[], int]
    """Tells its instant, and is asked once."""
    topics: dict[str, Any] = field(default_factory=dict)
    last: dict[Callable[[Transaction, Any], None], Any] = field(default_factory=dict)
    """What is to be done once everything else is written, each with what it is to be done with."""
    erases: bool = False
    """Whether it takes away what must not be found again, not even in what the database writes beside its tables."""

    _at: int | None = None

    @property
    def at(self) -> int:
        """Its instant."""
        if self._at is None:
            self._at = self.clock()
        return self._at

    def tell(self, topic: str, value: Any = None) -> None:
        self.topics[topic] = value

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(sql, values)

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Runs a statement of which no rows are wanted; it may fail as late as with the commit."""
        self.connection.write(sql, values)

    def insert(self, table: str, columns: str, rows: Sequence[Sequence[Value]], *, unless: str = "") -> None:
        """Inserts `rows`; `unless` names the unique columns under which a row that is there already is left alone."""
        if not rows:
            return
        ignore = f" ON CONFLICT ({unless}) DO NOTHING" if unless else ""
        self.connection.insert(table, columns, rows, ignore)

    def finish(self) -> None:
        # Whichever came first: two processes that lock the same rows in the same order never deadlock.
        for write, gathered in sorted(self.last.items(), key=lambda each: each[0].__module__):
            write(self, gathered)

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Value]]) -> Table:
        return self.connection.table(name, columns, rows)


def flat(rows: Iterable[Sequence[Value]]) -> list[Value]:
    return [value for row in rows for value in row]


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


def said(sql: str, words: Mapping[str, str]) -> str:
    """`sql` with the database's own words in place of `$word`."""
    return string.Template(sql).substitute(words) if "$" in sql else sql
