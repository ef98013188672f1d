"""A store that owes webhooks, and couriers that deliver them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from databases import postgres_database
from foretell.config import Config
from foretell.store import open_store
from loops.offices import Office
from samples import Clock


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Config:
    return Config(data=str(tmp_path / "data"), durability="process", webhook_timeout_seconds=2.0)


@pytest.fixture
def on_postgres(tmp_path: Path) -> Iterator[Config]:
    with postgres_database() as address:
        yield Config(data=str(tmp_path / "data"), database=address, webhook_timeout_seconds=2.0)


@pytest.fixture(params=["on_sqlite", pytest.param("on_postgres", marks=pytest.mark.needs("postgres"))])
def config(request: pytest.FixtureRequest) -> Config:
    found: Config = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def office(config: Config) -> AsyncIterator[Office]:
    clock = Clock()
    store = await open_store(config, clock=clock)
    found = Office(config, store, clock)
    await found.open()
    yield found
    await found.close()
