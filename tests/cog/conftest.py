from collections.abc import Iterator

import pytest

from cog_itself import EXAMPLES
from servers import KEY, Foretell, running


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    """A server with the example Cog directories, as they are."""
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(EXAMPLES))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        yield started
