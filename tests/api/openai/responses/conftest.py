"""An API with models that talk, and callers of responses whose models are played by hand."""

import pytest

from responding import TALKERS, Talks
from served_api import Api


@pytest.fixture
def talks(api: Api) -> Talks:
    """The API that all tests share, with models that talk."""
    for each in TALKERS:
        api.run(api.store.register(each))
    return Talks(api)


@pytest.fixture
def either_talks(either_api: Api) -> Talks:
    """The same on each kind of database."""
    for each in TALKERS:
        either_api.run(either_api.store.register(each))
    return Talks(either_api)
