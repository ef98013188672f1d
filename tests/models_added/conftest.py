"""A sandbox server to which models are added, shared by a file's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models_added.folders import wheels
from servers import KEY, Foretell, running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    root = tmp_path_factory.mktemp("packages")
    settings = wheels(root / "wheels") | {"FORETELL_CACHE": str(root / "cache")}
    with running(data, "--sandbox", "--port", "0", "--key", KEY, **settings) as started:
        yield started
