"""POST /v1/predict and POST /v1/predictions."""

import json
from typing import Any

import pytest

import strict
from foretell.seal import Seal
from foretell.secret import opened
from served_api import SECRET, Api

FOX = {"model": "truefusion", "input": {"prompt": "a fox"}}


def test_a_create_without_await_answers_at_once_that_it_is_starting(either_api: Api) -> None:
    with either_api.client() as client:
        answer = client.post("/v1/predict", json=FOX)
    assert answer.status_code == 200
    body = answer.json()
    strict.check(strict.PREDICTION, body["data"])
    assert body["status"] == "starting"
    assert body["output"] is None
    assert body["started_at"] is None
    assert body["model"] == {"name": "truefusion", "type": "image"}
    assert body["input"] == {"prompt": "a fox", "steps": 25, "num_outputs": 1, "safety_checker": False}


def test_predict_answers_the_bare_prediction_and_the_envelope_in_one(api: Api) -> None:
    with api.client() as client:
        body = client.post("/v1/predict", json=FOX).json()
    assert body["success"] is True
    assert body["message"] == "Prediction starting"
    assert body["data"] == {
        name: each for name, each in body.items() if name not in {"success", "message", "data"}
    }


def test_predictions_answers_the_bare_prediction(api: Api) -> None:
    body = api.create()
    assert {"success", "message", "data"}.isdisjoint(body)
    strict.check(strict.PREDICTION, body)


def test_the_urls_lead_to_the_host_that_the_caller_used(api: Api) -> None:
    body = api.create()
    for name, path in {"get": "", "cancel": "/cancel", "stream": "/stream", "delete": "/delete"}.items():
        assert body["urls"][name] == f"{api.address}/v1/predictions/{body['id']}{path}"


def test_a_public_url_replaces_the_host_in_every_address(api_with: Any) -> None:
    api = api_with(public_url="https://ai.example.com/")
    assert api.create()["urls"]["get"].startswith("https://ai.example.com/v1/predictions/")


def test_a_forged_host_header_is_not_repeated(api: Api) -> None:
    with api.client(host='evil"<script>') as client:
        body = client.post("/v1/predictions", json=FOX).json()
    assert "script" not in json.dumps(body)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("truefusion", "truefusion"),
        ("skytells/truefusion", "truefusion"),
        ("TrueFusion", "truefusion"),
        ("FLUX.2-pro", "FLUX.2-pro"),
        ("flux.2-PRO", "FLUX.2-pro"),
    ],
)
def test_a_model_is_found_by_slug_vendor_and_slug_alias_and_in_any_case(
    api: Api, asked: str, named: str
) -> None:
    assert api.create(asked)["model"] == {"name": named, "type": "image"}


@pytest.mark.parametrize("name", ["nope", "safety"])
def test_an_unknown_or_internal_model_is_not_found(api: Api, name: str) -> None:
    with api.client() as client:
        answer = client.post("/v1/predict", json=FOX | {"model": name})
    strict.check_refusal(answer, 404, "MODEL_NOT_FOUND")


def test_a_model_that_cannot_run_here_is_refused_with_the_reason(api: Api) -> None:
    with api.client() as client:
        answer = client.post("/v1/predict", json=FOX | {"model": "lumo"})
    strict.check_refusal(answer, 503, "SERVICE_UNAVAILABLE")
    assert "no build for this machine" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["model", "input"]),
        ({"model": "truefusion"}, ["input"]),
        ({"model": 5, "input": []}, ["model", "input"]),
        (FOX | {"await": "yes", "stream": 1, "wait": "no"}, ["await", "stream", "wait"]),
        (FOX | {"privacy": "secret", "gpu": 7}, ["privacy", "gpu"]),
        (FOX | {"webhook": 5}, ["webhook"]),
        (FOX | {"webhook": {"url": 5}}, ["webhook.url"]),
        (FOX | {"webhook": {"url": "https://example.com", "events": "all"}}, ["webhook.events"]),
    ],
)
def test_fields_of_the_wrong_kind_are_all_named(api: Api, body: dict[str, Any], fields: list[str]) -> None:
    with api.client() as client:
        answer = client.post("/v1/predict", json=body)
    strict.check_refusal(answer, 422, "VALIDATION_ERROR")
    assert all(f"{name}: " in answer.json()["error"]["details"] for name in fields)


