from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.places import Place, place


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def here(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Place]:
    """A started node with short graces."""
    async with place(tmp_path) as found:
        yield found
