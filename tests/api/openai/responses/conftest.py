"""An API with models that talk, and callers of responses whose models are played by hand."""

import pytest

from responding import Talks
from served_api import Api


@pytest.fixture
def talks(api: Api) -> Talks:
    """The API that all tests share, with models that talk."""
    return Talks(api)


@pytest.fixture
def either_talks(either_api: Api) -> Talks:
    """The same on each kind of database."""
    return Talks(either_api)
