"""A receiver of webhooks for each test."""

from collections.abc import Iterator

import pytest

from servers import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