def test_an_input_that_breaks_the_schema_names_every_problem_and_creates_nothing(api: Api) -> None:
    key = api.other_account()
    with api.client(key) as client:
        answer = client.post("/v1/predict", json=FOX | {"input": {"steps": 900, "promt": "x"}})
        assert client.get("/v1/predictions").json()["pagination"]["total"] == 0
    strict.check_refusal(answer, 422, "INVALID_INPUT")
    details = answer.json()["error"]["details"]
    assert "steps: 900 is more than the maximum of 50" in details
    assert "prompt: is required" in details
    assert "did you mean 'prompt'?" in details


@pytest.mark.parametrize(
    "content", [b"", b"   ", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"model": NaN}', b"[" * 100_000, b"null"]
)
def test_a_body_that_is_not_a_json_object_is_refused_as_such(api: Api, content: bytes) -> None:
    with api.client() as client:
        answer = client.post("/v1/predict", content=content, headers={"content-type": "application/json"})
    strict.check_refusal(answer, 400, "INVALID_REQUEST")


def test_unknown_keys_beside_the_input_are_ignored_and_null_means_absent(api: Api) -> None:
    extras = {"version": "1", "x": [1], "await": None, "webhook": None, "gpu": None, "privacy": None}
    assert api.create(**extras)["privacy"] == "private"


def test_the_safety_checker_beside_the_input_enters_it_where_the_model_has_one(api: Api) -> None:
    assert api.create(safety_checker=True)["input"]["safety_checker"] is True
    assert api.create(safety_check=True)["input"]["safety_checker"] is True
    inside = {"prompt": "a fox", "safety_checker": False}
    assert api.create(safety_checker=True, input=inside)["input"]["safety_checker"] is False
    assert "safety_checker" not in api.create("deepbrain", safety_checker=True)["input"]


def test_the_safety_checker_may_stand_in_the_input_under_either_name_of_any_model(api: Api) -> None:
    for word in ("safety_checker", "safety_check"):
        inside = {"prompt": "a fox", word: True}
        assert api.create(input=inside)["input"]["safety_checker"] is True
        assert api.create(input=inside, safety_checker=False)["input"]["safety_checker"] is True
        assert (
            api.create("deepbrain", input=inside)["input"]
            .keys()
            .isdisjoint(("safety_checker", "safety_check"))
        )
        open_inside = {"prompt": "a fox", word: None}
        assert api.create(input=open_inside, safety_check=True)["input"]["safety_checker"] is True


def test_words_that_contradict_each_other_are_refused(api: Api) -> None:
    with api.client() as client:
        for extra in (
            {"await": True, "wait": False},
            {"safety_checker": True, "safety_check": False},
            {"stream": True, "await": True},
            {
                "webhook": {"url": "https://example.com/", "events": ["failed"]},
                "webhook_events_filter": ["start"],
            },
        ):
            answer = client.post("/v1/predict", json=FOX | extra)
            strict.check_refusal(answer, 400, "INVALID_PARAMETER_COMBINATION")


def test_a_secret_input_is_kept_sealed_for_the_run_and_never_shown_again(api: Api) -> None:
    shown = api.create(input={"prompt": "a fox", "token": "s3cret"})
    assert shown["input"]["token"] == "**********"
    kept = api.get(shown["id"]).input
    assert kept["token"].startswith("sealed:") and "s3cret" not in kept["token"]
    assert opened(kept, ["token"], Seal(SECRET)) == {**kept, "token": "s3cret"}


def test_a_full_queue_refuses_with_503_and_a_time_to_come_back(api_with: Any) -> None:
    api = api_with(queued_max=2)
    with api.client() as client:
        answers = [client.post("/v1/predict", json=FOX) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 503]
    strict.check_refusal(answers[-1], 503, "OVERLOADED")
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_refusal_names_the_model_as_the_caller_did(api: Api) -> None:
    body = {"model": "flux.2-PRO", "input": {"prompt": "a fox"}, "stream": True, "await": True}
    with api.client() as client:
        answer = client.post("/v1/predict", json=body)
    strict.check_refusal(answer, 400, "INVALID_PARAMETER_COMBINATION")
    assert "'FLUX.2-pro'" in answer.json()["response"]
