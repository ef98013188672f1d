"""Reads of predictions, on connections that cannot write."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from foretell.errors import Code, Error
from foretell.prediction import Prediction, Status
from foretell.store.database import Connection, Database, Fault, Value
from foretell.store.rows import COLUMNS, encoded, prediction_of, read, with_bodies

READERS_MAX = 4
SORTED_MAX = 1_000
"""How many rows are sorted for a page rather than looked for in their order."""
_LIVE = {Status.STARTING, Status.PROCESSING}
_HAS_TEXT = (
    "EXISTS (SELECT 1 FROM bodies WHERE prediction_id = predictions.id AND LOWER(input) LIKE ? ESCAPE '!')"
)

Found = TypeVar("Found")


class Narrowing(TypedDict, total=False):
    """What a list may be narrowed to; see `Filter`."""

    model: str | None
    status: Status | None
    since: int | None
    until: int | None
    key_id: str | None
    source: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which predictions a list shows; `since` and `until` are instants, both within.

    `text` stands somewhere in the input, in capitals or not.
    """

    account_id: str | None
    model: str | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None
    key_id: str | None = None
    source: str | None = None
    text: str | None = None


class Readers:
    """A few threads, each with a connection of its own that it opens when it first reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mine = threading.local()
        self._opened: list[ExitStack] = []
        self._threads = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="foretell-read")

    async def ask(self, question: Callable[[Connection], Found]) -> Found:
        """The answer to `question`, read in one of the threads. Raises Error(UNAVAILABLE)."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read, question)

    def read(self, question: Callable[[Connection], Found]) -> Found:
        """The answer to `question`; asked once more on a fresh connection. Raises Error(UNAVAILABLE)."""
        try:
            return question(self._connection())
        except Exception as error:
            if self._database.fault(error) is not Fault.UNAVAILABLE:
                raise
            self._let_go()
        try:
            return question(self._connection())
        except Exception as error:
            if self._database.fault(error) is not Fault.UNAVAILABLE:
                raise
            raise Error(
                Code.UNAVAILABLE, "The database cannot be read now.", retry_after_seconds=1
            ) from error

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        for each in self._opened:
            each.close()

    def _connection(self) -> Connection:
        found: Connection | None = getattr(self._mine, "connection", None)
        if found is None:
            found = self._mine.connection = self._own().enter_context(self._database.reader())
        return found

    def _let_go(self) -> None:
        # One that only took too long is still open, and the database has not many.
        self._mine.connection = None
        self._own().close()

    def _own(self) -> ExitStack:
        found: ExitStack | None = getattr(self._mine, "opened", None)
        if found is None:
            found = self._mine.opened = ExitStack()
            self._opened.append(found)
        return found


def get(connection: Connection, prediction_id: str, *, deleted: bool) -> Prediction | None:
    return read(connection, [prediction_id], deleted=deleted).get(prediction_id)


def page(connection: Connection, wanted: Filter, *, offset: int, limit: int) -> tuple[list[Prediction], int]:
    """One page, newest first, with bodies; and how many there are in all."""
    where, values = _where(wanted)
    total = connection.execute(f"SELECT COUNT(*) FROM predictions WHERE {where}", values)[0][0]
    if total <= offset:
        return [], int(total)
    # Few that live among many that do not are found by their own index and sorted, not looked for by age.
    age = "created_at + 0" if wanted.status in _LIVE and total <= SORTED_MAX else "created_at"
    sql = f"SELECT {COLUMNS} FROM predictions WHERE {where} ORDER BY {age} DESC, id DESC LIMIT ? OFFSET ?"
    rows = connection.execute(sql, [*values, limit, offset])
    return with_bodies(connection, [prediction_of(row) for row in rows]), int(total)


def _where(wanted: Filter) -> tuple[str, list[Value]]:
    conditions: list[tuple[str, Value]] = [
        ("account_id = ?", wanted.account_id),
        ("model = ?", wanted.model),
        ("status = ?", wanted.status),
        ("created_at >= ?", wanted.since),
        ("created_at <= ?", wanted.until),
        ("key_id = ?", wanted.key_id),
        ("source = ?", wanted.source),
        (_HAS_TEXT, None if wanted.text is None else _pattern(wanted.text)),
    ]
    named = [(text, value) for text, value in conditions if value is not None]
    live = ["completed_at IS NULL"] if wanted.status in _LIVE else []
    return " AND ".join(["deleted_at IS NULL", *live, *(text for text, _ in named)]), [
        value for _, value in named
    ]


def _pattern(text: str) -> str:
    """What an input is like that has this text somewhere, as it stands in JSON."""
    escaped = encoded(text)[1:-1].lower()
    for each in "!%_":
        escaped = escaped.replace(each, f"!{each}")
    return f"%{escaped}%"
