"""Both databases, for the same tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from databases import Direct, direct_to, postgres_database
from foretell.config import Config
from foretell.store import Store, open_store
from samples import Clock

ON_POSTGRES = pytest.param("postgres", marks=pytest.mark.needs("postgres"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sqlite(tmp_path: Path) -> Config:
    return Config(data=str(tmp_path / "data"), durability="process")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Config]:
    with postgres_database() as address:
        yield Config(data=str(tmp_path / "data"), database=address)


@pytest.fixture(params=["sqlite", ON_POSTGRES])
def database(request: pytest.FixtureRequest) -> Config:
    """The settings of a fresh database of each kind."""
    found: Config = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(database: Config, clock: Clock) -> AsyncIterator[Store]:
    opened = await open_store(database, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def direct(database: Config, store: Store) -> Iterator[Direct]:
    """The database of `store`, past the store."""
    with direct_to(database) as found:
        yield found
