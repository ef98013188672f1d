"""Copies of a Postgres database are made while it is written to, and put into an empty one, by its own programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg
from psycopg.rows import TupleRow

from foretell.errors import Code, Error
from foretell.store import programs, schema
from foretell.store.backups import Kept
from foretell.store.dumps import DUMP, FILES, Dump, digest
from foretell.store.files import HAS_BYTES
from foretell.store.opening import MIGRATING, require_migrated
from foretell.store.pipeline import Raw
from foretell.store.postgres import CONNECTION, COPYING, PostgresConnection
from foretell.store.programs import Program

FILES_AT_ONCE = 1_000
VERSION = 10_000
"""The server says its version times this."""

_TIMEOUTS = {
    "statement_timeout": 9,
    "idle_in_transaction_session_timeout": 9,
    "idle_session_timeout": 14,
    "transaction_timeout": 17,
}
"""What would end a connection that waits, each with the version that brought it."""
_TABLES = """SELECT COUNT(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"""

Told = Callable[[int, int], None]
"""Is told how much is done, of how much."""


@contextmanager
def copied(address: str, folder: Path, *, pg_dump: Path | None, told: Told) -> Iterator[Dump]:
    """Writes the database, as it is at this moment, and its list of files to `folder`; until the block ends, no server
    erases a file that is in it. Nobody who writes to it has to wait.

    Raises Error(INVALID_REQUEST | UNAVAILABLE); the latter also at the end, when files may have been erased meanwhile.
    """
    program = programs.found("pg_dump", pg_dump)
    with _connected(address) as raw:
        server = raw.info.server_version // VERSION
        programs.require_fitting(program, server=server, least=server)
        require_migrated(PostgresConnection(raw))
        # Before the moment that is copied: who has not seen this lock has deleted before it.
        raw.execute("SELECT pg_advisory_lock_shared(%s)", (COPYING,))
        raw.execute("SELECT pg_advisory_lock_shared(%s)", (MIGRATING,))
        with raw.transaction():
            raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            dump = _write(raw, program, address, folder, told=told)
        raw.execute("SELECT pg_advisory_unlock_shared(%s)", (MIGRATING,))
        yield dump
        # The lock is lost with the connection, and then this fails.
        raw.execute("SELECT 1")


def restorer(address: str, dump: Dump, *, pg_restore: Path | None) -> Program:
    """The program that can put the dump into the database there, which is empty and of the right kind.

    Raises Error(CONFLICT) when it is not empty, Error(INVALID_REQUEST | UNAVAILABLE).
    """
    program = programs.found("pg_restore", pg_restore)
    with _connected(address) as raw:
        server = raw.info.server_version // VERSION
        programs.require_fitting(program, server=server, least=dump.postgres)
        name, lies_in, count = raw.info.dbname, *_asked(raw, f"SELECT current_schema(), ({_TABLES})")
        if lies_in != dump.schema:
            message = (
                f"The backup's tables lie in the schema '{dump.schema}', and those of '{name}' would not."
            )
            raise Error(Code.INVALID_REQUEST, message)
        if count:
            message = (
                f"The database '{name}' is not empty, and left as it is: create another one and name that."
            )
            raise Error(Code.CONFLICT, message)
    return program


def fill(address: str, program: Program, folder: Path, dump: Dump, *, told: Told) -> None:
    """Puts the dump into an empty database: all of it or nothing. Raises Error(UNAVAILABLE) with what went wrong."""
    how = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    with _connected(address) as raw:
        name = raw.info.dbname
    programs.run(
        program, [*how, str(folder / DUMP)], address, name, told=lambda done: told(done, dump.tables)
    )


def _write(raw: Raw, program: Program, address: str, folder: Path, *, told: Told) -> Dump:
    """The dump and the list of files, of one moment: the transaction's."""
    snapshot, lies_in, tables = _asked(raw, f"SELECT pg_export_snapshot(), current_schema(), ({_TABLES})")
    pattern = '"' + lies_in.replace('"', '""') + '".*'
    how = ["--format=custom", f"--snapshot={snapshot}", f"--table={pattern}", f"--file={folder / DUMP}"]
    programs.run(program, how, address, raw.info.dbname, told=lambda done: told(done, tables))
    (folder / DUMP).chmod(0o600)
    _list(raw, folder / FILES)
    return Dump(
        postgres=program.major,
        schema=lies_in,
        tables=tables,
        migrations=schema.applied(PostgresConnection(raw)),
        dump_sha256=digest(folder / DUMP),
        files_sha256=digest(folder / FILES),
    )


def _list(raw: Raw, target: Path) -> None:
    with target.open("wb") as lines, raw.cursor("kept") as cursor:
        cursor.itersize = FILES_AT_ONCE
        sql = f"SELECT id, size_bytes, sha256 FROM files WHERE {HAS_BYTES} ORDER BY id"
        for row in cursor.execute(sql.encode()):
            lines.write(msgspec.json.encode(Kept(*row)) + b"\n")


def _asked(raw: Raw, sql: str) -> TupleRow:
    row = raw.execute(sql.encode()).fetchone()
    assert row is not None
    return row


@contextmanager
def _connected(address: str) -> Iterator[Raw]:
    """A connection that may be idle for as long as copying takes."""
    try:
        with psycopg.connect(address, autocommit=True, **CONNECTION) as raw:
            known = [name for name, since in _TIMEOUTS.items() if raw.info.server_version >= since * VERSION]
            for each in known:
                raw.execute(f"SET {each} = 0".encode())
            yield raw
    except psycopg.Error as error:
        raise Error(Code.UNAVAILABLE, f"The database cannot be used: {error}") from error
