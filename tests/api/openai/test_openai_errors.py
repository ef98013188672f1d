"""Refusals in OpenAI's envelope: where, for whom, and in which words."""

from collections.abc import Callable

import pytest

import strict
from foretell.dialects.openai import error_envelope
from foretell.errors import Code, Error
from openai_calls import HELLO, chat, refusal
from served_api import Api

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize("code", Code)
def test_every_code_has_its_words(code: Code) -> None:
    status, body = error_envelope(Error(code, "Something is wrong."), "req_1")
    error = body["error"]
    assert (error["status"], error["message"], error["request_id"]) == (
        status,
        "Something is wrong.",
        "req_1",
    )
    assert error["type"] == "server_error" if status >= 500 else error["type"] != "server_error"
    assert error["code"].islower()


@pytest.mark.parametrize(
    ("code", "status", "kind", "word", "error_id"),
    [
        (Code.UNAUTHORIZED, 401, "authentication_error", "invalid_api_key", "UNAUTHORIZED"),
        (Code.FORBIDDEN, 403, "permission_error", "forbidden", "FORBIDDEN"),
        (Code.MODEL_NOT_FOUND, 404, "invalid_request_error", "model_not_found", "MODEL_NOT_FOUND"),
        (Code.INVALID_INPUT, 400, "invalid_request_error", "invalid_parameter", "INVALID_PARAMETER"),
        (
            Code.INPUT_TOO_LONG,
            400,
            "invalid_request_error",
            "context_length_exceeded",
            "CONTEXT_LENGTH_EXCEEDED",
        ),
        (Code.RATE_LIMITED, 429, "rate_limit_error", "rate_limit_exceeded", "RATE_LIMITED"),
        (Code.INFERENCE_FAILED, 500, "server_error", "inference_error", "INFERENCE_ERROR"),
        (Code.INFERENCE_TIMEOUT, 504, "server_error", "inference_timeout", "INFERENCE_TIMEOUT"),
    ],
)
def test_the_words_that_clients_know(code: Code, status: int, kind: str, word: str, error_id: str) -> None:
    found, body = error_envelope(Error(code, "No."), "req_1")
    error = body["error"]
    assert (found, error["type"], error["code"], error["error_id"]) == (status, kind, word, error_id)


def test_the_parameter_is_the_first_place_that_is_named() -> None:
    details = ("messages[0].content: is empty", "n: is 0")
    _, body = error_envelope(Error(Code.INVALID_INPUT, "Two problems.", details=details), "req_1")
    assert body["error"]["param"] == "messages[0].content"
    assert body["error"]["details"] == {"category": "request", "problems": list(details)}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-wrong"}, {"x-api-key": "sk-wrong"}])
def test_a_wrong_key_is_an_authentication_error(openai_api: Api, headers: dict[str, str]) -> None:
    with openai_api.anyone(**headers) as client:
        answer = client.post(CHAT, json={"model": "talker", "messages": HELLO})
    assert refusal(answer) == (401, "authentication_error", "invalid_api_key", None)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"", "invalid_request", None),
        (b"{", "invalid_request", None),
        (b"[]", "invalid_request", None),
        (b'{"model": "talker"}', "missing_required_parameter", "messages"),
        (b'{"model": 5, "messages": []}', "invalid_parameter", "model"),
        (
            b'{"model": "talker", "messages": [{"content": "x"}]}',
            "missing_required_parameter",
            "messages[0].role",
        ),
        (b'{"model": "talker", "messages": ["x"]}', "invalid_parameter", "messages[0]"),
    ],
)
def test_a_body_that_is_none_is_refused_by_its_place(
    openai_api: Api, body: bytes, code: str, param: str | None
) -> None:
    with openai_api.client() as client:
        assert refusal(client.post(CHAT, content=body)) == (400, "invalid_request_error", code, param)


def test_a_wrong_path_or_method_below_openais_routes_is_told_in_openais_words(openai_api: Api) -> None:
    with openai_api.client() as client:
        assert refusal(client.get("/v1/chat/nothing"))[2] == "endpoint_not_found"
        answer = client.get(CHAT)
        assert refusal(answer)[2] == "method_not_allowed"
        assert answer.headers["allow"] == "POST"


def test_a_body_that_is_too_large_is_refused_in_openais_words(openai_with: Callable[..., Api]) -> None:
    api = openai_with(body_bytes_max=1_000)
    with api.client() as client:
        assert refusal(client.post(CHAT, content=b"x" * 2_000))[0] == 413


def test_a_crash_is_told_in_openais_words(openai_with: Callable[..., Api]) -> None:
    api = openai_with()
    with api.client() as client:
        assert client.get("/v1/models").status_code == 200
        api.lose_the_database()
        answer = client.post(CHAT, json={"model": "talker", "messages": HELLO})
    assert refusal(answer)[1] == "server_error"
    assert "Traceback" not in answer.text


def test_where_dialects_share_a_path_the_callers_headers_decide(openai_api: Api) -> None:
    bearer = {"authorization": f"Bearer {openai_api.key}"}
    with openai_api.anyone(**bearer) as client:
        assert refusal(client.get("/v1/models/nope"))[2] == "model_not_found"
        strict.check_refusal(client.get("/v1/predictions/nope"), 404, "PREDICTION_NOT_FOUND")
    with openai_api.client(**bearer) as client:
        strict.check_refusal(client.get("/v1/models/nope"), 404, "MODEL_NOT_FOUND")


def test_a_model_that_is_offline_is_unavailable(openai_api: Api) -> None:
    with openai_api.client() as client:
        answer = client.post(CHAT, json={"model": "lumo", "messages": HELLO})
    assert refusal(answer)[:3] == (503, "server_error", "service_unavailable")


def test_clients_are_told_not_to_repeat_a_run_that_failed(openai_api: Api) -> None:
    call = chat(openai_api)
    openai_api.fail(call.begun(), "raised", "It broke.")
    assert call.ended().status == 500
    assert call.headers["x-should-retry"] == "false"
    assert call.answer()["error"]["message"] == "It broke."


def test_a_file_that_cannot_be_fetched_is_the_callers_fault(openai_api: Api) -> None:
    call = chat(openai_api)
    openai_api.fail(openai_api.take(call.predictions()[0].id), "bad_input", "image: there is nothing.")
    assert call.ended().status == 400
    assert call.answer()["error"]["param"] == "image"
