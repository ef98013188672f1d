"""Any route, any failure: JSON with the envelope, an id, and nothing of the inside."""

import json
import logging
import socket
from collections.abc import Callable

import pytest

import strict
from served_api import Api
from servers import until


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1", "/v2/predict", "/favicon.ico", "/v1/predictions/a/b/c", "/files/x"]
)
def test_an_unknown_path_is_named(api: Api, path: str) -> None:
    with api.client() as client:
        strict.check_refusal(client.get(path), 404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/predict", "POST"),
        ("PUT", "/v1/predictions", "GET, HEAD, POST"),
        ("POST", "/v1/predictions/x", "DELETE, GET, HEAD"),
        ("GET", "/v1/predictions/x/cancel", "POST"),
        ("PATCH", "/v1/models", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_which_are_right(api: Api, method: str, path: str, allowed: str) -> None:
    with api.client() as client:
        answer = client.request(method, path)
    strict.check_refusal(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == allowed


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_tells_its_length(
    api_with: Callable[..., Api],
) -> None:
    api = api_with(body_bytes_max=1_000)
    large = json.dumps({"model": "truefusion", "input": {"prompt": "x" * 2_000}}).encode()
    with api.client() as client:
        strict.check_refusal(client.post("/v1/predict", content=large), 413, "PAYLOAD_TOO_LARGE")
        strict.check_refusal(client.post("/v1/predict", content=iter([large])), 413, "PAYLOAD_TOO_LARGE")


def test_a_crash_is_a_json_answer_that_tells_nothing_of_the_inside(api_with: Callable[..., Api]) -> None:
    api = api_with()
    api.lose_the_database()
    with api.client() as client:
        answer = client.get("/v1/predictions")
    assert answer.status_code in {500, 503}
    strict.check(strict.ERROR, answer.json())
    assert "sqlite" not in answer.text.lower()
    assert "Traceback" not in answer.text


def test_every_answer_has_its_request_id_and_keeps_a_sound_one_of_the_callers(api: Api) -> None:
    with api.client() as client:
        first, second = client.get("/v1/models"), client.get("/v1/models")
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
        own = client.get("/v1/models", headers={"x-request-id": "my-own-id-123"})
        assert own.headers["x-request-id"] == "my-own-id-123"
        forged = client.get("/v1/models", headers={"x-request-id": "<script>alert(1)</script>"})
        assert "script" not in forged.headers["x-request-id"]


def test_a_browser_may_call_from_anywhere_by_default(api: Api) -> None:
    with api.client(origin="https://app.example.com") as client:
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-api-key,content-type",
        }
        preflight = client.options("/v1/predict", headers=asked)
        assert preflight.status_code == 200
        assert "x-api-key" in preflight.headers["access-control-allow-headers"]
        for answer in (client.get("/v1/models"), client.get("/v1/nothing")):
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "x-request-id" in answer.headers["access-control-expose-headers"]


def test_an_operator_may_name_the_origins(api_with: Callable[..., Api]) -> None:
    api = api_with(cors_origins="https://a.example, https://b.example")
    with api.client() as client:
        for origin, allowed in {"https://b.example": "https://b.example", "https://c.example": None}.items():
            answer = client.get("/v1/models", headers={"origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed


def test_bytes_that_are_not_http_do_not_stop_the_server(api: Api) -> None:
    host, port = api.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
        caller.settimeout(10)
        assert b"400" in caller.recv(1_000)
    with api.client() as client:
        assert client.get("/healthz").status_code == 200


def test_each_request_is_one_line_of_the_debug_log_and_each_prediction_one_of_the_info_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "foretell"):
        prediction = api.create()
        # The line of what an earlier test asked last may come only now.
        until(lambda: any(getattr(each, "method", "") == "POST" for each in caplog.records), about="the line")
    [request] = [each for each in caplog.records if getattr(each, "method", "") == "POST"]
    assert request.name == "foretell.api"
    assert (request.levelname, request.method, request.path) == ("DEBUG", "POST", "/v1/predictions")
    assert request.status == 200
    [accepted] = [each for each in caplog.records if each.name == "foretell.predictions.accepted"]
    assert (accepted.levelname, accepted.prediction_id) == ("INFO", prediction["id"])
    assert accepted.request_id == request.request_id
    assert api.key not in caplog.text


@pytest.mark.parametrize("path", ["/v1/predictions/%00", "/v1/files/a%00", "/files/%00/x", "/v1/models/%00"])
def test_an_address_that_no_database_takes_is_refused(either_api: Api, path: str) -> None:
    with either_api.client() as client:
        strict.check_refusal(client.get(path), 400, "INVALID_REQUEST")


def test_a_whole_number_may_be_written_with_a_fraction_of_zero(api: Api) -> None:
    with api.client() as client:
        answer = client.post("/v1/admin/accounts", content='{"name": "whole", "requests_per_minute": 30.0}')
        refused = client.post("/v1/admin/accounts", content='{"name": "half", "requests_per_minute": 30.5}')
    assert (answer.status_code, answer.json()["requests_per_minute"]) == (201, 30)
    assert refused.status_code == 400
