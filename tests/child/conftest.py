from collections.abc import Iterator
from pathlib import Path

import pytest

from child.node_end import Child


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """A child for all the tests of a module: a table of cases needs no process for each."""
    with Child(tmp_path_factory.mktemp("shared")) as started:
        yield started


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """A child that has said hello to nobody yet."""
    with Child(tmp_path) as started:
        yield started
