"""Bodies that are nested deeper than anybody means them."""

import json
from typing import Any

import pytest

import strict
from foretell.api.requests import DEPTH_MAX
from served_api import Api


def nested(levels: int) -> Any:
    value: Any = "x"
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


@pytest.mark.parametrize("levels", [DEPTH_MAX, 900, 100_000])
def test_a_body_that_is_nested_too_deeply_is_refused(api: Api, levels: int) -> None:
    body = b'{"model": "truefusion", "input": {"prompt": ' + b"[" * levels + b"]" * levels + b"}}"
    with api.client() as client:
        answer = client.post("/v1/predict", content=body)
    strict.check_refusal(answer, 400, "INVALID_REQUEST")
    assert "nested too deeply" in answer.json()["error"]["message"]


def test_depth_is_not_size(api: Api) -> None:
    """Many brackets beside each other are no depth, nor are those within a text."""
    body = {"model": "truefusion", "input": {"prompt": "[{" * 10_000}, "metadata": {"a": [[]] * 5_000}}
    with api.client() as client:
        assert client.post("/v1/predictions", content=json.dumps(body)).status_code == 200


def test_what_is_nested_as_deep_as_is_allowed_is_understood(api: Api) -> None:
    body = {"model": "truefusion", "input": {"prompt": "a fox"}, "metadata": nested(DEPTH_MAX - 2)}
    with api.client() as client:
        assert client.post("/v1/predictions", json=body).status_code == 200
