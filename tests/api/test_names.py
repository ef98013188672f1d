"""Models under others' names: code written for those runs, and is told what really does."""

from collections.abc import Callable

import pytest

import strict
from served_api import Api


def test_a_vendor_s_name_is_a_model_that_says_what_really_runs(api: Api) -> None:
    with api.client() as client:
        body = client.get("/v1/model/skytells/Flux-Fast").json()
    strict.check(strict.MODEL, body)
    assert (body["namespace"], body["type"], body["metadata"]["alias_of"]) == (
        "flux-fast",
        "image",
        "truefusion",
    )
    assert body["metadata"]["runs"] in body["description"]
    assert "emoji" in body["metadata"]["runs"]


def test_a_prediction_keeps_the_name_it_was_asked_for_by(api: Api) -> None:
    made = api.create("flux-fast", input={"prompt": "a fox", "safety_tolerance": 2, "num_inference_steps": 7})
    assert made["model"] == {"name": "flux-fast", "type": "image"}
    assert made["input"]["steps"] == 7
    assert "safety_tolerance" not in made["input"]
    with api.client() as client:
        listed = client.get("/v1/predictions", params={"model": "flux-fast"}).json()["data"]
    assert made["id"] in [each["id"] for each in listed]


def test_inputs_that_mean_something_else_are_refused_all_the_same(api: Api) -> None:
    with api.client() as client:
        body = {
            "model": "flux-fast",
            "input": {"prompt": "a fox", "image_prompt": "https://example.com/a.png"},
        }
        answer = client.post("/v1/predict", json=body)
    assert (answer.status_code, answer.json()["error"]["error_id"]) == (422, "INVALID_INPUT")
    assert "image_prompt" in answer.json()["error"]["details"]


def test_a_model_of_that_name_wins_in_any_case(api: Api) -> None:
    with api.client() as client:
        for name in ("FLUX.2-pro", "flux.2-PRO"):
            body = client.get(f"/v1/model/{name}").json()
            assert "alias_of" not in body["metadata"]
        assert client.get("/v1/model/LUMO").json()["status"] == "offline"


def test_the_list_shows_other_names_only_when_asked(api: Api) -> None:
    with api.client() as client:
        short = {each["namespace"] for each in client.get("/v1/models").json()}
        whole = client.get("/v1/models", params={"aliases": "true"}).json()
    for each in whole:
        strict.check(strict.MODEL, each)
    names = {each["namespace"] for each in whole}
    assert short < names
    assert "text-embedding-3-large" in names - short
    assert all("runs" in each["metadata"] for each in whole if each["namespace"] not in short)


def test_an_operator_can_turn_them_off_and_give_names_of_their_own(api_with: Callable[..., Api]) -> None:
    served = api_with(vendor_names=False, names={"painter": "truefusion", "ghost": "not-there"})
    with served.client() as client:
        for name in ("flux-fast", "ghost"):
            assert client.get(f"/v1/model/{name}").json()["error"]["error_id"] == "MODEL_NOT_FOUND"
        assert client.get("/v1/model/painter").json()["metadata"]["alias_of"] == "truefusion"


@pytest.mark.parametrize("name", ["lipfusion", "beatfusion-1.0", "beatfusion-2.0"])
def test_a_name_for_what_nothing_here_can_do_stays_unknown(api: Api, name: str) -> None:
    with api.client() as client:
        assert client.get(f"/v1/model/{name}").status_code == 404
