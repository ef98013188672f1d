"""The OpenAPI document: valid, complete, and true of what is answered."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from foretell.api import app
from foretell.api.operations import operation_of
from foretell.api.reference.refusals import SAYINGS
from foretell.errors import Code
from served_api import TEXT_INPUT, Api, version

UNSAID = {Code.ENDPOINT_NOT_FOUND, Code.METHOD_NOT_ALLOWED}
"""Refusals that belong to no operation: nothing is at that path, or not under that method."""

_PARAMETER_KIND = re.compile(r":\w+")


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    with api.client() as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def check(document: dict[str, Any], schema: dict[str, Any], value: Any, about: str) -> None:
    """Fails with every place where a value does not fit a schema of the document."""
    whole = {**schema, "components": document["components"]}
    problems = [
        f"{each.instance_path}: {each.message}"
        for each in jsonschema_rs.validator_for(whole).iter_errors(value)
    ]
    assert problems == [], about


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(each) for each in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_under_v1_is_in_it_and_nothing_that_is_not_served(
    api: Api, document: dict[str, Any]
) -> None:
    routes = [each for each in app(api.services).routes if isinstance(each, Route)]
    served = {
        (f"{method} {_PARAMETER_KIND.sub('', each.path)}", operation_of(each.endpoint) is not None)
        for each in routes
        for method in (each.methods or set()) - {"HEAD"}
    }
    assert {name for name, is_said in served if not is_said and " /v1/" in name} == set()
    assert {name for name, _ in operations(document)} == {name for name, is_said in served if is_said}


def test_every_operation_has_an_id_of_its_own_a_summary_and_a_section(document: dict[str, Any]) -> None:
    found = [operation for _, operation in operations(document)]
    ids = [each["operationId"] for each in found]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", each) for each in ids)
    assert {tag for each in found for tag in each["tags"]} == {each["name"] for each in document["tags"]}
    assert [each["summary"] for each in found if each["summary"].endswith(".")] == []


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    shared = document["components"]["examples"]
    for name, operation in operations(document):
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in [each for one in contents for each in one.get("content", {}).items()]:
            media, shown = content
            for example in shown.get("examples", {}).values():
                found = shared[example["$ref"].rsplit("/", 1)[-1]] if "$ref" in example else example
                check(document, shown["schema"], found["value"], f"{name} {media}")
        for parameter in operation["parameters"]:
            if "example" in parameter:
                check(document, parameter["schema"], parameter["example"], f"{name} {parameter['name']}")


def test_every_example_within_a_schema_fits_it(document: dict[str, Any]) -> None:
    def look(schema: Any, at: str) -> None:
        if isinstance(schema, dict):
            for example in schema["examples"] if isinstance(schema.get("examples"), list) else ():
                check(document, schema, example, at)
            for name, each in schema.items():
                if name not in {"examples", "default", "enum", "const"}:
                    look(each, f"{at}/{name}")

    for name, schema in document["components"]["schemas"].items():
        look(schema, name)


def test_every_answer_has_an_example_and_every_body_too(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            shown = answer.get("content", {}).get("application/json")
            assert shown is None or shown["examples"], (name, status)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        assert body is None or body["examples"], name


def test_every_code_is_said_of_an_operation_or_belongs_to_none(api: Api, document: dict[str, Any]) -> None:
    said = {
        key
        for _, operation in operations(document)
        for answer in operation["responses"].values()
        for key in answer.get("content", {}).get("application/json", {}).get("examples", ())
    }
    words = {
        each["value"]["error"]["error_id"]: name for name, each in document["components"]["examples"].items()
    }
    assert set(SAYINGS) == set(Code)
    unsaid = {word for word, name in words.items() if not said & {name, word, f"openai.{word}"}}
    assert unsaid == {code.name for code in UNSAID}


def test_an_operation_that_needs_a_key_says_so(document: dict[str, Any]) -> None:
    found = dict(operations(document))
    assert found["POST /v1/predict"]["security"] == [{"key": ["run"]}, {"bearer": ["run"]}]
    assert found["GET /v1/keys"]["security"] == [{"key": ["manage"]}, {"bearer": ["manage"]}]
    assert {} in found["GET /v1/predictions/{id}"]["security"]
    assert found["GET /healthz"]["security"] == []
    assert "403" in found["GET /v1/admin/keys"]["responses"]
    for name, operation in found.items():
        assert ("401" in operation["responses"]) == (operation["security"] != []), name


def test_each_model_has_its_input_and_an_example_of_it(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["input.truefusion"]
    assert schema["required"] == ["prompt"]
    shown = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert shown["truefusion"]["value"]["model"] == "truefusion"
    check(document, schema, shown["truefusion"]["value"]["input"], "truefusion")
    assert "input.truefusion" in document["components"]["schemas"]["Create"]["description"]


def test_a_hidden_model_is_nowhere(api: Api) -> None:
    with httpx.Client(base_url=api.address) as client:
        pages = [client.get(each).text for each in ("/openapi.json", "/docs", "/docs/models")]
        assert [text for text in pages if "input.safety" in text or "/docs/models/safety" in text] == []
        assert client.get("/docs/models/safety").status_code == 404


def test_addresses_in_it_are_those_of_the_caller(api: Api) -> None:
    with httpx.Client(base_url=api.address) as client:
        text = client.get("/openapi.json", headers={"host": "models.example:8443"}).text
    assert '"url":"http://models.example:8443"' in text.replace(" ", "")
    assert "127.0.0.1:8900" not in text


def test_it_is_sent_once_while_it_does_not_change(api: Api) -> None:
    with httpx.Client(base_url=api.address) as client:
        first = client.get("/openapi.json")
        again = client.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_new_model_is_in_it_at_once(api_with: Callable[..., Api]) -> None:
    api = api_with()
    with httpx.Client(base_url=api.address) as client:
        assert "input.newcomer" not in client.get("/openapi.json").json()["components"]["schemas"]
        api.run(api.store.register(version("newcomer", "text", TEXT_INPUT)))
        api.app.versions.forget()
        assert "input.newcomer" in client.get("/openapi.json").json()["components"]["schemas"]
