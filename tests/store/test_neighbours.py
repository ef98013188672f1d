"""Processes that share a Postgres tell each other what happens, and one that is alone tells nobody."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

import servers
from databases import Direct, direct_to
from foretell.config import Config
from foretell.store import Store, open_store
from foretell.store.neighbours import CHANNEL, LISTENING
from samples import new_prediction

pytestmark = [pytest.mark.anyio, pytest.mark.needs("postgres")]

LOCK = f"""SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {LISTENING} AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
ALONE = f"{LOCK} AND mode = 'ExclusiveLock'"
SHARED = f"{LOCK} AND mode = 'ShareLock'"


@pytest.fixture
def direct(postgres: Config) -> Iterator[Direct]:
    with direct_to(postgres) as found:
        yield found


async def until(direct: Direct, sql: str, count: int) -> None:
    await asyncio.to_thread(servers.until, lambda: direct(sql) == [(count,)], about=f"{count} of {sql}")


async def told(postgres: Config, direct: Direct, *stores: Store) -> list[bool]:
    """Whether each tells when it creates a prediction."""
    with psycopg.connect(postgres.database, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}".encode())
        for each in stores:
            await each.create(new_prediction())
            direct("SELECT pg_notify(?, 'end')", CHANNEL)
        words = [each.payload for each in listener.notifies(timeout=10, stop_after=len(stores))]
        while words.count("end") < len(stores):
            words += [each.payload for each in listener.notifies(timeout=10, stop_after=1)]
    told_by = "\n".join(words).split("end")
    return ["waiting" in each for each in told_by[:-1]]


async def test_who_is_alone_tells_nobody_and_who_comes_is_told_at_once(
    postgres: Config, direct: Direct
) -> None:
    first = await open_store(postgres)
    await until(direct, ALONE, 1)
    assert await told(postgres, direct, first) == [False]
    second = await open_store(postgres)
    assert await told(postgres, direct, first, second) == [True, True]
    await until(direct, ALONE, 0)
    await second.close()
    await until(direct, ALONE, 1)
    assert await told(postgres, direct, first) == [False]
    await first.close()


async def test_who_does_not_answer_holds_nobody_up_and_is_asked_again(
    postgres: Config, direct: Direct
) -> None:
    with psycopg.connect(postgres.database, autocommit=True) as frozen:
        frozen.execute(f"SELECT pg_advisory_lock({LISTENING})".encode())
        store = await open_store(postgres)
        await until(direct, SHARED, 0)
        assert await told(postgres, direct, store) == [True]
        frozen.execute(f"SELECT pg_advisory_unlock({LISTENING})".encode())
        await until(direct, SHARED, 1)
    await store.close()


async def test_who_lost_its_line_is_not_alone_until_it_has_looked_again(
    postgres: Config, direct: Direct
) -> None:
    store = await open_store(postgres)
    await until(direct, ALONE, 1)
    direct(
        f"""SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = {LISTENING}
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    )
    await until(direct, ALONE, 1)
    other = await open_store(postgres)
    assert await told(postgres, direct, store, other) == [True, True]
    await other.close()
    await store.close()
