"""A store opens on the schema it needs, alone on its directory, or says why not."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from databases import direct_to
from foretell import store
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store import LockedError, open_store, schema
from foretell.store.sqlite import SqliteDatabase
from samples import Clock, new_prediction

pytestmark = pytest.mark.anyio

HOLD_LOCK = """
import sys
from pathlib import Path
from foretell.store.sqlite import lock_directory
lock_directory(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


async def test_a_second_server_on_a_directory_is_refused_and_told_who_has_it(sqlite: Config) -> None:
    sqlite.data_path.mkdir(parents=True)
    command = [sys.executable, "-c", HOLD_LOCK, str(sqlite.data_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as holder:  # noqa: ASYNC220 it is quick
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        with pytest.raises(LockedError, match=rf"{sqlite.data_path} .*process {holder.pid}\b"):
            await open_store(sqlite)
        holder.kill()
        holder.wait()
    opened = await open_store(sqlite)
    assert (sqlite.data_path / "lock").read_text().strip() == str(os.getpid())
    await opened.close()


async def test_a_second_store_in_the_same_process_is_refused_too(sqlite: Config) -> None:
    opened = await open_store(sqlite)
    with pytest.raises(LockedError):
        await open_store(sqlite)
    await opened.close()


async def test_the_data_directory_is_for_its_owner_only(sqlite: Config) -> None:
    opened = await open_store(sqlite)
    assert sqlite.data_path.stat().st_mode & 0o777 == 0o700
    assert (sqlite.data_path / "foretell.db").stat().st_mode & 0o777 == 0o600
    await opened.close()


async def test_opening_again_changes_nothing(database: Config) -> None:
    shapes = []
    for _ in range(2):
        opened = await open_store(database)
        await opened.close()
        with direct_to(database) as direct:
            shapes.append(direct("SELECT number, name, serves, applied_at FROM migrations"))
    assert shapes[0] == shapes[1]
    assert [row[:2] for row in shapes[0]] == [(each.number, each.name) for each in schema.migrations()]
    assert store.migrate(database) == []


@pytest.mark.needs("postgres")
async def test_an_unmigrated_postgres_is_refused_with_what_to_do(postgres: Config) -> None:
    with direct_to(postgres) as direct:
        direct("DROP SCHEMA public CASCADE")
        direct("CREATE SCHEMA public")
    with pytest.raises(Error, match=r"0001_first.*foretell migrate") as caught:
        await open_store(postgres)
    assert caught.value.code is Code.UNAVAILABLE
    assert store.migrate(postgres) == [f"{each.number:04}_{each.name}" for each in schema.migrations()]
    opened = await open_store(postgres)
    await opened.create(new_prediction())
    await opened.close()


@pytest.mark.needs("postgres")
async def test_a_postgres_that_is_not_there_is_unavailable(postgres: Config, tmp_path: Path) -> None:
    nowhere = replace(postgres, database=f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(Error, match="cannot be reached") as caught:
        await open_store(nowhere)
    assert caught.value.code is Code.UNAVAILABLE


async def test_a_database_that_needs_newer_code_is_refused(database: Config) -> None:
    opened = await open_store(database)
    await opened.close()
    with direct_to(database) as direct:
        direct("INSERT INTO migrations (number, name, serves, applied_at) VALUES (9000, 'far', '99.0.0', 1)")
    with pytest.raises(Error, match=r"migration 9000.*99\.0\.0"):
        await open_store(database)
    with direct_to(database) as direct:
        direct("UPDATE migrations SET serves = '0.0.1' WHERE number = 9000")
    opened = await open_store(database)
    await opened.close()


async def test_sqlite_keeps_a_copy_from_before_a_migration_and_loses_nothing_by_it(sqlite: Config) -> None:
    sqlite.data_path.mkdir(parents=True)
    older = SqliteDatabase(sqlite.data_path, clock=Clock(), power_safe=False)
    schema.begin_ledger(older.connection)
    with older.transaction(lasting=True) as transaction:
        schema.apply(transaction, schema.migrations()[:1])
        transaction.insert("accounts", "id, name, role, created_at", [("a1", "ann", "member", 1)])
    older.close()
    opened = await open_store(sqlite)
    found = await opened.account("ann")
    await opened.create(new_prediction(request={"endpoint": "responses"}))
    await opened.close()
    assert found is not None and found.id == "a1"
    kept = sqlite3.connect(sqlite.data_path / "foretell.before-0002.db")
    assert kept.execute("SELECT name FROM accounts").fetchall() == [("ann",)]
    assert kept.execute("SELECT number FROM migrations").fetchall() == [(1,)]
    kept.close()


async def test_postgres_takes_the_instant_from_the_database_when_no_clock_is_given(database: Config) -> None:
    opened = await open_store(database)
    one = await opened.create(new_prediction())
    two = await opened.create(new_prediction())
    assert 1_700_000_000_000_000 < one.created_at < two.created_at
    await opened.close()
