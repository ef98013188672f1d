"""While a Postgres is copied nobody erases files, and a copy that cannot be sure of that fails."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import direct_to, postgres_database, postgres_program
from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.loops.sweep import Sweep
from foretell.store import dumping, open_store
from foretell.store.dumps import problems
from foretell.store.postgres import COPYING

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.anyio]


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    with postgres_database() as address:
        yield Config(data=str(tmp_path / "data"), database=address)


def told(done: int, total: int) -> None:
    assert 0 < done <= total


async def test_every_server_knows_that_somebody_copies(config: Config, tmp_path: Path) -> None:
    store = await open_store(config)
    try:
        assert not await store.is_copied()
        with dumping.copied(
            config.database, tmp_path, pg_dump=postgres_program("pg_dump"), told=told
        ) as dump:
            assert await store.is_copied()
        assert not await store.is_copied()
        assert problems(tmp_path, dump) == []
    finally:
        await store.close()


async def test_the_sweep_of_another_machine_erases_nothing_meanwhile(config: Config, tmp_path: Path) -> None:
    store, blobs = await open_store(config), open_blobs(config)
    name = "ab/abcdef"
    await blobs.put_bytes(name, b"bytes")
    with direct_to(config) as direct:
        direct("UPDATE migrations SET applied_at = 0")
    path = config.data_path / "blobs" / name
    os.utime(path, (time.time() - 7_200,) * 2)
    try:
        with dumping.copied(config.database, tmp_path, pg_dump=postgres_program("pg_dump"), told=told):
            await Sweep(store, blobs).look("ab")
            assert path.exists()
        await Sweep(store, blobs).look("ab")
        assert not path.exists()
    finally:
        await store.close()


def test_a_copy_that_lost_its_connection_fails(config: Config, tmp_path: Path) -> None:
    program = postgres_program("pg_dump")
    with (
        pytest.raises(Error) as refused,
        dumping.copied(config.database, tmp_path, pg_dump=program, told=told),
        direct_to(config) as direct,
    ):
        direct("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = ?", COPYING)
    assert refused.value.code is Code.UNAVAILABLE


def test_a_database_that_is_not_migrated_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with (
        postgres_database(is_empty=True) as address,
        pytest.raises(Error, match="foretell migrate"),
        dumping.copied(address, tmp_path, pg_dump=postgres_program("pg_dump"), told=told),
    ):
        pass
