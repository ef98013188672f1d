"""The JSON examples of the public reference: its requests are accepted, and its answers' shapes are ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract import callers
from servers import Foretell

FOLDER = Path(__file__).with_name("documented")


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


@pytest.fixture
def curl(server: Foretell) -> Iterator[httpx.Client]:
    with callers.curl(server) as client:
        yield client


def differences(shown: Any, ours: Any, path: str = "") -> list[str]:
    """Where `ours` lacks something that is `shown`, or has it of another kind. It may have more."""
    if kind(shown) != kind(ours):
        return [f"{path}: {kind(shown)} is shown, {kind(ours)} is answered"]
    if isinstance(shown, dict):
        missing = [f"{path}.{name}: missing" for name in shown if name not in ours]
        both = [name for name in shown if name in ours]
        return missing + [
            each for name in both for each in differences(shown[name], ours[name], f"{path}.{name}")
        ]
    if isinstance(shown, list) and shown:
        return [each for item in ours for each in differences(shown[0], item, f"{path}[]")]
    return []


def kind(value: Any) -> str:
    """What JSON calls it, but for numbers: a whole one is an integer where an integer is shown."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize("model", ["truefusion", "truefusion-pro"])
def test_the_documented_input_is_accepted_and_kept(curl: httpx.Client, model: str) -> None:
    body = {"model": model, "input": example("input"), "await": True}
    made = curl.post("/predict", json=body).json()
    assert made["status"] == "succeeded"
    assert made["input"] | example("input") == made["input"]


def test_the_documented_request_is_accepted_at_once(curl: httpx.Client) -> None:
    request = example("create_request")
    answer = curl.post("/predict", json=request)
    made = answer.json()
    assert (answer.status_code, made["success"], made["data"]["status"]) == (200, True, "starting")
    assert made["data"]["webhook"] == request["webhook"]
    assert made["data"]["stream"] is request["stream"]
    assert made["data"]["input"]["safety_checker"] is request["safety_checker"]
    assert differences(request["input"], made["data"]["input"]) == []


def test_an_awaited_create_is_answered_as_documented(curl: httpx.Client) -> None:
    shown = example("create_answer")
    body = {"model": "truefusion", "input": shown["data"]["input"], "webhook": shown["data"]["webhook"]}
    made = curl.post("/predict", json=body | {"await": True}).json()
    assert differences(shown, made) == []
    assert made["message"] == shown["message"]
    assert (made["data"]["type"], made["data"]["source"], made["data"]["privacy"]) == (
        "inference",
        "api",
        "private",
    )
    assert made["data"]["model"] == shown["data"]["model"]


def test_a_prediction_is_shown_as_documented(curl: httpx.Client) -> None:
    shown = example("get_answer")
    body = {"model": shown["model"]["name"], "input": shown["input"], "webhook": shown["webhook"]}
    made = curl.post("/predict", json=body | {"await": True}).json()
    found = curl.get(f"/predictions/{made['id']}").json()
    assert differences(shown, found) == []
    assert found["model"] == shown["model"]
    assert found["metadata"]["storage"]["files"][0]["url"] == found["output"][0]
    ends = {
        name: address.rsplit("/v1/predictions/", 1)[1].removeprefix(found["id"])
        for name, address in found["urls"].items()
    }
    assert ends == {"get": "", "cancel": "/cancel", "stream": "/stream", "delete": "/delete"}


COMMON = {
    "prompt": "a red heart",
    "negative_prompt": "blurry",
    "steps": 20,
    "guidance": 5.0,
    "seed": 7,
    "width": 64,
    "height": 64,
    "num_outputs": 2,
    "output_format": "jpg",
    "output_quality": 90,
    "safety_checker": False,
}


@pytest.mark.parametrize("name", COMMON)
def test_each_common_input_parameter_is_taken_alone_and_checked(curl: httpx.Client, name: str) -> None:
    fields = {"prompt": "a red heart", "width": 64, "height": 64} | {name: COMMON[name]}
    made = curl.post("/predict", json={"model": "truefusion", "input": fields, "await": True}).json()
    assert (made["status"], made["input"][name]) == ("succeeded", COMMON[name])
    wrong = curl.post("/predict", json={"model": "truefusion", "input": fields | {name: {}}})
    assert (wrong.status_code, wrong.json()["error"]["error_id"]) == (422, "INVALID_INPUT")
    assert name in wrong.json()["error"]["details"]


def test_the_same_seed_draws_the_same_picture(curl: httpx.Client) -> None:
    fields = {"prompt": "a red heart", "width": 64, "height": 64, "seed": 7}
    body = {"model": "truefusion", "input": fields, "await": True}
    first, second = (
        httpx.get(curl.post("/predict", json=body).json()["output"][0]).content for _ in range(2)
    )
    assert first == second
