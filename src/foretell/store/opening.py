"""How a database is opened: which one it is, and that its schema is the one this code needs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store import schema
from foretell.store.database import Connection, Database, Fault
from foretell.store.schema import Migration
from foretell.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from foretell.store.postgres import PostgresDatabase

MIGRATING = 0x466F7265
"""The advisory lock under which Postgres is migrated."""


def open_database(config: Config, clock: Callable[[], int] | None) -> Database:
    """The database of `config`, at the schema of this code. SQLite gets there by itself.

    Raises Error(UNAVAILABLE) when it cannot be reached or used or is not migrated, LockedError when in use.
    """
    if not config.database:
        return _open_sqlite(config, clock or _now)
    database = _postgres(config, clock)
    with _reachable(database), database.reader() as connection:
        require_migrated(connection)
    return database


def migrate(config: Config) -> list[str]:
    """Brings the database to the schema of this code; the names of the migrations that were applied.

    Raises Error(UNAVAILABLE) when it cannot be reached.
    """
    if not config.database:
        _open_sqlite(config, _now).close()
        return []
    database = _postgres(config, None)
    with _reachable(database), database.transaction(lasting=True) as transaction:
        transaction.write("SELECT pg_advisory_xact_lock(?)", (MIGRATING,))
        schema.begin_ledger(transaction.connection)
        found = schema.missing(transaction.connection)
        schema.apply(transaction, found)
    database.close()
    return [f"{each.number:04}_{each.name}" for each in found]


def require_migrated(connection: Connection) -> None:
    """Raises Error(UNAVAILABLE) when a Postgres database is not at the schema of this code."""
    missing = _missing(connection)
    if missing:
        first = f"{missing[0].number:04}_{missing[0].name}"
        message = f"The database is not ready for this version (it lacks {first}): run 'foretell migrate'."
        raise Error(Code.UNAVAILABLE, message)


def _open_sqlite(config: Config, clock: Callable[[], int]) -> SqliteDatabase:
    try:
        database = SqliteDatabase(config.data_path, clock=clock, power_safe=config.durability == "power")
        try:
            _migrate_sqlite(database)
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as error:
        raise Error(
            Code.UNAVAILABLE, f"The database in {config.data_path} cannot be used: {error}."
        ) from error
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


def _postgres(config: Config, clock: Callable[[], int] | None) -> PostgresDatabase:
    # psycopg is an extra: a server on SQLite does without it.
    try:
        from foretell.store.postgres import PostgresDatabase
    except ImportError as error:
        message = "Postgres needs the package psycopg: pip install 'foretell[postgres]'."
        raise Error(Code.UNAVAILABLE, message) from error

    return PostgresDatabase(config.database, clock=clock, power_safe=config.durability == "power")


@contextmanager
def _reachable(database: PostgresDatabase) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if database.fault(error) is not Fault.UNAVAILABLE:
            raise
        raise Error(Code.UNAVAILABLE, f"The database cannot be reached: {error}") from error


def _missing(connection: Connection) -> list[Migration]:
    sql = """SELECT COUNT(*) FROM information_schema.tables
             WHERE table_name = 'migrations' AND table_schema = ANY (current_schemas(false))"""
    return schema.missing(connection) if connection.execute(sql)[0][0] else schema.migrations()


def _now() -> int:
    return time.time_ns() // 1_000
