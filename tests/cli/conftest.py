"""A sandbox server on a data directory, shared by a file's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import KEY, Foretell, running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Foretell]:
    with running(data, "--sandbox", "--port", "0", "--key", KEY) as started:
        yield started
