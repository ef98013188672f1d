"""What the OpenAPI document says, against a real sandbox server: nothing that it allows breaks, or answers otherwise."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from servers import KEY, Foretell, running

EXAMPLES = int(os.environ.get("FORETELL_SCHEMATHESIS_EXAMPLES", "4"))
"""How many requests are made up for each operation, beside those for each of its fields and examples."""

NOWHERE = "http://127.0.0.1:9"
_ADDRESS = re.compile(r"^https?://[^/]*")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    with running(tmp_path_factory.mktemp("server"), "--sandbox", "--key", KEY, "--port", "0") as found:
        yield found


@pytest.fixture(scope="module")
def described(server: Foretell) -> Any:
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"x-api-key": KEY},
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": "FORETELL_SCHEMATHESIS_EXAMPLES" not in os.environ,
            },
            "phases": {"stateful": {"enabled": False}},
        }
    )
    return schemathesis.openapi.from_url(f"{server.address}/openapi.json", config=config)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
def test_the_server_keeps_its_word(case: Any) -> None:
    case.body = to_nowhere(case.body)
    case.call_and_validate(timeout=60)


def to_nowhere(value: Any) -> Any:
    """The same with every address leading to a closed port of this machine: tests call no strangers."""
    if isinstance(value, dict):
        return {name: to_nowhere(each) for name, each in value.items()}
    if isinstance(value, list):
        return [to_nowhere(each) for each in value]
    return _ADDRESS.sub(NOWHERE, value) if isinstance(value, str) else value
