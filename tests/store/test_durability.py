"""What SQLite promises to keep through what, and that its log does not grow for ever."""

import asyncio
from dataclasses import replace

import pytest

from foretell.config import Config
from foretell.store import open_store
from foretell.store.checkpoints import CHECKPOINT_BYTES
from foretell.store.opening import open_database
from samples import DONE, LANE, new_prediction

pytestmark = pytest.mark.anyio

FULL, NORMAL = [(2,)], [(1,)]


@pytest.mark.parametrize(("durability", "promised"), [("power", FULL), ("process", NORMAL)])
def test_only_promises_wait_for_the_disk(sqlite: Config, durability: str, promised: list[tuple[int]]) -> None:
    database = open_database(replace(sqlite, durability=durability), None)
    for _ in range(2):
        with database.transaction(lasting=False) as transaction:
            assert transaction.execute("PRAGMA synchronous") == NORMAL
        with database.transaction(lasting=True) as transaction:
            assert transaction.execute("PRAGMA synchronous") == promised
    database.close()


def test_a_transaction_that_fails_leaves_nothing(sqlite: Config) -> None:
    database = open_database(sqlite, None)
    with pytest.raises(LookupError), database.transaction(lasting=True) as transaction:
        transaction.execute("INSERT INTO models (name, version_id) SELECT 'm', id FROM versions")
        transaction.execute("INSERT INTO lanes (lane, priority, version_id, waiting) VALUES ('l', 0, 'v', 1)")
        raise LookupError
    with database.reader() as connection:
        assert connection.execute("SELECT * FROM lanes") == []
    database.close()


async def test_a_whole_life_under_full_durability(sqlite: Config) -> None:
    store = await open_store(replace(sqlite, durability="power"))
    row = await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    assert await store.begin(taken.hold)
    ended = await store.finish(taken.hold, DONE)
    assert await store.get(row.id) == ended
    await store.close()


async def test_the_log_is_moved_into_the_file_beside_the_writer(sqlite: Config) -> None:
    store = await open_store(sqlite)
    file = sqlite.data_path / "foretell.db"
    before = file.stat().st_size
    text = "x" * 100_000
    await asyncio.gather(*[store.create(new_prediction(input={"text": text})) for _ in range(60)])
    async with asyncio.timeout(20):
        while file.stat().st_size < before + CHECKPOINT_BYTES:  # noqa: ASYNC110 a file tells nobody
            await asyncio.sleep(0.02)
    await store.close()
    assert not (sqlite.data_path / "foretell.db-wal").exists()
