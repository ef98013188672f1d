"""GET /v1/models, /v1/models/{slug} and /v1/model/{slug}."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import strict
from served_api import VERSIONS, Api
from servers import until


def test_the_list_is_a_bare_array_that_a_strict_client_decodes(api_with: Callable[..., Api]) -> None:
    with api_with().client() as client:
        models = client.get("/v1/models").json()
    for each in models:
        strict.check(strict.MODEL, each)
        assert "input_schema" not in each
    assert [each["namespace"] for each in models] == [
        "FLUX.2-pro",
        "deepbrain",
        "embed",
        "lumo",
        "truefusion",
    ]
    assert {each["namespace"]: each["status"] for each in models}["lumo"] == "offline"


@pytest.mark.parametrize(
    "query", ["fields=input_schema,output_schema", "fields=input_schema&fields=output_schema"]
)
def test_schemas_come_when_asked_for(api: Api, query: str) -> None:
    with api.client() as client:
        listed = {each["namespace"]: each for each in client.get(f"/v1/models?{query}").json()}
        for body in (client.get(f"/v1/model/truefusion?{query}").json(), listed["truefusion"]):
            assert body["input_schema"]["required"] == ["prompt"]
            assert "output_schema" in body


@pytest.mark.parametrize(
    "path",
    [
        "/v1/model/truefusion",
        "/v1/models/truefusion",
        "/v1/model/skytells/truefusion",
        "/v1/models/skytells%2Ftruefusion",
        "/v1/model/TRUEFUSION",
        "/v1//model//truefusion",
        "//v1/models/truefusion/",
    ],
)
def test_a_model_is_found_however_its_address_is_written(api: Api, path: str) -> None:
    with api.client() as client:
        answer = client.get(f"{api.address}{path}")
    assert (answer.status_code, answer.history) == (200, [])
    assert answer.json()["namespace"] == "truefusion"
    strict.check(strict.MODEL, answer.json())


def test_a_model_answers_to_its_alias_under_that_name(api: Api) -> None:
    with api.client() as client:
        body = client.get("/v1/models/skytells/flux.2-pro").json()
    assert body["namespace"] == "FLUX.2-pro"
    strict.check(strict.MODEL, body)


@pytest.mark.parametrize(
    "path", ["/v1/model/nope", "/v1/models/a/b/c", "/v1/model/safety", "/v1/models/%F0%9F%A6%8A"]
)
def test_an_unknown_model_is_not_found(api: Api, path: str) -> None:
    with api.client() as client:
        strict.check_refusal(client.get(path), 404, "MODEL_NOT_FOUND")


def test_callers_with_a_bearer_key_alone_read_openais_list(api: Api) -> None:
    with api.anyone(authorization=f"Bearer {api.key}") as client:
        listed, one = client.get("/v1/models").json(), client.get("/v1/models/truefusion").json()
    assert listed["object"] == "list"
    assert one in listed["data"]
    assert one == {"id": "truefusion", "object": "model", "created": 1_700_000_000, "owned_by": "foretell"}


def test_a_newly_registered_version_is_seen_at_once(api_with: Callable[..., Api]) -> None:
    api = api_with()
    with api.client() as client:
        assert client.get("/v1/models/lumo").json()["status"] == "offline"
        lumo = next(each for each in VERSIONS if each.model == "lumo")
        api.run(api.store.register(replace(lumo, id="version-lumo-2", offline_reason=None)))
        until(
            lambda: client.get("/v1/models/lumo").json()["status"] == "operational", about="lumo", seconds=5
        )
