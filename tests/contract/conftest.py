"""A sandbox server for the official client, as an application would run it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from skytells import SkytellsClient

from servers import KEY, Foretell, Receiver, running

MODELS = Path(__file__).with_name("models")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(MODELS))
    with running(tmp_path_factory.mktemp("contract"), *options) as started:
        yield started


@pytest.fixture(scope="session")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    """A server that holds one caller at a time, and for one second only."""
    settings = {"FORETELL_AWAIT_SECONDS_MAX": "1", "FORETELL_WAITING_CALLERS_MAX": "1"}
    data: Path = tmp_path_factory.mktemp("impatient")
    with running(data, "--sandbox", "--port", "0", "--key", KEY, **settings) as started:
        yield started


@pytest.fixture(scope="session")
def soft_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    """A server that gives creates without `await` a soft wait."""
    data: Path = tmp_path_factory.mktemp("soft")
    settings = {"FORETELL_DEFAULT_AWAIT_SECONDS": "30"}
    with running(data, "--sandbox", "--port", "0", "--key", KEY, **settings) as started:
        yield started


@pytest.fixture
def client(server: Foretell) -> SkytellsClient:
    return SkytellsClient(KEY, base_url=f"{server.address}/v1")


@pytest.fixture
def openai_client(server: Foretell) -> Iterator[OpenAI]:
    with OpenAI(api_key=KEY, base_url=f"{server.address}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    taking = Receiver()
    yield taking
    taking.close()
