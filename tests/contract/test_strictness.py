"""Every object and refusal that the server can emit, as a strictly decoding client takes them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import OpenAI

import strict
from contract import callers
from servers import Foretell, until

CONTRADICTION = b'{"model": "echo", "input": {"prompt": "x"}, "await": true, "wait": false}'
SMALL = {"prompt": "a fox", "width": 64, "height": 64}
KINDS = {
    "text": str,
    "texts": list,
    "file": list,
    "files": list,
    "number": list,
    "vector": list,
    "object": list,
    "text and file": list,
}
"""Each kind of output and what a client decodes it as: everything but text becomes addresses."""


@pytest.fixture(params=["swift", "curl"])
def caller(server: Foretell, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with getattr(callers, request.param)(server) as client:
        yield client


def made(caller: httpx.Client, model: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = caller.post("/predictions", json={"model": model, "input": values} | more)
    body: dict[str, Any] = strict.success(answer, strict.PREDICTION)
    return body


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("echo", {"prompt": "x"}),
        ("fail", {"after_seconds": 0.2}),
        ("slow", {"seconds": 0.3}),
        ("picture", SMALL),
        ("clip", {"prompt": "a fox"}),
        ("speech", {"prompt": "hello"}),
        ("embed", {"text": "hello"}),
        ("deepbrain", {"prompt": "hello"}),
    ],
)
def test_a_prediction_is_decoded_in_every_state_it_passes(
    caller: httpx.Client, model: str, values: dict[str, Any]
) -> None:
    seen = made(caller, model, values)
    while seen["completed_at"] is None:
        seen = strict.success(caller.get(f"/predictions/{seen['id']}"), strict.PREDICTION)
    assert (seen["status"] == "failed") == (model == "fail")


@pytest.mark.parametrize(("kind", "decoded"), KINDS.items())
def test_an_output_of_every_kind_is_decoded(caller: httpx.Client, kind: str, decoded: type) -> None:
    ended = made(caller, "anything", {"kind": kind}, **{"await": True})
    assert isinstance(ended["output"], decoded)
    if decoded is list and kind != "texts":
        assert all(httpx.get(address).status_code == 200 for address in ended["output"])


def test_a_run_that_gives_nothing_is_decoded(caller: httpx.Client) -> None:
    assert made(caller, "anything", {"kind": "nothing"}, **{"await": True})["status"] == "succeeded"


def test_a_create_is_decoded_in_its_envelope(caller: httpx.Client) -> None:
    body = {"model": "echo", "input": {"prompt": "x"}}
    for more in ({}, {"await": True}, {"privacy": "public"}, {"stream": True}, {"webhook": None}):
        strict.success(caller.post("/predict", json=body | more), strict.CREATED)


def test_a_canceled_and_a_deleted_prediction_are_decoded(caller: httpx.Client) -> None:
    running, waiting = (made(caller, "slow", {"seconds": 600}) for _ in range(2))
    until(lambda: caller.get(f"/predictions/{running['id']}").json()["started_at"], about="the run")
    for each in (waiting, running):
        strict.success(caller.post(f"/predictions/{each['id']}/cancel"), strict.CHANGED)
        strict.success(caller.get(f"/predictions/{each['id']}"), strict.PREDICTION)
        strict.success(caller.delete(f"/predictions/{each['id']}/delete"), strict.CHANGED)
        strict.check_refusal(caller.get(f"/predictions/{each['id']}"), 404, "PREDICTION_NOT_FOUND")


def test_a_strangers_view_of_a_public_prediction_is_decoded(server: Foretell, caller: httpx.Client) -> None:
    webhook = {"url": "https://example.com/hook", "events": ["failed"]}
    shown = made(caller, "picture", SMALL, privacy="public", webhook=webhook, **{"await": True})
    seen = strict.success(httpx.get(f"{server.address}/v1/predictions/{shown['id']}"), strict.PREDICTION)
    assert (seen["privacy"], seen["webhook"]) == ("public", {"url": None, "events": []})


def test_every_list_and_page_of_predictions_is_decoded(caller: httpx.Client) -> None:
    made(caller, "echo", {"prompt": "x"}, **{"await": True})
    for query in ("", "?per_page=50", "?page=999", "?model=echo&status=succeeded", "?status=canceled"):
        strict.success(caller.get(f"/predictions{query}"), strict.LIST)


def test_what_openais_routes_create_is_decoded_as_predictions(
    caller: httpx.Client, openai_client: OpenAI
) -> None:
    chat, words = "deepbrain-router", {"role": "user", "content": "Hello"}
    openai_client.chat.completions.create(model=chat, messages=[words], n=2)
    openai_client.chat.completions.create(model=chat, messages=[words], max_tokens=1)
    openai_client.responses.create(model=chat, input="Hello")
    openai_client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    openai_client.images.generate(model="dall-e-3", prompt="a fox", size="256x256")
    said = openai_client.audio.speech.create(model="tts-1", voice="alloy", input="hello").content
    openai_client.audio.transcriptions.create(model="whisper-1", file=("said.mp3", said))
    openai_client.moderations.create(input="Hello")
    page = strict.success(caller.get("/predictions?per_page=9"), strict.LIST)["data"]
    types = {each["model"]["name"]: each["model"]["type"] for each in page}
    assert (
        types.items()
        >= {chat: "text", "text-embedding-3-small": "text", "dall-e-3": "image", "tts-1": "audio"}.items()
    )
    for each in page:
        strict.success(caller.get(f"/predictions/{each['id']}"), strict.PREDICTION)


@pytest.mark.parametrize("fields", [[], ["input_schema"], ["input_schema", "output_schema"]])
def test_every_model_is_decoded_with_and_without_its_schemas(caller: httpx.Client, fields: list[str]) -> None:
    query = {"fields": ",".join(fields)} if fields else {}
    model = strict.model(*fields)
    for each in caller.get("/models", params=query).json():
        strict.check(model, each)
        strict.success(caller.get(f"/models/{each['namespace']}", params=query), model)


REFUSED = [
    ("POST", "/predict", b"{not json", 400, "INVALID_REQUEST"),
    ("POST", "/predict", b"[]", 400, "INVALID_REQUEST"),
    ("POST", "/predict", b"\xff\xfe", 400, "INVALID_REQUEST"),
    ("POST", "/predict", b"", 400, "INVALID_REQUEST"),
    ("POST", "/predict", b"x" * (11 * 1024**2), 413, "PAYLOAD_TOO_LARGE"),
    ("POST", "/predict", b'{"model": "truefusion"}', 422, "VALIDATION_ERROR"),
    ("POST", "/predict", b'{"input": {}}', 422, "VALIDATION_ERROR"),
    ("POST", "/predict", b'{"model": "truefusion", "input": {"width": "wide"}}', 422, "INVALID_INPUT"),
    ("POST", "/predict", b'{"model": "nope", "input": {}}', 404, "MODEL_NOT_FOUND"),
    ("POST", "/predictions", CONTRADICTION, 400, "INVALID_PARAMETER_COMBINATION"),
    ("GET", "/nothing/here", b"", 404, "ENDPOINT_NOT_FOUND"),
    ("PUT", "/predict", b"{}", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/predictions?per_page=51", b"", 400, "INVALID_PARAMETER"),
    ("GET", "/predictions?per_page=0", b"", 400, "INVALID_PARAMETER"),
    ("GET", "/predictions?page=0", b"", 400, "INVALID_PARAMETER"),
    ("GET", "/predictions?status=done", b"", 400, "INVALID_PARAMETER"),
    ("GET", "/predictions?from=2026-13-01", b"", 400, "INVALID_DATE_FORMAT"),
    ("GET", "/predictions?from=2026-02-02&to=2026-02-01", b"", 400, "INVALID_DATE_RANGE"),
    ("GET", "/predictions?page=1&page=2", b"", 400, "INVALID_PARAMETER_COMBINATION"),
    ("GET", "/predictions?model=nope", b"", 404, "MODEL_NOT_FOUND"),
    ("GET", "/predictions/unknown", b"", 404, "PREDICTION_NOT_FOUND"),
    ("GET", "/predictions/unknown/stream", b"", 404, "PREDICTION_NOT_FOUND"),
    ("POST", "/predictions/unknown/cancel", b"", 404, "PREDICTION_NOT_FOUND"),
    ("DELETE", "/predictions/unknown", b"", 404, "PREDICTION_NOT_FOUND"),
    ("DELETE", "/predictions/unknown/delete", b"", 404, "PREDICTION_NOT_FOUND"),
    ("GET", "/models/unknown", b"", 404, "MODEL_NOT_FOUND"),
    ("GET", "/model/a/b/c", b"", 404, "MODEL_NOT_FOUND"),
    ("GET", "/files/unknown", b"", 404, "FILE_NOT_FOUND"),
    ("DELETE", "/files/unknown", b"", 404, "FILE_NOT_FOUND"),
    ("POST", "/files", b"", 400, "INVALID_REQUEST"),
    ("GET", "/admin/nothing", b"", 404, "ENDPOINT_NOT_FOUND"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "error_id"), REFUSED)
def test_any_failure_is_json_in_the_envelope(
    caller: httpx.Client, method: str, path: str, body: bytes, status: int, error_id: str
) -> None:
    strict.check_refusal(caller.request(method, path, content=body), status, error_id)


def test_an_end_that_cannot_be_canceled_is_a_conflict(caller: httpx.Client) -> None:
    ended = made(caller, "echo", {"prompt": "x"}, **{"await": True})
    answer = caller.post(f"/predictions/{ended['id']}/cancel")
    strict.check_refusal(answer, 409, "INVALID_REQUEST")
