"""APIs with models that talk, read and make vectors."""

from collections.abc import Callable, Iterator

import pytest

import openai_media
from openai_calls import VERSIONS
from served_api import Api, config_at


@pytest.fixture(scope="session")
def openai_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API for all tests that only add to it."""
    served = with_models(Api(config_at(tmp_path_factory.mktemp("openai"))))
    yield served
    served.close()


@pytest.fixture(scope="session")
def media_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One API with models of pictures and sound, for all tests that only add to it."""
    served = Api(config_at(tmp_path_factory.mktemp("media")))
    for each in openai_media.VERSIONS:
        served.run(served.store.register(each))
    yield served
    served.close()


@pytest.fixture
def openai_with(api_with: Callable[..., Api]) -> Callable[..., Api]:
    """Makes an API with settings of its own."""
    return lambda **settings: with_models(api_with(**settings))


def with_models(api: Api) -> Api:
    for each in VERSIONS:
        api.run(api.store.register(each))
    return api
