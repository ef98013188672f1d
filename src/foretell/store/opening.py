"""How a database is opened: which one it is, and that its schema is the one this code needs."""

from __future__ import annotations

import time
from collections.abc import Callable

from foretell.config import Config
from foretell.store import schema
from foretell.store.database import Database
from foretell.store.sqlite import SqliteDatabase


def open_database(config: Config, clock: Callable[[], int] | None) -> Database:
    """The database of `config` at the schema of this code."""
    if config.database:
        raise NotImplementedError
    return _open_sqlite(config, clock or _now)


def _open_sqlite(config: Config, clock: Callable[[], int]) -> SqliteDatabase:
    database = SqliteDatabase(config.data_path, clock=clock, power_safe=config.durability == "power")
    try:
        _migrate_sqlite(database)
    except BaseException:
        database.close()
        raise
    return database


def _migrate_sqlite(database: SqliteDatabase) -> None:
    schema.begin_ledger(database.connection)
    found = schema.missing(database.connection)
    if not found:
        return
    if schema.applied(database.connection):
        database.backup(database.path.with_name(f"foretell.before-{found[0].number:04}.db"))
    with database.transaction(lasting=True) as transaction:
        schema.apply(transaction, found)


def _now() -> int:
    return time.time_ns() // 1_000
