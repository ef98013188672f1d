"""What pages may weigh before outputs, measured in a browser that has nothing of them yet."""

from collections.abc import Iterator
from typing import Any

import pytest

from browser.conftest import sign_in
from browser.lived_in import Place, lived_in, member_pages, operator_pages
from browser.weighing import weigh

BYTES_MAX = 150_000
REQUESTS_MAX = 25
pytestmark = pytest.mark.needs("browser")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with lived_in(tmp_path_factory.mktemp("weighed"), count=20) as found:
        yield found


def test_every_page_stays_small_in_bytes_and_in_requests(place: Place, chromium: Any) -> None:
    context = chromium.new_context(base_url=place.server.address)
    sign_in(context.new_page())
    signed_in = context.storage_state()
    context.close()
    heavy = {}
    for name, path in (*member_pages(place).items(), *operator_pages(place).items()):
        found = weigh(chromium, signed_in, place.server.address, path)
        assert found.bytes > 10_000, name
        if found.bytes > BYTES_MAX or found.requests > REQUESTS_MAX:
            heavy[name] = (found.bytes, found.requests)
    assert heavy == {}
