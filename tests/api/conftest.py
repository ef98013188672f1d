"""APIs for the tests of a folder: one they share, one with settings of its own, one on each database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from databases import postgres_database
from served_api import Api, config_at


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API for all tests that only add to it."""
    served = Api(config_at(tmp_path_factory.mktemp("api")))
    yield served
    served.close()


@pytest.fixture
def api_with(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Makes an API with settings of its own."""
    with ExitStack() as open_ones:

        def make(*, heartbeat_seconds: float = 15.0, **settings: Any) -> Api:
            served = Api(config_at(tmp_path / "data", **settings), heartbeat_seconds=heartbeat_seconds)
            open_ones.callback(served.close)
            return served

        yield make


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def either_api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    """An API on each kind of database."""
    with ExitStack() as open_ones:
        settings = {}
        if request.param == "postgres":
            settings["database"] = open_ones.enter_context(postgres_database())
        served = Api(config_at(tmp_path, **settings))
        try:
            yield served
        finally:
            served.close()
