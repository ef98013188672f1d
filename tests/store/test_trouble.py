"""A database that is full, locked, or gone: callers are told, nothing is half written, and work goes on afterwards."""

import asyncio
import sqlite3

import psycopg
import pytest
from psycopg import conninfo

from databases import direct_to
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store import Store, open_store
from foretell.store.opening import open_database
from foretell.store.reads import READERS_MAX
from foretell.store.sqlite import SqliteDatabase
from samples import LANE, new_prediction

pytestmark = pytest.mark.anyio


async def until_it_works(store: Store) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await store.create(new_prediction(lane="later:any"))
                return
            except Error as error:
                assert error.code is Code.UNAVAILABLE
                await asyncio.sleep(0.05)


async def test_a_full_disk_refuses_the_group_and_writes_nothing_of_it(sqlite: Config) -> None:
    database = open_database(sqlite, None)
    assert isinstance(database, SqliteDatabase)
    store = Store(database, queued_max=100)
    kept = await store.create(new_prediction())
    [(pages,)] = database.connection.execute("PRAGMA page_count")
    database.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    large = {"text": "x" * 100_000}
    answers = await asyncio.gather(
        *[store.create(new_prediction(input=large)) for _ in range(3)], return_exceptions=True
    )
    assert [each.code for each in answers if isinstance(each, Error)] == [Code.UNAVAILABLE] * 3
    assert [each.waiting for each in await store.waiting()] == [1]
    assert await store.get(kept.id) == kept

    database.connection.execute("PRAGMA max_page_count = 1000000")
    await store.create(new_prediction(input=large))
    await store.close()


async def test_a_file_that_somebody_else_keeps_locked_is_unavailable(sqlite: Config) -> None:
    store = await open_store(sqlite)
    other = sqlite3.connect(sqlite.data_path / "foretell.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Error) as caught:
        await store.create(new_prediction())
    assert caught.value.code is Code.UNAVAILABLE
    other.execute("ROLLBACK")
    other.close()
    await store.create(new_prediction())
    await store.close()


@pytest.mark.needs("postgres")
async def test_a_lost_postgres_fails_what_is_under_way_and_is_found_again(postgres: Config) -> None:
    store = await open_store(postgres)
    await store.create(new_prediction())
    with psycopg.connect(postgres.database) as blocking, direct_to(postgres) as direct:
        blocking.execute("LOCK TABLE predictions")
        under_way = asyncio.create_task(store.create(new_prediction()))
        await waits_for_a_lock(postgres)
        direct(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'foretell' AND datname = current_database()"
        )
        with pytest.raises(Error) as caught:
            await under_way
        assert caught.value.code is Code.UNAVAILABLE
    await until_it_works(store)
    assert [each.waiting for each in await store.waiting() if each.lane == LANE] == [1]
    await store.close()


@pytest.mark.needs("postgres")
async def test_readers_find_a_lost_postgres_again_and_give_up_on_one_that_is_away(postgres: Config) -> None:
    store = await open_store(postgres)
    row = await store.create(new_prediction())
    assert await store.get(row.id) == row
    name = conninfo.conninfo_to_dict(postgres.database)["dbname"]
    with psycopg.connect(postgres.database, dbname="postgres", autocommit=True) as elsewhere:
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        elsewhere.execute(end.encode())
        assert await store.get(row.id) == row
        elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        elsewhere.execute(end.encode())
        with pytest.raises(Error) as caught:
            await store.get(row.id)
        assert caught.value.code is Code.UNAVAILABLE
        with pytest.raises(Error) as caught:
            await store.create(new_prediction())
        assert caught.value.code is Code.UNAVAILABLE
        elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        assert await store.get(row.id) == row
    await until_it_works(store)
    await store.close()


@pytest.mark.needs("postgres")
async def test_reads_that_take_too_long_leave_no_connection_open(
    postgres: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretell.store.postgres._READER", "-c statement_timeout=100ms")
    store = await open_store(postgres)
    row = await store.create(new_prediction())
    with psycopg.connect(postgres.database) as blocking, direct_to(postgres) as direct:
        blocking.execute("LOCK TABLE predictions")
        for _ in range(READERS_MAX + 1):
            with pytest.raises(Error):
                await store.get(row.id)
        [(reading,)] = direct(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'foretell' "
            "AND datname = current_database() AND query LIKE '%FROM predictions%' AND state = 'idle'"
        )
        assert reading <= READERS_MAX
    assert await store.get(row.id) == row
    await store.close()


@pytest.mark.needs("postgres")
async def test_a_deadlock_with_another_process_is_run_again(postgres: Config) -> None:
    with direct_to(postgres) as direct:
        name = conninfo.conninfo_to_dict(postgres.database)["dbname"]
        direct(f"ALTER DATABASE {name} SET deadlock_timeout = '2s'")
    store = await open_store(postgres)
    for _ in range(2):
        await store.create(new_prediction())
    first, second = sorted(each.id for each in await store.take(LANE, node="old", count=2))
    with psycopg.connect(postgres.database) as other:
        # The other side is the more patient one, so that it is ours that is sacrificed.
        other.execute("SET deadlock_timeout = '20s'")
        other.execute("SELECT 1 FROM predictions WHERE id = %s FOR UPDATE", (second,))
        rescue = asyncio.create_task(store.rescue(but="new"))
        await waits_for_a_lock(postgres)
        await asyncio.to_thread(other.execute, "SELECT 1 FROM predictions WHERE id = %s FOR UPDATE", (first,))
        other.rollback()
        assert await rescue == 2
    with direct_to(postgres) as direct:
        assert direct("SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()") == [
            (True,)
        ]
    assert [each.waiting for each in await store.waiting()] == [2]
    await store.close()


@pytest.mark.needs("postgres")
async def test_two_processes_in_the_same_lanes_do_not_deadlock(postgres: Config) -> None:
    stores = [await open_store(postgres) for _ in range(2)]

    async def work(store: Store, fed: str, emptied: str) -> None:
        for _ in range(100):
            await asyncio.gather(
                store.create(new_prediction(lane=fed, version_id=fed)), store.take(emptied, node="n", count=1)
            )

    await asyncio.gather(work(stores[0], "one", "two"), work(stores[1], "two", "one"))
    for each in stores:
        await each.close()
    with direct_to(postgres) as direct:
        assert direct("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
        counted = direct("SELECT COUNT(*) FROM predictions WHERE node IS NULL AND completed_at IS NULL")
        assert direct("SELECT CAST(SUM(waiting) AS BIGINT) FROM lanes") == counted


async def waits_for_a_lock(config: Config) -> None:
    with direct_to(config) as direct:
        async with asyncio.timeout(10):
            while not direct(  # noqa: ASYNC110 another process has to get there
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND application_name = 'foretell' AND datname = current_database()"
            ):
                await asyncio.sleep(0.01)
